import * as z from 'zod';

import { duration } from './duration.ts';
import { id } from './field.ts';
import type { Problems } from './problem.ts';
import { providerFields } from './provider-fields.ts';
import { urlProblems } from './url-problems.ts';

/** Hosts that share their keys. A target is the id of one: tags of a secret pick ids, never hosts. */
const group = z.strictObject({
  tag: z
    .strictObject({
      key: z.string().regex(/^(?!aws:)[\w.:/=+@-]{1,128}$/, 'the key of a tag'),
      values: z
        .array(z.string().regex(/^[\w .:/=+@-]{1,256}$/, 'the value of a tag'))
        .nonempty()
        .max(50),
    })
    .meta({ description: 'The managed instances that bear it are the hosts of the group' }),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'the name of a user on the hosts')
    .meta({ description: 'Who logs in with the key' }),
  file: z
    .string()
    .regex(
      /^(?!.*\/\.{1,2}(?:\/|$))(?:~\/|\/[\w.-]+\/)[\w.-]+(?:\/[\w.-]+)*$/,
      'an absolute path, or one that begins with ~/',
    )
    .default('~/.ssh/authorized_keys')
    .meta({ description: 'The AuthorizedKeysFile of that user; ~/ is the home of the user' }),
  login: z.boolean().default(true).meta({
    description: 'Try keys by a login. false: no way leads to the hosts, so policies need verification controlPlane',
  }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({ description: "Of sshd; as the host's sshd_config says unless given" }),
  hostKeys: z
    .array(
      z
        .string()
        .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+={0,2}$/, 'type and key of a host key'),
    )
    .default([])
    .meta({ description: 'Host keys to expect at a login; those that each host tells over SSM unless given' }),
  offline: z.enum(['wait', 'skip']).default('wait').meta({
    description:
      'wait: a new key becomes current when every managed host has it. skip: when every host that can be reached has it. An old key ends in either case only when each host was seen without it',
  }),
  requiredShare: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'With skip: so many hosts in a hundred have to have it' }),
});
export type SshGroup = z.output<typeof group>;

export const ssh = z
  .strictObject({
    kind: z.literal('ssh'),
    groups: z.record(id, group),
    ssmUrl: z.url().optional().meta({ description: "Of Systems Manager; the Region's unless given" }),
    ...providerFields,
    propagation: duration
      .prefault('10s')
      .meta({ description: 'sshd needs no longer to accept a new key; it reads the file at each login' }),
    revocation: duration.prefault('10s').meta({
      description: 'sshd accepts no login with a removed key for longer. Sessions that are open stay open',
    }),
  })
  .transform((given) => ({ ...given, usage: undefined }));
export type SshConfig = z.output<typeof ssh>;

/** What the schema cannot say of one. */
export function* checkSsh(at: string, config: SshConfig): Problems {
  const { groups, adminSecret, retireSecret, ssmUrl, allowHttp } = config;
  if (ssmUrl !== undefined) yield* urlProblems(`${at}.ssmUrl`, ssmUrl, allowHttp);
  if (Object.keys(groups).length === 0)
    yield { field: `${at}.groups`, message: 'is empty: there is no host to log in to' };
  for (const [field, secret] of Object.entries({ adminSecret, retireSecret })) {
    if (secret !== undefined)
      yield { field: `${at}.${field}`, message: 'is of no use: SSM knows the functions by their roles' };
  }
  const places = new Map<string, string>();
  for (const [name, { tag, user, file }] of Object.entries(groups)) {
    for (const value of tag.values) {
      const place = JSON.stringify([tag.key, value, user, file]);
      const other = places.get(place);
      if (other !== undefined)
        yield { field: `${at}.groups.${name}`, message: `is the same file of the same hosts as ${other}` };
      places.set(place, name);
    }
  }
}

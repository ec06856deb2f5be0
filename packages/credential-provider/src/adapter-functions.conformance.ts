import { formatMark, markOf } from '@keyturn/rotation/mark';
import { describe, expect, test } from 'vitest';

import { replySchema } from './wire-reply.ts';
import type { Serve } from './serve-provider.ts';

/** The two functions of an adapter as Lambda would invoke them; each answers JSON. */
export type AdapterFunctions = {
  readonly issue: Serve;
  readonly retire: Serve;
  /** One that exists. */
  readonly target: string;
  close(): Promise<void>;
};

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const mark = formatMark(markOf(arn, '00000000-0000-4000-8000-000000000001', 'test'));
const credential = { keyId: 'a-key-that-nobody-made', secret: 'a-secret-that-nobody-made' };
const issuing = ['describe', 'locate', 'propose', 'ensure', 'mark', 'check'] as const;
const retiring = ['disable', 'enable', 'remove'] as const;

/** What docs/adapter-protocol.md asks of requests and answers, beside what `testCredentialProvider` finds out through them. */
export function testAdapterFunctions(name: string, setUp: () => Promise<AdapterFunctions>): void {
  describe(`the functions of ${name}`, () => {
    const ask = test.extend('functions', async ({ onTestFinished }) => {
      const functions = await setUp();
      onTestFinished(() => functions.close());
      return functions;
    });
    const requests = (target: string): Readonly<Record<string, object>> => ({
      describe: {},
      locate: { credential },
      propose: { target, mark },
      ensure: { target, credential, like: null, entitlements: [], mark, approve: false },
      mark: { target, keyId: credential.keyId, mark },
      check: { target, credential, probe: 'none', times: 1 },
      list: { target },
      disable: { target, keyId: credential.keyId, mark },
      enable: { target, keyId: credential.keyId, mark },
      remove: { target, keyId: credential.keyId, mark },
    });
    const request = (target: string, operation: string) => ({ version: 1, operation, ...requests(target)[operation] });

    ask('answer in version 1, whatever else a request holds', async ({ functions: { issue, retire, target } }) => {
      const answers = [
        await issue({ ...request(target, 'describe'), comment: null, later: { things: [1] } }),
        await issue({ ...request(target, 'check'), usage: false, later: 'thing' }),
        await issue({ ...request(target, 'propose'), like: null, entitlements: null }),
        await retire({ ...request(target, 'disable'), later: 1 }),
      ];

      for (const answer of answers) expect(replySchema.parse(answer)).toMatchObject({ version: 1, ok: true });
    });

    ask('refuse another version, by its field', async ({ functions: { issue, retire, target } }) => {
      for (const version of [0, 2, 1.5]) {
        expect(refusalOf(await issue({ ...request(target, 'describe'), version }))).toEqual(['unsupported', 'version']);
        expect(refusalOf(await retire({ ...request(target, 'list'), version }))).toEqual(['unsupported', 'version']);
      }
    });

    ask('serve what they are for, and none what the other is for', async ({ functions: { issue, retire, target } }) => {
      for (const operation of ['destroy', ...retiring]) {
        expect(refusalOf(await issue(request(target, operation)))).toEqual(['unsupported', 'operation']);
      }
      for (const operation of ['destroy', ...issuing]) {
        expect(refusalOf(await retire({ ...request(target, operation) }))).toEqual(['unsupported', 'operation']);
      }
    });

    for (const operation of [...issuing, 'list', ...retiring]) {
      const wanted = Object.entries(requests('')[operation] ?? {}).flatMap(([field, value]) =>
        value === null ? [] : [field],
      );
      for (const field of wanted) {
        ask(`refuse ${operation} without ${field}, or with something else there`, async ({ functions }) => {
          const { target } = functions;
          const serve = (retiring as readonly string[]).includes(operation) ? functions.retire : functions.issue;
          const whole = request(target, operation);

          for (const wrong of [undefined, null, { not: 'this' }]) {
            const named = JSON.parse(JSON.stringify({ ...whole, [field]: wrong })) as unknown;
            expect(refusalOf(await serve(named))).toEqual(['malformed', expect.stringMatching(`^${field}(\\.|$)`)]);
          }
        });
      }
    }

    ask('refuse what is no request', async ({ functions: { issue } }) => {
      for (const nothing of [{}, { version: 1 }, { operation: 'describe' }]) {
        expect(replySchema.parse(await issue(nothing))).toMatchObject({ ok: false, error: { reason: 'malformed' } });
      }
    });
  });
}

/** Reason and field. */
function refusalOf(answer: unknown): readonly unknown[] {
  const reply = replySchema.parse(answer);
  return reply.ok || reply.error.kind !== 'permanent' ? [] : [reply.error.reason, reply.error.field];
}

import type { SecretReader } from '@keyturn/aws/secret-store';
import type { NetworkConfig } from '@keyturn/config/network-config';
import { networkAgents, type NetworkAgents } from '@keyturn/http/network-agents';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

type Options = {
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Where the network stands in the configuration, such as `network`. */
  readonly field: string;
};

/** The way out that the configuration describes: proxy, its credentials, certificates. One for a function, so that connections are shared. */
export function configuredNetwork(network: NetworkConfig, { secrets, field }: Options): NetworkAgents {
  const { proxy, noProxy, proxySecret, caBundle } = network;
  if (proxy === undefined) return networkAgents({ caBundle });
  const authorize =
    proxySecret === undefined ? undefined : proxyAuthorization({ secrets, proxySecret, field: `${field}.proxySecret` });
  return networkAgents({ caBundle, proxy: { url: new URL(proxy), noProxy, authorize, field } });
}

type Credentials = {
  readonly secrets: Pick<SecretReader, 'value'>;
  readonly proxySecret: string;
  readonly field: string;
};

// Read when the proxy is needed first, and again where it refuses what was read.
function proxyAuthorization(options: Credentials): (refused?: Hidden) => Promise<Hidden> {
  let known: Promise<Hidden> | undefined;
  const read = () => {
    const reading = readCredentials(options);
    known = reading;
    // What could not be read is tried again by the next call.
    reading.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading;
  };
  return async (refused) => {
    const before = await (known ?? read());
    return before === refused ? read() : before;
  };
}

// RFC 7617: a colon ends the username.
const credentials = z.object({
  username: z.string().regex(/^[^:\p{Cc}]+$/u),
  password: z.string().regex(/^\P{Cc}*$/u),
});

async function readCredentials({ secrets, proxySecret, field }: Credentials): Promise<Hidden> {
  const version = await secrets.value(proxySecret, { stage: 'AWSCURRENT' }).catch((error: unknown) => {
    if (!(error instanceof PermanentError)) throw error;
    throw new PermanentError(error.reason, error.message, { field, cause: error });
  });
  if (version === undefined) throw new PermanentError('secret-missing', "The proxy's secret holds nothing", { field });
  const parsed = credentials.safeParse(jsonOf(version)?.value);
  if (!parsed.success) {
    throw new PermanentError('misconfigured', 'The proxy\'s secret is not {"username","password"}', { field });
  }
  const { username, password } = parsed.data;
  return hidden(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
}

import { X509Certificate } from 'node:crypto';

import type { Config } from './config.ts';
import { ownProviders } from './own-providers.ts';
import type { Problem } from './problem.ts';

const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is wrong with certificates in PEM form, without a word of them: people paste keys. undefined: nothing. */
export function bundleProblem(pem: string): string | undefined {
  const blocks = pem.match(block) ?? [];
  const rest = pem.replaceAll(block, '');
  if (rest.includes('PRIVATE KEY')) return 'holds a private key, which nobody needs here: take it out and replace it';
  if (rest.includes('-----')) return 'holds something else than certificates in PEM form';
  if (blocks.length === 0) return 'holds no certificate in PEM form';
  const unreadable = blocks.findIndex((one) => certificate(one) === undefined);
  return unreadable === -1 ? undefined : `certificate ${unreadable + 1} of ${blocks.length} cannot be read`;
}

/**
 * Bundles of which nothing is valid any more, with what ended when. Not part of the check of a configuration: a function that starts on the day
 * after must not refuse to start. `now` in milliseconds since 1970.
 */
export function* expiredBundles({ providers, notifications }: Config, now: number): Iterable<Problem> {
  const bundles = [
    ...ownProviders({ providers }).map(([id, { network }]) => [`providers.${id}.network`, network.caBundle] as const),
    ['notifications.network', notifications.network.caBundle] as const,
  ];
  for (const [at, pem = ''] of bundles) {
    const ends = (pem.match(block) ?? []).map((one) => certificate(one)?.validToDate.getTime() ?? 0);
    if (ends.length === 0 || ends.some((end) => end > now)) continue;
    const ended = ends.map((end, index) => `certificate ${index + 1} on ${new Date(end).toISOString().slice(0, 10)}`);
    yield { field: `${at}.caBundle`, message: `has expired: ${ended.join(', ')}` };
  }
}

function certificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

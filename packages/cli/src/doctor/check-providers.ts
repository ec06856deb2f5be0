import type { ProviderConfig } from '@keyturn/config/config';
import { brokenPromises } from '@keyturn/credential-provider/broken-promises';
import type { Capabilities } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from '../command.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

const page = 'docs/write-an-adapter.md';

/** Whether each adapter answers, in our language, and keeps what the platform relies on. */
export const checkProviders: Check = async (deps) => {
  const findings: Finding[] = [];
  for (const [id, provider] of Object.entries(deps.config.providers)) {
    const one = { id, provider, about: `provider ${id}` };
    findings.push(...(await asked(one, 'issue', () => checkIssue(one, deps))));
    if (provider.kind === 'custom') findings.push(...(await asked(one, 'retire', () => checkRetire(one, deps))));
  }
  return findings;
};

type Provider = { readonly id: string; readonly provider: ProviderConfig; readonly about: string };

function asked(
  { id, about, provider }: Provider,
  duty: 'issue' | 'retire',
  question: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  return ask(about, `lambda:InvokeFunction on its ${duty} function`, async () => {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      if (error.field === 'functionName' && error.reason === 'misconfigured') {
        const todo =
          provider.kind === 'custom'
            ? `Deploy it, or correct providers.${id}.functions.${duty}: ${page}.`
            : 'Deploy the stage again.';
        return [problem(about, error.message, todo)];
      }
      if (error.field === 'version') {
        const text = `its ${duty} function speaks another version of the protocol`;
        return [problem(about, text, 'Deploy one that speaks version 1: docs/adapter-protocol.md.')];
      }
      if (error.reason !== 'provider-answer') throw error;
      const text = `its ${duty} function answers what the protocol does not know (${error.field})`;
      return [problem(about, text, `The conformance suite finds such a thing before it is deployed: ${page}.`)];
    }
  });
}

async function checkIssue({ id, provider, about }: Provider, { issue }: Deps): Promise<readonly Finding[]> {
  const capabilities = await issue(id).describe();
  const { overlap, clientSuppliedKey } = capabilities;
  const bounds = { propagationMs: provider.propagation, revocationMs: provider.revocation };
  const broken = [...brokenPromises(capabilities, bounds)].map(({ field, message }) =>
    problem(about, `${message} (${field})`, 'Secrets of this provider are not rotated until that is mended.'),
  );
  if (broken.length > 0) return broken;
  const keys = clientSuppliedKey ? 'keys that Keyturn chooses' : 'keys that the provider chooses';
  return [ok(about, `its adapter answers: ${keys}, overlap ${overlap}`), ...weaknesses(about, capabilities)];
}

function weaknesses(about: string, capabilities: Capabilities): readonly Finding[] {
  const { mark, listOwned, reversibleDisable, expiryOnCreate, overlap } = capabilities;
  const told: readonly (readonly [boolean, string, string])[] = [
    [
      !mark || !listOwned,
      'a key that got lost, or that two secrets share, is not found',
      'Look through its keys yourself now and then.',
    ],
    [
      overlap === 'none',
      'it ends the old key when it makes a new one: requests fail in every rotation',
      'Only a policy with acceptOutage rotates its secrets; see whether the provider has a way to hold two keys.',
    ],
    [
      !reversibleDisable && overlap !== 'none',
      'a key that is switched off stays off: its soak undoes nothing, and a rollback after the grace fails',
      'Give its policies a long grace, or retirement: approve.',
    ],
    [
      expiryOnCreate,
      'its keys expire by themselves: a rotation that is late long enough is an outage',
      'Rotate several times within the life of a key, and mind RotationOverdue.',
    ],
  ];
  return told.flatMap(([so, text, todo]) => (so ? [warning(about, text, todo)] : []));
}

// No target has an empty name, so that nothing is looked at; who cannot list says that instead.
async function checkRetire({ id, about }: Provider, { retire }: Deps): Promise<readonly Finding[]> {
  try {
    await retire(id).list({ target: '' });
  } catch (error) {
    const refused = error instanceof PermanentError && error.field !== 'version' && error.field !== 'operation';
    if (refused && ['misconfigured', 'unsupported'].includes(error.reason) && error.field !== 'functionName') {
      return [ok(about, 'its retire function answers')];
    }
    throw error;
  }
  return [problem(about, 'its retire function finds keys in a target without a name', 'Have it refuse such a target.')];
}

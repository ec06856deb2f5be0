import { secretNameOf } from '@keyturn/aws/secret-name';
import { formatDuration } from '@keyturn/config/duration';
import { refuseKeyOfAnother } from '@keyturn/config/key-holders';
import { outageWindow } from '@keyturn/config/outage-window';
import { listSuperseded } from '@keyturn/aws/supersession';
import { isProvenByValue, proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import { fingerprint, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { markOf, parseMark } from '@keyturn/rotation/mark';
import { vetSecret } from '@keyturn/rotation/shape';

import { secretArgument } from './arguments.ts';
import type { Command, Deps } from './command.ts';
import { describePolicy } from './describe-policy.ts';
import { whyHeld } from './held-key.ts';
import { liveSecret, type LiveSecret } from './live-secret.ts';
import { isoOrNull, moment } from './moments.ts';
import { describeReader, readerWords } from './reader-words.ts';

type Finding = { readonly reason: string; readonly field: string | null; readonly message: string };

export const plan: Command = {
  name: 'plan',
  summary: 'What the next rotation would do, and whether it would be refused',
  usage: '<secret>',
  details: 'Reads and probes, changes nothing. Exit code 1 if the next rotation would be refused.',
  options: {},
  async run(call, deps) {
    const live = await liveSecret(secretArgument(call), deps);
    const { description, secret, credential } = live;
    const findings = await findObstacles(live, deps);
    const nextAt = description.rotation.nextAt;
    const held = await heldKeys(live, deps);
    const readers = await readerWords(description, deps);
    return {
      ok: findings.length === 0,
      lines: [
        `${description.name}: next rotation ${moment(nextAt)}`,
        `  current key  ${credential === undefined ? 'none' : fingerprint(credential.keyId)} of ${secret.target}`,
        ...describePolicy(secret),
        ...(nextAt === undefined ? [] : [describeCutover(secret, nextAt)]),
        ...held.map(({ versionId, why }) => `  held         the key of version ${versionId}: ${why}`),
        ...readers.map(describeReader),
        findings.length === 0 ? 'Nothing stands against it.' : 'It would be refused:',
        ...findings.flatMap(describeFinding),
      ],
      answer: {
        secret: description.name,
        nextRotationAt: isoOrNull(nextAt),
        graceMs: secret.policy.graceMs,
        soakMs: secret.policy.soakMs,
        holdOffMs: secret.policy.holdOffMs,
        verification: secret.policy.verification,
        deletion: secret.policy.deletion,
        unusedForMs: secret.policy.unusedForMs ?? null,
        maxGraceMs: secret.policy.maxGraceMs,
        afterMaxGrace: secret.policy.afterMaxGrace,
        held,
        readers,
        wouldBeRefused: findings,
      },
    };
  },
};

function describeCutover({ policy }: LiveSecret['secret'], nextAt: number): string {
  if (!policy.acceptOutage) {
    return `  a rotation on ${moment(nextAt)} lets the present key work until ${moment(nextAt + policy.graceMs)}`;
  }
  const window = outageWindow(policy, nextAt);
  const between = window === undefined ? '' : `, begun between ${moment(window.from)} and ${moment(window.until)}`;
  const follow = formatDuration(policy.graceMs);
  return `  ! requests fail in the rotation${between}: from the moment in which the new key is made until every reader has it, up to ${follow} later`;
}

// What is to be added to the configuration stands on lines of its own.
function describeFinding({ message, field }: Finding): string[] {
  const [first = '', ...more] = message.split('\n');
  return [`  ! ${first}${field === null ? '' : ` (${field})`}`, ...more.map((line) => `    ${line}`)];
}

async function heldKeys({ description: { arn, name } }: LiveSecret, { ledger }: Deps) {
  return (await listSuperseded(ledger, arn)).flatMap(({ value }) => {
    const why = value.stage === 'retired' ? undefined : whyHeld(value, name);
    return why === undefined ? [] : [{ versionId: value.versionId, reason: value.held?.reason ?? null, why }];
  });
}

async function findObstacles(live: LiveSecret, deps: Deps): Promise<Finding[]> {
  const { description, credential } = live;
  const findings: Finding[] = [];
  if (!description.rotation.enabled) {
    findings.push({ reason: 'not-ours', field: 'RotationEnabled', message: 'Rotation is switched off' });
  }
  if (credential === undefined && live.secret.policy.entitlements.length === 0) {
    findings.push({
      reason: 'misconfigured',
      field: `policies.${live.secret.policy.id}.entitlements`,
      message: 'The secret is empty, and the policy does not say what its first key is entitled to',
    });
  }
  for (const prove of [
    () => vetSecret(live.secret.shape, live.version),
    () => credential && proveUsable(live, credential, deps),
  ]) {
    try {
      await prove();
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      findings.push({ reason: error.reason, field: error.field ?? null, message: error.message });
    }
  }
  return findings;
}

async function proveUsable({ secret, version }: LiveSecret, credential: Credential, deps: Deps): Promise<void> {
  const { probe } = secret.policy;
  const { target } = secret;
  const check = await deps.issue(secret.provider.id).check({ target, credential, probe, times: 1 });
  const mark = markOf(secret.arn, version.versionId, secret.environment);
  const other = check.key.state === 'absent' || check.key.mark === undefined ? undefined : parseMark(check.key.mark);
  if (other !== undefined && other.installation === mark.installation && other.secretHash !== mark.secretHash) {
    throw new PermanentError('shared-key', `The key belongs to ${await secretNameOf(other.secretHash, deps.ledger)}`);
  }
  proveOwnership({ check, mark });
  if (isProvenByValue(await deps.issue(secret.provider.id).describe())) {
    await refuseKeyOfAnother(credential, { secretArn: secret.arn, target }, deps.secrets);
  }
  if (check.use.outcome === 'rejected') {
    throw new PermanentError('key-rejected', `The present key is refused in use: ${check.use.code}`);
  }
  if (check.use.outcome === 'no-probe') {
    throw new PermanentError('misconfigured', 'No probe fits the key', {
      field: `providers.${secret.provider.id}.probes`,
    });
  }
}

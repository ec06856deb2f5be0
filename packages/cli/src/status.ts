import { readAnnouncement } from '@keyturn/aws/announcement';
import { harms, readBreaker } from '@keyturn/aws/breaker';
import type { Ledger } from '@keyturn/aws/ledger';
import { listFailures } from '@keyturn/aws/rotation-failure';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { atOnce, listSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { managedSecret, tagNames } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Command, Deps } from './command.ts';
import { isProblem, whyHeld } from './held-key.ts';
import { labelled } from './live-secret.ts';
import { isoOrNull, moment } from './moments.ts';
import { describeReader, readerWords } from './reader-words.ts';

export const status: Command = {
  name: 'status',
  summary: 'Every managed secret: what is current, what waits to be retired, what is wrong',
  usage: '[<secret>]',
  details: 'Without a secret: all that bear the tag keyturn:provider. Exit code 1 if anything is wrong.',
  options: {},
  async run(call, deps) {
    const paused = await deps.fleet.paused();
    const trips = paused ? await openTrips(deps.ledger) : [];
    const secrets = [];
    for await (const description of descriptions(call.arguments[0], deps)) {
      secrets.push(await statusOf(description, deps));
    }
    const wrong = secrets.filter(({ problems }) => problems.length > 0).length;
    return {
      ok: wrong === 0,
      lines: [
        `${secrets.length} managed secret${secrets.length === 1 ? '' : 's'}, ${wrong} with problems. Fleet ${paused ? 'PAUSED: nothing is retired' : 'running'}.`,
        ...trips.map(
          ({ harm, count, at }) =>
            `  ! the breaker paused it on ${moment(at)}: ${count} ${harm.replace('-', ' ')} within an hour. What to do: docs/runbooks/fleet-paused.md`,
        ),
        ...secrets.flatMap(describe),
      ],
      answer: { paused, pausedBecause: trips.map(({ harm }) => harm), secrets },
    };
  },
};

async function openTrips(ledger: Ledger) {
  const rows = await Promise.all(harms.map(async (harm) => ({ harm, row: await readBreaker(ledger, harm) })));
  return rows.flatMap(({ harm, row }) => {
    const trip = row?.value.trip ?? null;
    return trip === null || trip.state === 'over' ? [] : [{ harm, ...trip }];
  });
}

async function* descriptions(secretId: string | undefined, { secrets }: Deps): AsyncIterable<SecretDescription> {
  if (secretId === undefined) yield* secrets.listTagged(tagNames.provider);
  else yield await secrets.describe(secretId);
}

type Status = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(description: SecretDescription, deps: Deps) {
  const { config, ledger } = deps;
  const row = await readAnnouncement(ledger, description.arn);
  const superseded = await listSuperseded(ledger, description.arn);
  const since = row?.value.since ?? 0;
  const failures = (await listFailures(ledger, description.arn)).filter(
    ({ value }) => value.what === 'told' && value.at > since,
  );
  const pending = labelled(description, 'AWSPENDING');
  const current = labelled(description, 'AWSCURRENT') ?? null;
  return {
    name: description.name,
    secretArn: description.arn,
    owner: description.tags[tagNames.owner] ?? null,
    provider: description.tags[tagNames.provider] ?? null,
    currentVersionId: current,
    currentSince: isoOrNull(row?.value.since),
    pendingVersionId: pending === current ? null : (pending ?? null),
    lastRotatedAt: isoOrNull(description.rotation.lastAt),
    nextRotationAt: isoOrNull(description.rotation.nextAt),
    retiring: superseded
      .map(({ value }) => value)
      .filter(({ versionId, stage }) => stage !== 'retired' && versionId !== current && versionId !== pending)
      .map((row) => retiring(row, description.name)),
    /** Versions that were current once, and whose key is gone. */
    retired: superseded
      .map(({ value }) => value)
      .filter(({ stage, kind }) => stage === 'retired' && kind === 'superseded')
      .map(({ versionId }) => versionId),
    readers: await readerWords(description, deps),
    problems: [
      ...problemsOf(description, config),
      ...superseded.flatMap(({ value: { versionId, held } }) => heldProblem(versionId, held)),
      ...failures.map(
        ({ value }) =>
          `rotation ${value.token} failed on ${moment(value.at)}${value.failure === undefined ? '' : ` in ${value.failure.step}, reason ${value.failure.reason}`}; keyturn plan says what stands against the next`,
      ),
      ...(row !== undefined && row.value.announced < row.value.n
        ? ['subscribers were not told of the current version yet']
        : []),
    ],
  };
}

function retiring(row: Superseded, name: string) {
  const { versionId, stage, dueAt, held, supersededAt } = row;
  return {
    versionId,
    stage,
    supersededAt: isoOrNull(supersededAt),
    dueAt: isoOrNull(dueAt === atOnce ? supersededAt : dueAt),
    heldBecause: held?.reason ?? null,
    overMaxGrace: held?.overMaxGrace ?? false,
    heldInWords: whyHeld(row, name) ?? null,
  };
}

function heldProblem(versionId: string, held: Superseded['held']): string[] {
  return held === null || !isProblem(held) ? [] : [`version ${versionId} cannot be retired: ${held.reason}`];
}

function problemsOf(description: SecretDescription, config: Deps['config']): string[] {
  const problems: string[] = [];
  const { lambdaArn } = description.rotation;
  const ours = lambdaArn?.endsWith(`:${functionNames(config.stage).rotationHandler}`) ?? true;
  if (!ours) problems.push('it is rotated by another function');
  if (description.deletedAt !== undefined) problems.push('the secret is being deleted');
  if (!description.rotation.enabled) problems.push('rotation is switched off');
  try {
    managedSecret(description, config);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    problems.push(error.message);
  }
  return problems;
}

function describe(secret: Status): string[] {
  const at = (iso: string | null) => (iso === null ? 'unknown' : moment(Date.parse(iso)));
  return [
    '',
    secret.name,
    `  owner ${secret.owner ?? 'none'}, provider ${secret.provider ?? 'none'}`,
    `  current ${secret.currentVersionId ?? 'none'} since ${at(secret.currentSince)}; next rotation ${at(secret.nextRotationAt)}`,
    ...(secret.pendingVersionId === null ? [] : [`  a rotation is under way: ${secret.pendingVersionId}`]),
    ...secret.retiring.map(
      ({ versionId, stage, dueAt, heldInWords }) =>
        `  retiring ${versionId}: ${stage}, next step ${at(dueAt)}${heldInWords === null ? '' : `, held because ${heldInWords}`}`,
    ),
    ...secret.retired.map((versionId) => `  retired ${versionId}: its key is gone`),
    ...secret.readers.map(describeReader),
    ...secret.problems.map((problem) => `  ! ${problem}`),
  ];
}

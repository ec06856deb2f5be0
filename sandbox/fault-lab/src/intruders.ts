import { RotationFailed } from '@keyturn/events/rotation-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { formatMark, markOf, secretHash } from '@keyturn/rotation/mark';

import { hour, minute } from './lab-config.ts';
import { account, region } from './ground.ts';
import { rotation, secretText, tagsOf, type World } from './world.ts';

/** Somebody or something else does this in the middle of whatever we do. All of it happens in one moment; what follows later is said with it. */
export type Intruder = (world: World) => void;

const arnOf = (w: World) => ({ SecretId: w.secret.arn });
const labelled = (w: World, label: string) => w.truth()?.labels.get(label);
const later = (w: World, ms: number, what: () => void) => w.scheduler.at(w.scheduler.now() + ms, what);
const onBehalfOf = (w: World, what: () => unknown) => w.byHand(what);

function paste(w: World, text: string): void {
  onBehalfOf(w, () => w.model.putSecretValue({ ...arnOf(w), SecretString: text, ClientRequestToken: w.newId() }));
}

/** A person makes a key in the portal and pastes it. */
export function pasteHandMade(w: World): void {
  const made = w.provider.handMade({ target: w.secret.target });
  w.oracle.look('person');
  paste(w, secretText(made.keyId.reveal(), made.secret.reveal()));
}

/** A person puts AWSCURRENT on the version that had it before. */
export function rollBack(w: World): void {
  const [from, to] = [labelled(w, 'AWSCURRENT'), labelled(w, 'AWSPREVIOUS')];
  if (from === undefined || to === undefined) return;
  onBehalfOf(w, () =>
    w.model.updateSecretVersionStage({
      ...arnOf(w),
      VersionStage: 'AWSCURRENT',
      RemoveFromVersionId: from,
      MoveToVersionId: to,
    }),
  );
}

/** What AWS advises where a rotation is stuck. Answers the version that had it. */
function takePendingOff(w: World): string | undefined {
  const versionId = labelled(w, 'AWSPENDING');
  if (versionId === undefined || versionId === labelled(w, 'AWSCURRENT')) return undefined;
  onBehalfOf(w, () =>
    w.model.updateSecretVersionStage({ ...arnOf(w), VersionStage: 'AWSPENDING', RemoveFromVersionId: versionId }),
  );
  return versionId;
}

function keyOn(w: World, label: string): string | undefined {
  const versionId = labelled(w, label);
  return versionId === undefined ? undefined : w.keyIn(versionId);
}

const removeKeyOn =
  (label: string): Intruder =>
  (w) => {
    const keyId = keyOn(w, label);
    if (keyId !== undefined) onBehalfOf(w, () => w.provider.hand.remove(w.secret.target, keyId));
  };

function replay(w: World, order: (bodies: readonly string[]) => readonly string[]): void {
  for (const queue of Object.values(w.queues)) {
    for (const [index, body] of order([...queue.bodies]).entries()) queue.put(body, 1000 * (index + 1));
  }
}

/** A message of weeks ago that says of the current version, or of the one before it, that it is over. */
function staleMessages(w: World): void {
  const { arn: secretArn, name: secretName } = w.secret;
  const facts = {
    secretArn,
    secretName,
    provider: 'lab',
    owner: 'orders',
    environment: 'lab',
    runbookUrl: 'https://runbooks.acme.example',
  };
  const about = (key: string) => ({
    eventId: w.newId(),
    occurredAt: new Date(w.scheduler.now() - 600 * hour).toISOString(),
    correlationId: `${secretHash(secretArn)}/weeks-ago`,
    causationId: null,
    idempotencyKey: `${secretArn}#${key}`,
    traceparent: null,
  });
  for (const label of ['AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING']) {
    const versionId = labelled(w, label);
    if (versionId === undefined) continue;
    const failed = {
      ...facts,
      versionId,
      step: 'testSecret',
      reason: 'abandoned',
      field: null,
      retryable: false,
      liveCredential: 'old',
      attempt: 1,
      nextRetry: null,
    } as const;
    w.queues.cleanup.put(JSON.stringify(RotationFailed.create(failed, about(`failed-${label}`))));
    w.queues.announcer.put(JSON.stringify(RotationFailed.create(failed, about(`failed-${label}`))));
    const rotated = {
      ...facts,
      versionId,
      previousVersionId: labelled(w, 'AWSCURRENT') ?? null,
      cause: 'rotation',
      verification: 'dataPlane',
      oldCredentialValidUntil: null,
      nextRotationAt: null,
    } as const;
    for (const queue of [w.queues.cleanup, w.queues.verifier]) {
      queue.put(JSON.stringify(SecretRotated.create(rotated, about(`rotated-${label}`))));
    }
  }
}

/** As the release before wrote them: without what this one added, and with what this one does not know. */
function previousRelease(w: World): void {
  for (const event of w.published.filter((one) => one['detail-type'] === 'SecretRotated').slice(-1)) {
    const { metadata, data } = event.detail;
    const old = {
      ...event,
      detail: { metadata: { ...metadata, schemaVersion: '0.9' }, data: { ...data, rollout: 'blue' } },
    };
    for (const queue of [w.queues.cleanup, w.queues.verifier]) queue.put(JSON.stringify(old));
  }
}

function secondSecret(w: World): void {
  const text = w.truth()?.versions.get(labelled(w, 'AWSCURRENT') ?? '');
  if (text === undefined) return;
  const Name = `billing/apigee-${w.newId().slice(-4)}`;
  onBehalfOf(w, () =>
    w.model
      .createSecret({
        Name,
        SecretString: text,
        ClientRequestToken: w.newId(),
        Tags: Object.entries(tagsOf(w.secret.target)).map(([Key, Value]) => ({ Key, Value })),
      })
      .then(({ ARN = '' }) => {
        w.otherSecrets.push({ arn: ARN, at: w.calls.made.length });
        return w.model.rotateSecret({ SecretId: ARN, ...rotation, RotateImmediately: true });
      }),
  );
}

function secondInstallation(w: World): void {
  const foreign = `arn:aws:secretsmanager:${region}:${account}:secret:orders/apigee-Foreign`;
  const versionId = labelled(w, 'AWSPREVIOUS') ?? labelled(w, 'AWSCURRENT') ?? '';
  // The same secret by its name and version, in another stage of the same account.
  w.provider.handMade({ target: w.secret.target, mark: formatMark(markOf(w.secret.arn, versionId, 'other-stage')) });
  w.provider.handMade({ target: w.secret.target, mark: formatMark(markOf(foreign, versionId, 'lab')) });
  w.provider.handMade({ target: w.secret.target, mark: 'somebody-elses' });
  w.oracle.look('person');
}

function skewed(shifts: Readonly<Record<string, number>>): Intruder {
  return (w) => {
    for (const [name, ms] of Object.entries(shifts)) w.state.skewMs.set(name, ms);
  };
}

function down(what: 'provider' | 'secretsManager' | 'slack', ms: number): Intruder {
  return (w) => {
    w.state.down.add(what);
    later(w, ms, () => w.state.down.delete(what));
  };
}

/** By their names in plans. */
export const intruders: Readonly<Record<string, Intruder>> = {
  'console-edit': pasteHandMade,
  'wrong-paste': (w) => {
    paste(w, 'no credential at all');
    later(w, hour, () => rollBack(w));
  },
  'paste-of-unknown-key': (w) => {
    paste(w, secretText('a-key-that-nobody-knows', 'nothing'));
    later(w, hour, () => rollBack(w));
  },
  'paste-of-a-strangers-key': (w) => {
    const made = w.provider.handMade({ target: w.secret.target });
    w.oracle.look('person');
    paste(w, secretText(made.keyId.reveal(), 'not-its-secret'));
    later(w, 3 * hour, () => {
      if (!w.oracle.current().works) rollBack(w);
    });
  },
  'paste-of-a-key-of-another-stage': (w) => {
    const mark = formatMark(markOf(w.secret.arn, labelled(w, 'AWSCURRENT') ?? '', 'other-stage'));
    const made = w.provider.handMade({ target: w.secret.target, mark });
    w.oracle.look('person');
    paste(w, secretText(made.keyId.reveal(), made.secret.reveal()));
    later(w, hour, () => {
      if (keyOn(w, 'AWSCURRENT') === made.keyId.reveal()) rollBack(w);
    });
  },
  'pending-taken-off': (w) => void takePendingOff(w),
  'pending-taken-off-and-put-back': (w) => {
    const versionId = takePendingOff(w);
    if (versionId === undefined) return;
    // Secrets Manager has given up by then, and the key is not due yet.
    later(w, 50 * minute, () => {
      if (labelled(w, 'AWSPENDING') !== undefined) return;
      onBehalfOf(w, () =>
        w.model.updateSecretVersionStage({ ...arnOf(w), VersionStage: 'AWSPENDING', MoveToVersionId: versionId }),
      );
    });
  },
  'second-sweep': (w) => w.sweep(),
  cancel: (w) => {
    onBehalfOf(w, () => w.model.cancelRotateSecret(arnOf(w)));
    later(w, 3 * hour, () =>
      onBehalfOf(w, () =>
        w.model.rotateSecret({
          ...arnOf(w),
          ...rotation,
          RotateImmediately: false,
          ClientRequestToken: w.newId(),
        }),
      ),
    );
  },
  rollback: rollBack,
  'rollback-and-forth': (w) => {
    rollBack(w);
    later(w, 2 * minute, () => rollBack(w));
  },
  'delete-and-restore': (w) => {
    onBehalfOf(w, () => w.model.deleteSecret(arnOf(w)));
    later(w, 2 * hour, () => onBehalfOf(w, () => w.model.restoreSecret(arnOf(w))));
    // It is new to the watchdog, which passes by each hour.
    later(w, 3 * hour, () => w.watch());
  },
  'second-rotation': (w) => w.rotate(),
  'current-key-removed': removeKeyOn('AWSCURRENT'),
  'pending-key-removed': removeKeyOn('AWSPENDING'),
  'previous-key-removed': removeKeyOn('AWSPREVIOUS'),
  'old-key-enabled': (w) => {
    for (const known of w.oracle.keys()) {
      if (!known.there || known.enabled) continue;
      known.switchedOn = true;
      onBehalfOf(w, () => w.provider.hand.enable(w.secret.target, known.key.keyId));
    }
  },
  'app-revoked': (w) => {
    w.oracle.harm(true);
    onBehalfOf(w, () => w.provider.hand.switchOff(w.secret.target));
    later(w, 2 * hour, () => onBehalfOf(w, () => w.provider.hand.switchOn(w.secret.target)));
    // Its nodes learn late.
    later(w, 2 * hour + 5 * minute, () => w.oracle.harm(false));
  },
  'tags-changed': (w) =>
    onBehalfOf(w, () => w.model.tagResource({ ...arnOf(w), Tags: [{ Key: 'team', Value: w.newId() }] })),
  'products-changed': (w) => {
    w.state.entitledAt = w.calls.made.length;
    onBehalfOf(w, () => w.provider.hand.changeEntitlements(w.secret.target));
  },
  'stale-messages': staleMessages,
  'queues-redriven': (w) => {
    for (const queue of Object.values(w.queues)) queue.redrive();
    replay(w, (bodies) => [...bodies]);
  },
  'archive-replayed-backwards': (w) => replay(w, (bodies) => bodies.toReversed()),
  'clocks-apart': skewed({ cleanup: 5 * minute, announcer: -5 * minute, 'rotation-handler': -5 * minute }),
  'clocks-apart-the-other-way': skewed({ cleanup: -5 * minute, announcer: 5 * minute, 'rotation-handler': 5 * minute }),
  'provider-down': down('provider', 3 * hour),
  'secrets-manager-down': down('secretsManager', 20 * minute),
  // Only where the notifier is there; the rotation hears nothing of it.
  'slack-down': down('slack', 3 * hour),
  'second-installation': secondInstallation,
  'second-secret': secondSecret,
  'ledger-wiped': (w) => {
    w.state.ledgerLost = true;
    w.rows.wipe();
  },
  'ledger-of-yesterday': (w) => {
    w.state.ledgerLost = true;
    w.rows.restoreHalf();
  },
  'message-of-the-previous-release': previousRelease,
  'fleet-paused': (w) => {
    void w.fleet.set('paused');
    later(w, 5 * hour, () => void w.fleet.set('running'));
  },
};

/** What may go wrong with one call. */
export const faultKinds = [
  /** It fails, and had no effect. */
  'error',
  /** The caller dies before the call had an effect. */
  'crash-before',
  /** It had its effect, and the answer is lost. */
  'answer-lost',
  /** It had its effect, and the caller dies before it hears of it. */
  'crash-after',
  /** The caller gives up, and the effect comes half a minute later. */
  'late',
  /** It is executed twice; the answer is that of the second time. */
  'twice',
  /** Two executions of a function begin in the same moment; the answer is that of one of them. */
  'at-once',
  /** The other side has too much to do; no effect. */
  'throttled',
  /** It answers what was so before the last write. */
  'stale',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What goes wrong on the way of a message from the bus to a queue. */
export const deliveryFaults = [
  'lost',
  'doubled',
  /** It comes after hours, behind those that were sent later. */
  'overtaken',
  /** It comes, and once more when everything has long changed. */
  'replayed',
] as const;
export type DeliveryFault = (typeof deliveryFaults)[number];

/**
 * A call: its number, in the order in which calls are made, or, for what is kept while the code changes, whose call it is, of what, and the how manieth such:
 * `sweep|ledger read|3`.
 */
export type At = number | string;

export type Fault = {
  readonly at: At;
  readonly kind: FaultKind | DeliveryFault;
};

const changing = faultKinds.filter((kind) => kind !== 'stale' && kind !== 'at-once');
const looking = ['error', 'crash-before', 'throttled'] as const;

/** Calls that change nothing: what is done twice or late, or dies or is lost after it, is the same as what fails or dies before. */
const reads =
  /(?:^| )(?:GET|describe|check|list|locate|probe|read|due|paused|describeSecret|getSecretValue|listSecrets|listSecretVersionIds)\b/;

// There are few names, and each is asked for at every call.
const known = new Map<string, boolean>();

export function isRead(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const is = reads.test(name);
  known.set(name, is);
  return is;
}

export function kindsFor(name: string): readonly Fault['kind'][] {
  if (name.startsWith('deliver')) return deliveryFaults;
  if (!isRead(name)) return isInvocation(name) ? [...changing, 'at-once'] : changing;
  return name.startsWith('secretsManager') ? [...looking, 'stale'] : looking;
}

const isInvocation = (name: string): boolean => name.startsWith('step ') || name.startsWith('invoke ');

/** What is lost on its way is a message, what is stale is an answer of Secrets Manager, and what is at work beside itself is a function. */
export function canHappenTo(name: string, kind: Fault['kind']): boolean {
  if (name.startsWith('deliver') || isDeliveryFault(kind)) return name.startsWith('deliver') && isDeliveryFault(kind);
  if (kind === 'at-once') return isInvocation(name);
  return kind !== 'stale' || name.startsWith('secretsManager');
}

export function isDeliveryFault(kind: Fault['kind']): kind is DeliveryFault {
  return deliveryFaults.some((known) => known === kind);
}

// How people call the two halves of a credential: client_id and client_secret, consumerKey and consumerSecret, key2 and secret2. A lone
// `webhook_secret` or `kms_key_id` is no pair, and what only speaks of one (`secret_name`, `key_file`) is none either.
const compound = /^(client|consumer|customer|api|app|application|access|auth|oauth)(id|key|secret)$/;
const owners = new Set(['client', 'consumer', 'customer', 'app', 'application', 'api', 'key', 'oauth']);
const qualifiers = new Set(
  'old new previous next current prod production dev test staging stage sandbox live primary secondary backup a b'.split(
    ' ',
  ),
);
const halves = new Set(['id', 'key', 'secret']);
const longestName = 100;

type Half = { readonly half: 'keyId' | 'secret'; readonly of: string };

/** The pairs among the names of one object, as indices of the key id's and the secret's name. */
export function pairsAmong(names: readonly string[]): [keyId: number, secret: number][] {
  const keyIds = new Map<string, number>();
  const secrets = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const found = halfOf(name);
    if (found !== undefined) (found.half === 'keyId' ? keyIds : secrets).set(found.of, index);
  }
  return [...keyIds].flatMap(([of, keyId]) => {
    const secret = secrets.get(of);
    return secret === undefined ? [] : [[keyId, secret]];
  });
}

function halfOf(name: string): Half | undefined {
  if (name.length > longestName) return undefined;
  const words = wordsIn(name);
  const end = words.findLastIndex((word) => !qualifiers.has(word) && !/^\d+$/.test(word)) + 1;
  const core = words.slice(0, end);
  const last = core.at(-1);
  const before = core.at(-2) ?? '';
  const of = [...core.filter((word) => !halves.has(word)), '#', ...words.slice(end)].join(' ');
  if (last === 'secret' || (last === 'key' && core.includes('secret'))) return { half: 'secret', of };
  if (last === 'key' || (last === 'id' && owners.has(before))) return { half: 'keyId', of };
  return undefined;
}

function wordsIn(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z0-9])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/(\d)([A-Za-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
    .flatMap((word) => compound.exec(word)?.slice(1) ?? [word])
    .filter((word) => word !== '');
}

/** Which secret was found, by the name it was given, and in which form. */
export type Leak = { readonly secret: string; readonly form: string };

/** Texts in which secrets are looked for, for tests. */
export type LeakSearch = {
  /** `fragment`: so many characters in a row of a form are a leak already; unless given, the whole form. */
  add(name: string, secret: string, fragment?: number): void;
  /** The first secret that stands in the text, or a part of one. */
  find(text: string): Leak | undefined;
};

type Needle = Leak & { readonly text: string; readonly shortest: number };

const gram = 6;

/**
 * All secrets in all their forms are looked for at once: raw, base64 wherever it begins, hex, in URLs, in JSON, in JSON in JSON, and in HTML. A match is so
 * long that one of its pieces of six characters begins at a place that is looked at, though only every so-manieth place is.
 */
export function leakSearch(): LeakSearch {
  const pieces = new Map<string, { readonly needle: Needle; readonly at: number }[]>();
  const short: Needle[] = [];
  const known = new Set<string>();
  let stride = Infinity;

  function addForm(needle: Needle): void {
    const { text, shortest } = needle;
    if (text.length < gram) {
      if (text !== '') short.push(needle);
      return;
    }
    stride = Math.min(stride, shortest - gram + 1);
    for (let at = 0; at + gram <= text.length; at += 1) {
      const piece = text.slice(at, at + gram);
      const places = pieces.get(piece);
      if (places === undefined) pieces.set(piece, [{ needle, at }]);
      else places.push({ needle, at });
    }
  }

  return {
    add(name, secret, fragment = Infinity) {
      if (known.has(secret)) return;
      known.add(secret);
      for (const [text, form] of formsOf(secret)) {
        addForm({ secret: name, form, text, shortest: Math.max(gram, Math.min(fragment, text.length)) });
      }
    },
    find(text) {
      for (let at = 0; at + gram <= text.length; at += stride) {
        const places = pieces.get(text.slice(at, at + gram));
        const found = places?.find((place) => matchLength(text, at, place) >= place.needle.shortest);
        if (found !== undefined) return { secret: found.needle.secret, form: found.needle.form };
      }
      const found = short.find((needle) => text.includes(needle.text));
      return found && { secret: found.secret, form: found.form };
    },
  };
}

function matchLength(text: string, start: number, { needle, at }: { needle: Needle; at: number }): number {
  let [before, after] = [0, gram];
  while (before < at && before < start && text[start - before - 1] === needle.text[at - before - 1]) before += 1;
  while (
    start + after < text.length &&
    at + after < needle.text.length &&
    text[start + after] === needle.text[at + after]
  )
    after += 1;
  return before + after;
}

/** Each text that gives the secret away, and the form it has. */
function formsOf(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inUrl = encodeURIComponent(secret);
  const inBase64 = [0, 1, 2].map((shift) => shiftedBase64(bytes, shift));
  const forms: readonly (readonly [string, string])[] = [
    [secret, 'raw'],
    [inUrl, 'in a URL'],
    [inUrl.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()), 'in a URL'],
    [new URLSearchParams({ s: secret }).toString().slice(2), 'in a form'],
    [inJson, 'in JSON'],
    [JSON.stringify(inJson).slice(1, -1), 'in JSON in JSON'],
    [inHtml(secret), 'in HTML'],
    ...inBase64.map((text) => [text, 'base64'] as const),
    ...inBase64.map((text) => [text.replaceAll('+', '-').replaceAll('/', '_'), 'base64url'] as const),
    [bytes.toString('hex'), 'hex'],
    [bytes.toString('hex').toUpperCase(), 'hex'],
  ];
  // Of two forms that are the same text the first has the better name.
  return new Map(forms.toReversed());
}

/** What stands in base64 that has `shift` other bytes before: without the characters that hold bits of a neighbour. */
function shiftedBase64(bytes: Buffer, shift: number): string {
  const all = Buffer.concat([Buffer.alloc(shift), bytes]);
  const text = all.toString('base64').replace(/=+$/, '');
  return text.slice([0, 2, 3][shift], all.length % 3 === 0 ? undefined : -1);
}

function inHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

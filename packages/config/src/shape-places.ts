import type { Pair, TextForm } from '@keyturn/rotation/shape';
import type { Template } from '@keyturn/rotation/template';

type Texts = {
  readonly text?: Template | undefined;
  readonly lines?: readonly Template[] | undefined;
  readonly snippets?: readonly Template[] | undefined;
};

/** What a shape says of the credential that turns. */
export type GivenPlaces = Texts & {
  readonly keyId?: string | undefined;
  readonly secret?: string | undefined;
  readonly derived: Readonly<Record<string, Template>>;
};

export function textForm({ text, lines, snippets }: Texts): TextForm | undefined {
  if (text !== undefined) return { as: 'whole', templates: [text] };
  if (lines !== undefined) return { as: 'lines', templates: lines };
  return snippets && { as: 'snippets', templates: snippets };
}

/** Where the credential is read: where key id and secret stand by themselves, or else in the header that is made of them. */
export function placesToRead(given: GivenPlaces): Pair {
  const form = textForm(given);
  const { keyId = '{keyId}', secret = '{secret}' } = given;
  const header = form === undefined ? headerAlone(given) : headerInText(form);
  return header === undefined ? { keyId, secret } : { keyId: header, secret: header };
}

/** The first field of JSON that holds both, where no pointer says where one of them stands. */
export function headerAlone({ keyId, secret, derived }: GivenPlaces): string | undefined {
  if (keyId !== undefined || secret !== undefined) return undefined;
  return Object.entries(derived).find(([, { forms }]) => forms.length === 1 && forms[0] === 'basic')?.[0];
}

function headerInText({ templates }: TextForm): string | undefined {
  const forms = new Set(templates.flatMap((template) => template.forms));
  return forms.has('keyId') && forms.has('secret') ? undefined : '{basic}';
}

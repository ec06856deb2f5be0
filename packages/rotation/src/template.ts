import type { Credential } from './credential.ts';
import { PermanentError } from './errors.ts';

/** What a template can show of a credential: `basic` is base64 of `keyId:secret`, as RFC 7617 has it; `url` is percent-encoded. */
const forms = {
  keyId: (keyId: string) => keyId,
  secret: (_: string, secret: string) => secret,
  basic: (keyId: string, secret: string) => base64(`${keyId}:${secret}`),
  'keyId:url': (keyId: string) => urlEncoded(keyId),
  'secret:url': (_: string, secret: string) => urlEncoded(secret),
  'keyId:base64': (keyId: string) => base64(keyId),
  'secret:base64': (_: string, secret: string) => base64(secret),
} as const;
export type Form = keyof typeof forms;

const isForm = (name: string): name is Form => Object.hasOwn(forms, name);
export const formNames: readonly Form[] = Object.keys(forms).filter(isForm);

/** Literal text and placeholders by turns: literals[0] forms[0] literals[1] … There is one literal more than forms. */
export type Template = {
  readonly source: string;
  readonly literals: readonly string[];
  readonly forms: readonly Form[];
};

/** `Basic {basic}`, `{keyId}:{secret}`; braces of their own are doubled. Throws PermanentError('misconfigured'), whose message goes after the field's name. */
export function parseTemplate(source: string): Template {
  const literals: string[] = [];
  const found: Form[] = [];
  let literal = '';
  for (let at = 0; at < source.length;) {
    const [brace = '', next] = source.slice(at, at + 2);
    const end = brace === '{' && next !== '{' ? source.indexOf('}', at) : -1;
    if (end !== -1) {
      literals.push(literal);
      found.push(formOf(source.slice(at + 1, end)));
      literal = '';
      at = end + 1;
    } else if ((brace === '{' || brace === '}') && next !== brace) {
      throw refused(`has a ${brace} of its own; write ${brace}${brace}`);
    } else {
      literal += brace;
      at += brace === '{' || brace === '}' ? 2 : 1;
    }
  }
  if (found.length === 0) throw refused('has no placeholder such as {secret}');
  return { source, literals: [...literals, literal], forms: found };
}

function formOf(name: string): Form {
  if (isForm(name)) return name;
  throw refused(`has a placeholder that is none of ${formNames.map((form) => `{${form}}`).join(' ')}`);
}

function refused(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem);
}

/** The template that is nothing but a placeholder. */
export function only(form: Form): Template {
  return { source: `{${form}}`, literals: ['', ''], forms: [form] };
}

/** The text with the credential in it. */
export function render({ literals, forms: names }: Template, credential: Credential): string {
  const keyId = credential.keyId.reveal();
  const secret = credential.secret.reveal();
  return literals
    .map((literal, at) => (at === 0 ? '' : forms[names[at - 1] ?? 'keyId'](keyId, secret)) + literal)
    .join('');
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function urlEncoded(text: string): string {
  const lone = text.toWellFormed();
  return encodeURIComponent(lone).replace(/[!'()*]/g, (odd) => `%${odd.charCodeAt(0).toString(16).toUpperCase()}`);
}

import type { Credential } from './credential.ts';
import { bodyOf, matchAnywhere, matchLine, matchWhole, type Match, type Slice } from './match-template.ts';
import { isBlank, mismatch, type OpenSecret, type Place } from './place.ts';
import type { Shape, TextForm } from './shape.ts';
import { only, render, type Form, type Template } from './template.ts';
import { refuseUndeclaredText } from './undeclared-text.ts';

type Found = { readonly text: string; readonly binary: boolean; readonly field: string };

/** Opens a text by its templates. Of several `{keyId}` (or `{basic}`) the first is read; the others, and every other placeholder, have to agree with it. */
export function openText(shape: Shape, form: TextForm, { text, binary, field }: Found): OpenSecret {
  const { start, end } = bodyOf(text);
  const nothing = isBlank(text.slice(start, end), shape.placeholders);
  const literalsOf = literalsIn(text, binary);
  const placesOf = (template: Template): Place[] =>
    nothing
      ? template.forms.map((name) => absentPlace(shape, name))
      : template.forms.map((name, index) => {
          const match = matchTemplate(form.as, literalsOf(template), text);
          if (typeof match === 'string')
            throw mismatch(shape, `{${name}}`, `of ${quoted(template)} ${problems[match]}`);
          return placeAt(shape, { name, text, slice: match[index] ?? { start: 0, end: 0 } });
        });
  const primary = (name: string): Place => {
    const template = form.templates.find(({ forms }) => forms.some((candidate) => `{${candidate}}` === name));
    const place = template && placesOf(template).find((candidate) => candidate.name === name);
    if (place === undefined) throw mismatch(shape, name, 'is in no template');
    return place;
  };
  const sources: OpenSecret['sources'] =
    shape.keyId === shape.secret ? [primary(shape.keyId)] : [primary(shape.keyId), primary(shape.secret)];
  const others = () =>
    form.templates
      .flatMap(placesOf)
      .filter(({ offset }) => nothing || sources.every((source) => source.offset !== offset));

  return {
    text,
    sources,
    others: () => (nothing ? [] : others()),
    refuseUndeclared: (current) =>
      refuseUndeclaredText(shape, { text, places: nothing ? [] : [...sources, ...others()], field }, current),
    complete: (next) => {
      if (!nothing) return text;
      if (form.as === 'snippets')
        throw mismatch(shape, field, 'is empty: nothing says what stands around the snippets');
      const made = form.templates.map((template) => filled(shape, literalsOf(template), template, next));
      return text.slice(0, start) + made.join(eolOf(text)) + text.slice(end);
    },
  };
}

function filled(shape: Shape, literals: readonly string[], { forms }: Template, next: Credential): string {
  const valueOf = (name: Form | undefined) =>
    name === undefined ? '' : encoder(shape, name)(render(only(name), next));
  return literals.map((literal, index) => literal + valueOf(forms[index])).join('');
}

const problems = { missing: 'is not there', several: 'fits in more than one place' } as const;

// On one line, for people who look at a log.
function quoted({ source }: Template): string {
  return JSON.stringify(source);
}

// The line breaks of the text, and its bytes.
function literalsIn(text: string, binary: boolean): (template: Template) => string[] {
  const eol = eolOf(text);
  return ({ literals }) =>
    literals.map((literal) => {
      const here = literal.replaceAll('\r\n', '\n').replaceAll('\n', eol);
      return binary ? Buffer.from(here, 'utf8').toString('latin1') : here;
    });
}

const eolOf = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');

function matchTemplate(as: TextForm['as'], literals: readonly string[], text: string): Match {
  if (as === 'lines') return matchLine(literals, text);
  if (as === 'snippets') return matchAnywhere(literals, text);
  return matchBody(literals, text);
}

// A byte order mark and white space around it are no part of the whole, and neither is a line break at the end of a template.
function matchBody(literals: readonly string[], text: string): Match {
  const { start, end: last } = bodyOf(text);
  // A blank before a placeholder that stands for nothing yet: `Basic `.
  const [first = ''] = literals;
  const end = text.startsWith(first, start) ? Math.max(last, start + first.length) : last;
  const closed = [...literals.slice(0, -1), (literals.at(-1) ?? '').trimEnd()];
  const match = matchWhole(closed, text.slice(start, end));
  return typeof match === 'string'
    ? match
    : match.map((slice) => ({ start: slice.start + start, end: slice.end + start }));
}

type Spot = { readonly name: Form; readonly text: string; readonly slice: Slice };

function placeAt(shape: Shape, { name, text, slice: { start, end } }: Spot): Place {
  const value = text.slice(start, end);
  const place = `{${name}}`;
  if (!/^[!-~]*$/.test(value) || /["'`\\<>&]/.test(value)) {
    throw mismatch(shape, place, 'holds a blank, a quote or another character that a text may mean in two ways');
  }
  return {
    name: place,
    template: only(name),
    value,
    absent: false,
    offset: start,
    length: end - start,
    encode: encoder(shape, name),
  };
}

function absentPlace(shape: Shape, name: Form): Place {
  const place = `{${name}}`;
  return {
    name: place,
    template: only(name),
    value: '',
    absent: true,
    offset: 0,
    length: 0,
    encode: encoder(shape, name),
  };
}

// What no form of text in use quotes, escapes, expands or cuts off.
function encoder(shape: Shape, name: Form): (value: string) => string {
  return (value) => {
    if (name.endsWith(':url') || /^[\w.~+/=:@-]*$/.test(value)) return value;
    throw mismatch(shape, `{${name}}`, 'cannot be written: the text could not hold its characters');
  };
}

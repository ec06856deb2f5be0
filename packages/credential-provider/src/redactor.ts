/**
 * Takes out of a text whatever the request told the adapter in confidence: not every adapter is ours, and what it says reaches logs, events and
 * people. `request` as on the wire.
 */
export function redactor(request: unknown): (text: string) => string {
  const forms = [...new Set(secretTexts(request).flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '[hidden]'), text);
}

/** Key ids, secrets, and both as a Basic header joins them. */
function secretTexts(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const fields = new Map<string, unknown>(Object.entries(value));
  const own = [fields.get('keyId'), fields.get('secret')].filter((part) => typeof part === 'string');
  return [...own, ...(own.length > 1 ? [own.join(':')] : []), ...[...fields.values()].flatMap(secretTexts)];
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

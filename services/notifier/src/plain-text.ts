/** Names and tags come from outside. None of them may break a line, turn the direction of the text or fill the screen. */
export function plainText(value: string, longest = 600): string {
  const oneLine = value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  return oneLine.length <= longest ? oneLine : `${oneLine.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A link that people may follow, or undefined: what else a URL can be (javascript:, data:) is not for a message. */
export function webLink(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed.href : undefined;
}

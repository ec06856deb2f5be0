/** A line of authorized_keys (sshd(8)): options, which may be quoted and hold spaces, type and key, comment. */
export type AuthorizedLine = {
  /** As they stand there; '' where there are none. */
  readonly options: string;
  /** Type and key. */
  readonly publicKey: string;
  readonly comment: string;
};

const beginsWithType = /^(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+[ \t]/;

/** undefined: the line is no key. */
export function parseAuthorizedLine(line: string): AuthorizedLine | undefined {
  const text = line.replace(/\r$/, '').replace(/^[ \t]+|[ \t]+$/g, '');
  if (text === '' || text.startsWith('#')) return undefined;
  const split = beginsWithType.test(text) ? 0 : endOfOptions(text);
  const rest = text.slice(split).replace(/^[ \t]+/, '');
  if (!beginsWithType.test(rest)) return undefined;
  const [, type = '', key = '', comment = ''] = /^(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(rest) ?? [];
  return { options: text.slice(0, split), publicKey: `${type} ${key}`, comment };
}

function endOfOptions(text: string): number {
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && text[at + 1] === '"') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === ' ' || character === '\t')) return at;
  }
  return text.length;
}

export function formatAuthorizedLine({ options, publicKey, comment }: AuthorizedLine): string {
  return [options, publicKey, comment].filter((part) => part !== '').join(' ');
}

/** In milliseconds since 1970; undefined: never. sshd takes a time without Z for its own; to be sure, it counts as the earliest there is. */
export function expiryOf({ options }: AuthorizedLine): number | undefined {
  const found = /expiry-time="(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)"/i.exec(options);
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', zulu] = found;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return zulu === '' ? at - 14 * 3_600_000 : at;
}

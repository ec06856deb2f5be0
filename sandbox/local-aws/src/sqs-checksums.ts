import { createHash } from 'node:crypto';

export type MessageAttribute = {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
};
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export const md5 = (data: string | Uint8Array) => createHash('md5').update(data).digest('hex');

/** As clients compute it: by name, each part with its length before it, and one byte that tells a string from bytes. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    const value = Buffer.from(StringValue ?? BinaryValue ?? '');
    return [sized(Buffer.from(name)), sized(Buffer.from(DataType)), Buffer.from([BinaryValue ? 2 : 1]), sized(value)];
  });
  return md5(Buffer.concat(parts));
}

function sized(data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

import { inflateRawSync } from 'node:zlib';

/** The files of a zip archive as our packager writes them: no encryption, no comment, below 4 GB. */
export function readZip(archive: Buffer): ReadonlyMap<string, Buffer> {
  const end = archive.length - 22;
  expectSignature(archive, end, 0x06_05_4b_50);
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    expectSignature(archive, at, 0x02_01_4b_50);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    files.set(name, content(archive, at));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

function content(archive: Buffer, entry: number): Buffer {
  const local = archive.readUInt32LE(entry + 42);
  expectSignature(archive, local, 0x04_03_4b_50);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
  const deflated = archive.readUInt16LE(entry + 10) === 8;
  return deflated ? inflateRawSync(packed) : packed;
}

function expectSignature(archive: Buffer, at: number, signature: number): void {
  if (at < 0 || archive.readUInt32LE(at) !== signature) throw new Error('Not a zip archive of ours');
}

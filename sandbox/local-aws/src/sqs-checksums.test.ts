import { expect, test } from 'vitest';

import { md5OfAttributes } from './sqs-checksums.ts';

// Digests that AWS gave for these attributes, as Moto's tests keep them.
test.each([
  [{ timestamp: { DataType: 'Number', StringValue: '1493147359900' } }, '235c5c510d26fb653d073faed50ae77c'],
  [
    {
      zzz: { DataType: 'Number', StringValue: '0230.01' },
      öther_encodings: { DataType: 'String', StringValue: 'Tüst' },
      ccc: { DataType: 'String', StringValue: 'testjunk' },
      aaa: { DataType: 'Binary', BinaryValue: new Uint8Array([2, 3, 4]) },
    },
    '8ae21a7957029ef04146b42aeaa18a22',
  ],
])('the checksum of message attributes is that of AWS', (attributes, digest) => {
  expect(md5OfAttributes(attributes)).toBe(digest);
});

test('no attributes have no checksum', () => {
  expect(md5OfAttributes({})).toBeUndefined();
});

import { randomBytes, randomInt, randomUUID } from 'node:crypto';

import type { Random } from '@keyturn/http/random';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

export const systemRandom: Random = () => randomInt(2 ** 32) / 2 ** 32;

export const systemRandomBytes: RandomBytes = (size) => randomBytes(size);

export const newId = (): string => randomUUID();

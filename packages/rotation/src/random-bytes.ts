/** So many bytes that nobody can guess. Use cases get it, as they get the clock. */
export type RandomBytes = (size: number) => Buffer;

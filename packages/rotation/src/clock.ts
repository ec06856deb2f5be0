/** Time, in milliseconds since 1970 and in milliseconds to wait. Use cases get it, so that tests and the fault lab own it. */
export type Clock = {
  now(): number;
  sleep(ms: number): Promise<void>;
};

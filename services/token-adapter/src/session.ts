/** What proves the master to the API. Secret material: nobody prints it. */
export type Session = {
  headers(): Readonly<Record<string, string>>;
  /** Where the headers may go; everywhere the configuration names unless given. */
  readonly host?: string;
  /** Milliseconds since 1970; Infinity for what ends by being refused alone. */
  readonly until: number;
};

export const basicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Where a command writes: lines for people on the terminal, or one JSON object for programs. Notes go to people only, beside the answer. */
export type Console = {
  line(text: string): void;
  note(text: string): void;
  json(answer: Readonly<Record<string, unknown>>): void;
};

/** A call that was written wrongly: exit code 2, and the usage is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

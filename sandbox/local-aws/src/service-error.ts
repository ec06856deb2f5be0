/** A refusal that goes over the wire by the name AWS gives it. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;
  /** The name that clients of the old query protocol know it by; SQS sends it along. */
  readonly queryName: string | undefined;

  constructor(name: string, message: string, options: { status?: number; queryName?: string } = {}) {
    super(message);
    this.name = name;
    this.status = options.status ?? 400;
    this.queryName = options.queryName;
  }
}

export const validation = (message: string) => new ServiceError('ValidationException', message);

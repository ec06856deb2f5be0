/** A refusal of Secrets Manager, by the name AWS gives it: what code that catches an error of the SDK looks at. */
export class SecretsManagerRefusal extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export const invalidRequest = (message: string) => new SecretsManagerRefusal('InvalidRequestException', message);
export const invalidParameter = (message: string) => new SecretsManagerRefusal('InvalidParameterException', message);
export const validation = (message: string) => new SecretsManagerRefusal('ValidationException', message);
export const notFound = (message: string) => new SecretsManagerRefusal('ResourceNotFoundException', message);
export const exists = (message: string) => new SecretsManagerRefusal('ResourceExistsException', message);
export const limitExceeded = (message: string) => new SecretsManagerRefusal('LimitExceededException', message);

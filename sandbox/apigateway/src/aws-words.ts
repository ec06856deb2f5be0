import { type Answer, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';

/** A refusal of the control plane, by AWS's name for it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): Refused => new Refused(400, 'BadRequestException', message);
export const notFound = (message: string): Refused => new Refused(404, 'NotFoundException', message);
export const conflict = (message: string): Refused => new Refused(409, 'ConflictException', message);

export const refusal = ({ status, code, message }: Refused): Answer =>
  jsonAnswer(status, { message }, { 'x-amzn-errortype': code });

/** What the control plane says of a status that a fault asks for. */
export function injectedWords(status: number): Answer {
  const code =
    { 401: 'UnauthorizedException', 403: 'AccessDeniedException', 429: 'TooManyRequestsException' }[status] ??
    (status >= 500 ? 'InternalFailure' : 'BadRequestException');
  return refusal(new Refused(status, code, 'Injected'));
}

/** The data plane's own. */
export const gatewayRefusal = (status: number, code: string, message: string): Answer =>
  jsonAnswer(status, { message }, { 'x-amzn-errortype': code });

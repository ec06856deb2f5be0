import type { ApigeeError } from './apigee-error.ts';
import { type Answer, htmlAnswer, jsonAnswer } from './loopback-server.ts';
import type { Unsettled } from './simulator.ts';

/** Where Edge has another status than X for the same refusal. */
const statusOfCode = new Map([['keymanagement.service.apiproduct_not_associated', 500]]);

export const edgePage = (status: number): string =>
  `<html>\n<head><title>Status ${status}</title></head>\n<body><h1>HTTP Status ${status}</h1></body>\n</html>\n`;

/** An error of Edge and OPDK. Public sources do not show the bodies of 401 and 403: they may be empty or a page. */
export function edgeError(error: ApigeeError, refusalBody: Unsettled['refusalBody']): Answer {
  const status = statusOfCode.get(error.code ?? '') ?? error.status;
  if ((status === 401 || status === 403) && refusalBody === 'empty') {
    return { status };
  }
  if ((status === 401 || status === 403) && refusalBody === 'html') {
    return htmlAnswer(status, edgePage(status));
  }
  // A code that public sources do not name is made up here so that nobody relies on it.
  return jsonAnswer(status, { code: error.code ?? `unknown.${status}`, message: error.message, contexts: [] });
}

import { type Answer, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';

import { iso } from './dialect.ts';
import type { Token } from './token-store.ts';

const said = new Map([
  [400, '400 Bad request'],
  [401, '401 Unauthorized'],
  [403, '403 Forbidden'],
  [404, '404 Not Found'],
]);

export function failed(status: number, text?: string): Answer {
  if (status === 429) return { status, headers: { 'content-type': 'text/plain' }, body: 'Retry later' };
  if (status === 405) return jsonAnswer(status, { error: '405 Not Allowed' });
  return jsonAnswer(status, { message: text ?? said.get(status) ?? `${status} Error` });
}

export const insufficient = (): Answer =>
  jsonAnswer(403, { error: 'insufficient_scope', error_description: 'Higher privileges are needed', scope: 'api' });

export const view = (token: Token, now: number) => ({
  id: Number(token.keyId),
  name: token.name,
  revoked: !token.enabled,
  created_at: iso(token.createdAt),
  description: null,
  scopes: token.scopes,
  user_id: 1337,
  last_used_at: token.lastUsedAt === undefined ? null : iso(token.lastUsedAt),
  active: isActive(token, now),
  expires_at: token.expiresAt === undefined ? null : iso(token.expiresAt).slice(0, 10),
  access_level: 30,
});

export const isActive = ({ enabled, expiresAt }: Token, now: number): boolean =>
  enabled && (expiresAt === undefined || expiresAt > now);

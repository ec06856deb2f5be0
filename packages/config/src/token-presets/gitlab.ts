import type { Preset } from '../token-preset.ts';

const tokens = '/projects/{target}/access_tokens';

/** What both ways of renewing a project access token have in common. A target is the id or the path of a project; every token ends by itself. */
const common = {
  auth: { as: 'headers', headers: { 'private-token': '{master.token}' } },
  urls: { api: 'https://{{host}}/api/v4' },
  targets: { form: '\\w[\\w.-]*(/\\w[\\w.-]*)*' },
  key: {
    keyId: '/id',
    secret: '/token',
    enabled: { at: '/active', values: [true] },
    created: '/created_at',
    expires: '/expires_at',
    lastUsed: '/last_used_at',
    entitlements: '/scopes',
  },
  probes: [
    {
      id: 'self',
      url: 'api',
      method: 'GET',
      path: '/personal_access_tokens/self',
      headers: { 'private-token': '{secret}' },
    },
  ],
} satisfies Preset['description'];

const list = {
  path: tokens,
  query: { state: 'active', per_page: '100' },
  paging: { as: 'page' as const, query: 'page' },
};
const revoke = { method: 'DELETE' as const, path: `${tokens}/{keyId}` };
const host = { form: /[\w.-]+(:\d+)?/, usual: 'gitlab.com' };

/** Rotating a token ends it in the same call, so there is no overlap. https://docs.gitlab.com/api/project_access_tokens/ */
export const gitlab: Preset = {
  parameters: { host },
  description: {
    ...common,
    model: 'none',
    requests: {
      list,
      replace: { method: 'POST', path: `${tokens}/{keyId}/rotate`, json: { expires_at: '{expiresOn}' } },
      revoke,
    },
  },
};

/** A new token beside the old one, which goes on working. It bears its mark in its name, which nobody can change later. */
export const gitlabNewToken: Preset = {
  parameters: { host, accessLevel: { form: /[1-5][05]/, usual: '30' } },
  description: {
    ...common,
    key: { ...common.key, label: '/name' },
    model: 'multi',
    requests: {
      create: {
        method: 'POST',
        path: tokens,
        json: {
          name: '{label}',
          scopes: '{entitlements}',
          access_level: '{{accessLevel}}',
          expires_at: '{expiresOn}',
        },
      },
      list,
      revoke,
    },
  },
};

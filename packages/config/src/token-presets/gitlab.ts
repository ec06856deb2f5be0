import type { Preset } from '../token-preset.ts';

const tokens = '/projects/{target}/access_tokens';

/**
 * Project access tokens of GitLab. A target is the id or the path of a project. Rotating a token ends it in the same call, so there is no overlap; every
 * token ends by itself, so `expiry` has to be given. https://docs.gitlab.com/api/project_access_tokens/
 */
export const gitlab: Preset = {
  parameters: { host: { form: /[\w.-]+(:\d+)?/, usual: 'gitlab.com' } },
  description: {
    model: 'none',
    auth: { as: 'headers', headers: { 'private-token': '{master.token}' } },
    urls: { api: 'https://{{host}}/api/v4' },
    targets: { form: '\\w[\\w.-]*(/\\w[\\w.-]*)*' },
    key: {
      keyId: '/id',
      secret: '/token',
      enabled: { at: '/active', values: [true] },
      gone: { at: '/revoked', values: [true] },
      created: '/created_at',
      expires: '/expires_at',
      lastUsed: '/last_used_at',
      entitlements: '/scopes',
    },
    requests: {
      list: {
        path: tokens,
        query: { state: 'active', per_page: '100' },
        paging: { as: 'page', query: 'page' },
      },
      replace: { method: 'POST', path: `${tokens}/{keyId}/rotate`, json: { expires_at: '{expiresOn}' } },
      revoke: { method: 'DELETE', path: `${tokens}/{keyId}` },
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
  },
};

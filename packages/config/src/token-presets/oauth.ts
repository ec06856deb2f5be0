import type { Preset } from '../token-preset.ts';

/**
 * Clients of an OAuth server that registers them dynamically (RFC 7591), a new one for each rotation. The standard has no list and no rename, so
 * these are the admin API's, at the paths of Ory Hydra's; whoever has another one gives `requests`.
 */
export const oauth: Preset = {
  parameters: {
    issuer: { form: /https?:\/\/[^\s?#]+/ },
    admin: { form: /https?:\/\/[^\s?#]+/ },
    register: { form: /\/[\w./-]+/, usual: '/admin/clients' },
    token: { form: /\/[\w./-]+/, usual: '/oauth2/token' },
  },
  description: {
    model: 'multi',
    auth: { as: 'headers', headers: { authorization: 'Bearer {master.token}' } },
    urls: { issuer: '{{issuer}}', api: '{{admin}}' },
    key: {
      keyId: '/client_id',
      secret: '/client_secret',
      label: '/client_name',
      created: '/client_id_issued_at',
      entitlements: '/scope',
    },
    requests: {
      create: {
        method: 'POST',
        path: '{{register}}',
        json: {
          client_name: '{label}',
          grant_types: ['client_credentials'],
          response_types: [],
          redirect_uris: [],
          token_endpoint_auth_method: 'client_secret_basic',
          scope: '{scope}',
        },
      },
      list: { path: '/admin/clients', paging: { as: 'link', query: 'page_token' } },
      label: {
        method: 'PATCH',
        path: '/admin/clients/{keyId}',
        json: { client_name: '{label}' },
      },
      revoke: { method: 'DELETE', path: '/admin/clients/{keyId}' },
    },
    probes: [
      {
        id: 'token',
        url: 'issuer',
        method: 'POST',
        path: '{{token}}',
        headers: { authorization: 'Basic {basic}' },
        form: { grant_type: 'client_credentials' },
        refused: [400, 401, 403],
      },
    ],
  },
};

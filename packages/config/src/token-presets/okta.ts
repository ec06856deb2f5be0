import type { Preset } from '../token-preset.ts';

const secrets = '/api/v1/apps/{target}/credentials/secrets';

/**
 * The client secrets of an app integration of Okta that proves itself with a client secret. A target is the id of the app, which is its client id. Okta
 * takes a secret that we chose, so none is ever lost; one can be deleted only when it is inactive.
 * https://developer.okta.com/docs/guides/client-secret-rotation-key/main/
 */
export const okta: Preset = {
  parameters: {
    domain: { form: /[a-z0-9-]+(\.[a-z0-9-]+)+/ },
    authorizationServer: { form: /[\w-]+/, usual: 'default' },
    scope: { form: /[\w.:/-]+/ },
  },
  description: {
    model: 'two-slot',
    mint: 'chosen',
    auth: { as: 'headers', headers: { authorization: 'SSWS {master.token}' } },
    urls: { api: 'https://{{domain}}' },
    targets: { form: '0oa[0-9A-Za-z]{17}' },
    secretIn: 'list',
    key: {
      keyId: { hashOf: '/client_secret' },
      handle: '/id',
      secret: '/client_secret',
      enabled: { at: '/status', values: ['ACTIVE'] },
      created: '/created',
    },
    requests: {
      create: { method: 'POST', path: secrets, json: { client_secret: '{secret}' } },
      list: { path: secrets },
      enable: { method: 'POST', path: `${secrets}/{handle}/lifecycle/activate` },
      disable: { method: 'POST', path: `${secrets}/{handle}/lifecycle/deactivate` },
      revoke: { method: 'DELETE', path: `${secrets}/{handle}` },
    },
    probes: [
      {
        id: 'token',
        url: 'api',
        method: 'POST',
        path: '/oauth2/{{authorizationServer}}/v1/token',
        basic: { username: '{target}', password: '{secret}' },
        form: { grant_type: 'client_credentials', scope: '{{scope}}' },
      },
    ],
  },
};

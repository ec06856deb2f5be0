import type { Preset } from '../token-preset.ts';

/**
 * A developer portal for people, where an app has two keys: what its own pages ask for, after a login by form. Every portal is another one; the
 * parameters are what differs most, and `requests` and `key` of the configuration come first.
 */
export const developerPortal: Preset = {
  parameters: {
    portal: { form: /https?:\/\/[^\s?#]+/ },
    gateway: { form: /https?:\/\/[^\s?#]+/ },
    probe: { form: /\/[\w./-]+/ },
    loginPath: { form: /\/[\w./-]+/, usual: '/login' },
    keysPath: { form: /\/[\w./{}-]+/, usual: '/api/apps/{target}/keys' },
    csrfField: { form: /[\w.-]+/, usual: 'csrf_token' },
    csrfCookie: { form: /[\w.-]+/, usual: 'XSRF-TOKEN' },
    csrfHeader: { form: /[\w-]+/, usual: 'x-xsrf-token' },
    loginText: { form: /.+/, usual: 'type="password"' },
  },
  description: {
    model: 'two-slot',
    auth: {
      as: 'login',
      page: { path: '{{loginPath}}' },
      csrf: { cookie: '{{csrfCookie}}' },
      login: {
        path: '{{loginPath}}',
        form: { username: '{master.username}', password: '{master.password}', '{{csrfField}}': '{csrf}' },
      },
      headers: { '{{csrfHeader}}': '{csrf}' },
      refusedWhen: { contains: '{{loginText}}' },
    },
    urls: { api: '{{portal}}', gateway: '{{gateway}}' },
    key: { keyId: '/clientId', secret: '/clientSecret', label: '/label', created: '/created' },
    requests: {
      create: {
        method: 'POST',
        path: '{{keysPath}}',
        json: { label: '{label}' },
        at: '/key',
        failsWhen: [
          { status: [409], means: 'quota' },
          { status: [200, 201], at: '/success', values: [false] },
        ],
      },
      list: { path: '{{keysPath}}', items: '/keys' },
      revoke: { method: 'DELETE', path: '{{keysPath}}/{keyId}' },
    },
    probes: [
      { id: 'call', url: 'gateway', method: 'GET', path: '{{probe}}', headers: { authorization: 'Basic {basic}' } },
    ],
  },
};

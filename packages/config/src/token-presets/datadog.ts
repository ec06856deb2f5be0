import type { Preset } from '../token-preset.ts';

const keys = '/api/v2/api_keys';
// An API key of the master that is none gets the same status as one without the permission.
const failsWhen = [{ status: [403], means: 'unauthenticated' as const }];

/**
 * API keys of a Datadog organization. They stand side by side, so a target is a name: the keys whose name begins with it. A key can be read again, and
 * there is no disabling. https://docs.datadoghq.com/api/latest/key-management/
 */
export const datadog: Preset = {
  parameters: { site: { form: /[a-z0-9-]+(\.[a-z0-9-]+)+/, usual: 'datadoghq.com' } },
  description: {
    model: 'multi',
    auth: {
      as: 'headers',
      headers: { 'dd-api-key': '{master.apiKey}', 'dd-application-key': '{master.applicationKey}' },
    },
    urls: { api: 'https://api.{{site}}' },
    targets: { form: '[A-Za-z0-9][\\w.-]{0,79}' },
    secretIn: 'read',
    key: {
      keyId: '/id',
      secret: '/attributes/key',
      label: '/attributes/name',
      group: '{target}',
      created: '/attributes/created_at',
    },
    requests: {
      create: {
        method: 'POST',
        path: keys,
        json: { data: { type: 'api_keys', attributes: { name: '{label}' } } },
        at: '/data',
        failsWhen: [...failsWhen, { status: [400], means: 'quota' }],
      },
      list: {
        path: keys,
        query: { filter: '{target}', 'page[size]': '100' },
        items: '/data',
        paging: { as: 'page', query: 'page[number]', first: 0 },
        failsWhen,
      },
      read: { path: `${keys}/{keyId}`, at: '/data', failsWhen },
      label: {
        method: 'PATCH',
        path: `${keys}/{keyId}`,
        json: { data: { type: 'api_keys', id: '{keyId}', attributes: { name: '{label}' } } },
        failsWhen,
      },
      revoke: { method: 'DELETE', path: `${keys}/{keyId}`, failsWhen },
    },
    probes: [
      { id: 'validate', url: 'api', method: 'GET', path: '/api/v1/validate', headers: { 'dd-api-key': '{secret}' } },
    ],
  },
};

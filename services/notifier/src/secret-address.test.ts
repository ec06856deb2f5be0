import { renderings } from '@keyturn/aws/renderings';
import { describe, expect, test } from 'vitest';

import { secretAddress } from './secret-address.ts';

const slack = 'https://hooks.slack.com/services/';
const teams = 'https://default01.ef.environment.api.powerplatform.com';
const canary = 'canary4711canary';

describe('is taken', () => {
  test.each([
    [slack, `T01/B01/${canary}`, `/T01/B01/${canary}`],
    [slack, `https://hooks.slack.com/services/T01/B01/${canary}`, `/T01/B01/${canary}`],
    [slack, `https://hooks.slack.com:443/services/T01/B01/${canary}`, `/T01/B01/${canary}`],
    ['https://hooks.slack.com/services', `T01/B01/${canary}`, `/T01/B01/${canary}`],
    [teams, 'workflows/a/triggers/manual/paths/invoke', '/workflows/a/triggers/manual/paths/invoke'],
  ])('after %s: %s', (base, text, path) => {
    expect(secretAddress(base, text, 'f')).toEqual({ path, query: {} });
  });

  test('with its query, as the workflow wrote it', () => {
    const text = `${teams}:443/workflows/a/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sig=a-b_c%2B`;

    expect(secretAddress(teams, text, 'f')).toEqual({
      path: '/workflows/a/paths/invoke',
      query: { 'api-version': '1', sp: '/triggers/manual/run', sig: 'a-b_c+' },
    });
  });
});

describe('is refused', () => {
  test.each([
    ['another host', `https://evil.example/services/T01/B01/${canary}`],
    ['a host that begins like ours', `https://hooks.slack.com.evil.example/services/${canary}`],
    ['ours as the name of a person', `https://hooks.slack.com@evil.example/services/${canary}`],
    ['a person at ours', `https://${canary}@hooks.slack.com/services/T01`],
    ['another port', `https://hooks.slack.com:8443/services/${canary}`],
    ['no TLS', `http://hooks.slack.com/services/${canary}`],
    ['a host without scheme', `//evil.example/services/${canary}`],
    ['a host behind backslashes', `\\\\evil.example\\${canary}`],
    ['a way out', `../api/${canary}`],
    ['an encoded way out', `%2e%2e/api/${canary}`],
    ['a path from the root', `/api/${canary}`],
    ['an empty segment', `T01//${canary}`],
    ['a fragment', `T01/B01/${canary}#a`],
    ['nothing but the base', slack],
    ['another scheme', `javascript:${canary}`],
  ])('%s', (_what, text) => {
    const error = refusal(text);

    expect(error).toMatchObject({ reason: 'misconfigured', field: 'notifications.slack.webhookSecret' });
    expect(renderings(error)).not.toContain(canary);
  });
});

function refusal(text: string): unknown {
  try {
    return secretAddress(slack, text, 'notifications.slack.webhookSecret');
  } catch (error) {
    return error;
  }
}

import { GoogleError, violation } from './google-error.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';
import type { Call, Operations, World } from './management-call.ts';
import { type App, productsOf } from './organization.ts';
import { organizationAppJson } from './resource-json.ts';

const appsPerPage = 100;
const simulated = new Set('expand filter includeCred pageSize pageToken'.split(' '));

const filters: Record<string, (app: App, value: string) => boolean> = {
  consumerKey: (app, value) => app.keys.some(({ consumerKey }) => consumerKey === value),
  developerEmail: (app, value) => app.owner.kind === 'developer' && app.owner.name === value,
  apiProduct: (app, value) => app.keys.some((key) => productsOf(key).some(({ name }) => name === value)),
  status: (app, value) => app.status.value === value,
  appId: (app, value) => app.appId === value,
  appName: (app, value) => app.name === value,
};

/** One condition, `name=value`. */
function conditionOf(filter: string | null): (app: App) => boolean {
  if (filter === null) {
    return () => true;
  }
  const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(\S+)\s*$/u.exec(filter) ?? [];
  const accepts = filters[name];
  if (accepts === undefined) {
    throw new GoogleError(
      400,
      `The filter is not of the form name=value with a name out of ${Object.keys(filters).join(', ')}`,
    );
  }
  return (app) => accepts(app, value.replaceAll(/^"|"$/gu, ''));
}

function offsetOf(token: string | null): number {
  if (token === null || token === '') {
    return 0;
  }
  const [, offset] = /^after-(\d+)$/u.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) {
    throw new GoogleError(400, 'Invalid pageToken');
  }
  return Number(offset);
}

const tokenAt = (offset: number): string => Buffer.from(`after-${offset}`).toString('base64url');

export function appSearch({ org }: World): Operations {
  function list({ query }: Call): Answer {
    const unknown = [...query.keys()].find((name) => !simulated.has(name));
    if (unknown !== undefined) {
      throw new GoogleError(501, `The simulator does not know what Apigee does with ${unknown}`);
    }
    const found = org
      .apps()
      .filter(conditionOf(query.get('filter')))
      .sort((a, b) => (a.appId < b.appId ? -1 : 1));
    const size = Math.min(Number(query.get('pageSize') ?? appsPerPage) || appsPerPage, appsPerPage);
    if (size < 0) {
      throw new GoogleError(400, 'pageSize is negative');
    }
    const from = offsetOf(query.get('pageToken'));
    const page = found.slice(from, from + size);
    const expanded = query.get('expand') === 'true';
    const withCredentials = query.get('includeCred') === 'true';
    const apps = page.map((app) => (expanded ? organizationAppJson(app, withCredentials) : { appId: app.appId }));
    return jsonAnswer(200, {
      ...(apps.length > 0 && { app: apps }),
      ...(from + size < found.length && { nextPageToken: tokenAt(from + size) }),
    });
  }

  return {
    'apigee.organizations.apps.list': list,
    'apigee.organizations.apps.get'({ params }) {
      const id = params.get('appsId') ?? '';
      const app = org.apps().find(({ appId }) => appId === id);
      if (app === undefined) {
        throw violation(404, 'developer.service.AppDoesNotExist', `App with id ${id} does not exist`);
      }
      return jsonAnswer(200, organizationAppJson(app, true));
    },
  };
}

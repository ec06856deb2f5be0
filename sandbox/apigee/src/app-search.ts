import { ApigeeError, refusal } from './apigee-error.ts';
import { jsonAnswer } from './loopback-server.ts';
import type { Operation, World } from './management-call.ts';
import { type App, productsOf } from './organization.ts';
import { tokenPage } from './token-page.ts';

const appsPerPage = 100;
const simulated = new Set('expand filter includeCred pageSize pageToken'.split(' '));

const filters: Record<string, (app: App, value: string) => boolean> = {
  consumerKey: (app, value) => app.keys.some(({ consumerKey }) => consumerKey === value),
  developerEmail: ({ owner }, value) => owner.kind === 'developer' && owner.name === value,
  appGroup: ({ owner }, value) => owner.kind === 'appGroup' && owner.name === value,
  appType: ({ owner }, value) => value === (owner.kind === 'developer' ? 'Developer' : 'AppGroup'),
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
    throw new ApigeeError(
      400,
      `The filter is not of the form name=value with a name out of ${Object.keys(filters).join(', ')}`,
    );
  }
  return (app) => accepts(app, value.replaceAll(/^"|"$/gu, ''));
}

/** The organization's own list of apps as X gives it. */
export function appSearch({ org, dialect }: World): { list: Operation } {
  return {
    list({ query }) {
      const unknown = [...query.keys()].find((name) => !simulated.has(name));
      if (unknown !== undefined) {
        throw new ApigeeError(501, `The simulator does not know what Apigee does with ${unknown}`);
      }
      const found = org
        .apps()
        .filter(conditionOf(query.get('filter')))
        .sort((a, b) => (a.appId < b.appId ? -1 : 1));
      const { page, nextPageToken } = tokenPage(found, query, appsPerPage);
      const expanded = query.get('expand') === 'true';
      const withCredentials = query.get('includeCred') === 'true';
      const apps = page.map((app) =>
        expanded ? dialect.json.organizationApp(app, withCredentials) : { appId: app.appId },
      );
      return jsonAnswer(200, {
        ...(apps.length > 0 && { app: apps }),
        ...(nextPageToken !== undefined && { nextPageToken }),
      });
    },
  };
}

/** An app by its id, whoever has it. */
export const appById =
  ({ org, dialect }: World): Operation =>
  ({ params }) => {
    const id = params.get('appsId') ?? '';
    const app = org.apps().find(({ appId }) => appId === id);
    if (app === undefined) {
      throw refusal(404, 'developer.service.AppDoesNotExist', `App with id ${id} does not exist`);
    }
    return jsonAnswer(200, dialect.json.organizationApp(app, true));
  };

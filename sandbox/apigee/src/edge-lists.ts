import { keyPage } from './key-page.ts';
import { jsonAnswer } from './loopback-server.ts';
import { type Operation, ownerOf, type World } from './management-call.ts';

/**
 * The lists of Edge: names or ids, or whole apps with `expand=true`; from startKey on, which comes again as the first of the next page. There
 * is no way to ask for the app of a key: a parameter that Edge does not know, `filter` among them, is passed over.
 */
export function edgeLists(world: World): { ofOwner: Operation; ofOrganization: Operation } {
  const { org, dialect } = world;
  return {
    ofOwner(call) {
      const { query } = call;
      const apps = [...ownerOf(world, call).apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = keyPage(apps, ({ name }) => name, { startKey: query.get('startKey'), count: query.get('count') });
      return jsonAnswer(
        200,
        query.get('expand') === 'true' ? { app: page.map(dialect.json.app) } : page.map(({ name }) => name),
      );
    },
    ofOrganization({ query }) {
      const apps = org.apps().toSorted((a, b) => (a.appId < b.appId ? -1 : 1));
      const page = keyPage(apps, ({ appId }) => appId, { startKey: query.get('startKey'), count: query.get('rows') });
      const withCredentials = query.get('includeCred') === 'true';
      return jsonAnswer(
        200,
        query.get('expand') === 'true'
          ? { app: page.map((app) => dialect.json.organizationApp(app, withCredentials)) }
          : page.map(({ appId }) => appId),
      );
    },
  };
}

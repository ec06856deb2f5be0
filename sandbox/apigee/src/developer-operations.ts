import { ApigeeError } from './apigee-error.ts';
import { keyPage } from './key-page.ts';
import { jsonAnswer } from './loopback-server.ts';
import { type Operation, ownerOf, type World } from './management-call.ts';

/** The list of a developer's apps as X gives it. */
export function developerOperations(world: World): { listApps: Operation } {
  return {
    listApps(call) {
      const { query } = call;
      const expanded = query.get('expand') === 'true';
      if (expanded && (query.has('count') || query.has('startKey'))) {
        throw new ApigeeError(400, 'expand is not valid together with count or startKey');
      }
      const apps = [...ownerOf(world, call).apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = keyPage(apps, ({ name }) => name, { startKey: query.get('startKey'), count: query.get('count') });
      const app = page.map((one) => (expanded ? world.dialect.json.app(one) : { appId: one.name }));
      return jsonAnswer(200, page.length === 0 ? {} : { app });
    },
  };
}

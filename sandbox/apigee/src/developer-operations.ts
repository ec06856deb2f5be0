import { GoogleError } from './google-error.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';
import { appOf, type Call, developerOf, type Operations, type World } from './management-call.ts';
import { developerAppJson, developerJson } from './resource-json.ts';

const appsPerAnswer = 100;

export function developerOperations(world: World): Operations {
  function list(call: Call): Answer {
    const { query } = call;
    const expanded = query.get('expand') === 'true';
    if (expanded && (query.has('count') || query.has('startKey'))) {
      throw new GoogleError(400, 'expand is not valid together with count or startKey');
    }
    const apps = [...developerOf(world, call).apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const start = query.get('startKey');
    const from = start === null ? 0 : apps.findIndex(({ name }) => name === start);
    if (from < 0) {
      throw new GoogleError(400, 'startKey names no app of the developer');
    }
    const count = Math.min(Number(query.get('count') ?? appsPerAnswer), appsPerAnswer);
    if (!(count > 0)) {
      throw new GoogleError(400, 'count is a number above 0');
    }
    const page = apps.slice(from, from + count);
    const app = page.map((one) => (expanded ? developerAppJson(one) : { appId: one.name }));
    return jsonAnswer(200, page.length === 0 ? {} : { app });
  }

  return {
    'apigee.organizations.developers.get': (call) =>
      jsonAnswer(200, developerJson(developerOf(world, call), world.org.name)),
    'apigee.organizations.developers.apps.list': list,
    'apigee.organizations.developers.apps.get': (call) => jsonAnswer(200, developerAppJson(appOf(world, call))),
  };
}

import { ApigeeError } from './apigee-error.ts';
import type { SeenKey } from './gateway-node.ts';

const notSet = '(not set)';
const dimensions: Record<string, (key: SeenKey) => string> = {
  client_id: ({ consumerKey }) => consumerKey,
  developer_app: ({ app }) => app.name,
  developer_email: ({ app: { owner } }) => (owner.kind === 'developer' ? owner.name : notSet),
};

/** What a call has under a dimension, by the dimension's name. */
export function dimensionOf(name: string): (key: SeenKey) => string {
  const valueOf = dimensions[name];
  if (valueOf === undefined) {
    throw new ApigeeError(501, `The simulator knows the dimensions ${Object.keys(dimensions).join(', ')}`);
  }
  return valueOf;
}

/** `(developer_app eq 'name')`, also with `in` and a list, and several of them joined by `and`. */
export function statisticsFilter(filter: string | null): (key: SeenKey) => boolean {
  if (filter === null) {
    return () => true;
  }
  const [, inside] = /^\s*\((.*)\)\s*$/u.exec(filter) ?? [];
  const conditions = inside?.split(/\s+and\s+(?=\w+\s)/u).map(conditionOf) ?? [];
  if (conditions.length === 0) {
    throw new ApigeeError(400, 'A filter is in parentheses');
  }
  return (key) => conditions.every((holds) => holds(key));
}

function conditionOf(text: string): (key: SeenKey) => boolean {
  const [, name = '', list = ''] =
    /^\s*(\w+)\s+(?:eq\s+(?='[^']*'\s*$)|in\s+)('[^']*'(?:\s*,\s*'[^']*')*)\s*$/u.exec(text) ?? [];
  if (list === '') {
    throw new ApigeeError(400, "A condition of a filter is of the form name eq 'value' or name in 'value','value'");
  }
  const valueOf = dimensionOf(name);
  const values = new Set([...list.matchAll(/'([^']*)'/gu)].map(([, value = '']) => value));
  return (key) => values.has(valueOf(key));
}

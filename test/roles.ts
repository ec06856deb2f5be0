import { list, ofType, pointee, text, type FunctionEntry, type Statement, type Template } from './template.ts';

export type Grant = { readonly role: string; readonly statement: Statement };

/** Every statement of every role that allows something, those of policies that are attached to it too. */
export const grants = (template: Template): readonly Grant[] =>
  statements(template).filter(({ statement: { Effect } }) => Effect === 'Allow');

function statements(template: Template): readonly Grant[] {
  const inline = ofType(template, 'AWS::IAM::Role').flatMap(([role, { Policies }]) =>
    Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map((statement) => ({ role, statement }))),
  );
  const attached = ofType(template, 'AWS::IAM::Policy').flatMap(([, { Roles, PolicyDocument }]) =>
    Roles.flatMap((role) => PolicyDocument.Statement.map((statement) => ({ role: pointee(role) ?? '', statement }))),
  );
  return [...inline, ...attached];
}

/** Those that allow an action whose name begins so. */
export const grantsOf = (template: Template, action: string): readonly Grant[] =>
  grants(template).filter(({ statement }) => list(statement.Action).some((name) => name.startsWith(action)));

export const resourcesOf = ({ statement }: Grant): readonly string[] =>
  list(statement.Resource).map((resource) => pointee(resource) ?? text(resource));

export const functionsOf = ({ functions }: Template, role: string): readonly FunctionEntry[] =>
  Object.values(functions).filter((entry) => pointee(entry.role) === role);

export const statement = (template: Template, role: string, sid: string): Statement =>
  statements(template).find((grant) => grant.role === role && grant.statement.Sid === sid)!.statement;

export const condition = (
  { statement: { Condition = {} } }: Grant,
  operator: string,
  key: string,
): readonly unknown[] => list(Condition[operator]?.[key]);

import { templateConditions } from '@keyturn/local-aws/template-conditions';

type Declared = {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: string | number }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
};

/** A value of the template as it is with the defaults of its parameters: each Fn::If is one of its branches, AWS::NoValue is gone. */
export function withDefaults({ Parameters = {}, Conditions = {} }: Declared) {
  const parameter = (value: unknown): unknown => {
    const name = (value as { Ref?: string } | undefined)?.Ref;
    return name === undefined ? value : (Parameters[name]?.Default ?? '').toString();
  };
  const holds = templateConditions({ conditions: Conditions, resolve: parameter });

  function settle(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(settle).filter((element) => element !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value) as [string, unknown][];
    if (entries.length === 1 && entries[0]![0] === 'Fn::If') {
      const [condition, then, otherwise] = entries[0]![1] as [string, unknown, unknown];
      return settle(holds(condition) ? then : otherwise);
    }
    if (entries.length === 1 && (value as { Ref?: string }).Ref === 'AWS::NoValue') return undefined;
    return Object.fromEntries(
      entries.map(([key, member]) => [key, settle(member)]).filter(([, member]) => member !== undefined),
    );
  }
  return { settle, isThere: ({ Condition }: { Condition?: string }) => Condition === undefined || holds(Condition) };
}

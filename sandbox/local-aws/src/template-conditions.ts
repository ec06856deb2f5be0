import * as z from 'zod';

const pair = z.tuple([z.unknown(), z.unknown()]);
const one = z.tuple([z.unknown()]);
const some = z.array(z.unknown()).min(2).max(10);

type ConditionsOptions = {
  /** By name, as the template defines them. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** A Ref to a parameter or a pseudo parameter, or text. */
  readonly resolve: (value: unknown) => unknown;
};

/** The conditions of a template: Equals, Not, And, Or and each other. Throws on a name that is not defined. */
export function templateConditions({ conditions, resolve }: ConditionsOptions): (name: string) => boolean {
  const evaluate = (condition: unknown): boolean => {
    const [[name, argument] = ['', undefined], ...more] = Object.entries(
      z.record(z.string(), z.unknown()).parse(condition),
    );
    if (more.length > 0) throw new Error('A condition is one function');
    switch (name) {
      case 'Fn::Equals': {
        const [left, right] = pair.parse(argument);
        return resolve(left) === resolve(right);
      }
      case 'Fn::Not':
        return !evaluate(one.parse(argument)[0]);
      case 'Fn::And':
        return some.parse(argument).every(evaluate);
      case 'Fn::Or':
        return some.parse(argument).some(evaluate);
      case 'Condition':
        return holds(z.string().parse(argument));
      default:
        throw new Error(`local-aws does not know the condition function ${name}`);
    }
  };
  const holds = (name: string): boolean => {
    if (!Object.hasOwn(conditions, name))
      throw new Error(`The template names the condition ${name}, which it does not define`);
    return evaluate(conditions[name]);
  };
  return holds;
}

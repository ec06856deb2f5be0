/**
 * Lets whoever uses the ports die at one call: after the call's effect its answer never comes, and nobody can catch that. `calls` counts them all;
 * `died` resolves once it happened.
 */
export function dyingAt(fatal: number) {
  let calls = 0;
  let die = () => {};
  const died = new Promise<'died'>((resolve) => (die = () => resolve('died')));
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          calls += 1;
          const isFatal = calls === fatal;
          const answer: unknown = Reflect.apply(value, target, given);
          if (!isFatal) return answer;
          if (isIterable(answer)) return silence(die);
          return Promise.resolve(answer).then(() => {
            die();
            return new Promise(() => {});
          });
        };
      },
    });
  return { wrap, died, calls: () => calls };
}

const isIterable = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;

/** A listing of which nothing ever comes. */
const silence = (die: () => void): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({
    next: () => {
      die();
      return new Promise(() => {});
    },
  }),
});

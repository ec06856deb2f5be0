/** What the demo says while it runs: one line a happening, and on a terminal a line of counts that stays at the bottom. */
export type Progress = {
  happened(text: string): void;
  counts(text: string): void;
  end(): void;
};

const quietEveryMs = 5000;

/** `out`: standard error where standard output is for a program. */
export function progress(out: NodeJS.WriteStream): Progress {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  let lastCounts = '';
  let lastQuiet = 0;
  const clear = () => {
    if (out.isTTY) out.write('\r\u001B[K');
  };
  return {
    happened(text) {
      clear();
      out.write(`${seconds()}  ${text}\n`);
      if (out.isTTY) out.write(lastCounts);
    },
    counts(text) {
      // A line that wraps cannot be cleared.
      lastCounts = `${seconds()}  ${text}`.slice(0, (out.columns ?? 200) - 1);
      if (out.isTTY) {
        clear();
        out.write(lastCounts);
      } else if (performance.now() - lastQuiet > quietEveryMs) {
        lastQuiet = performance.now();
        out.write(`${lastCounts}\n`);
      }
    },
    end() {
      clear();
      lastCounts = '';
    },
  };
}

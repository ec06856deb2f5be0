import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** The options of the call; undefined where the call is wrong, after saying so. */
export function readOptions<Options extends ParseArgsOptionsConfig>(options: Options, help: string) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'wrong call'}\n\n${help}`);
    return undefined;
  }
}

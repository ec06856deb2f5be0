import { userInfo } from 'node:os';

/** Who runs a command, for people who hear of it. A container may run it as a number that has no name there, which Node answers with an error. */
export function operatorName(read: () => { readonly username: string } = userInfo): string {
  try {
    return read().username;
  } catch {
    return 'somebody';
  }
}

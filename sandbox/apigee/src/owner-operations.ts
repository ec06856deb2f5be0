import { jsonAnswer } from './loopback-server.ts';
import { type Operation, ownerOf, type World } from './management-call.ts';

/** A developer, a company or an app group by itself. */
export const ownerOperations = (world: World): { get: Operation } => ({
  get: (call) => jsonAnswer(200, world.dialect.json.owner(ownerOf(world, call), world.org.name)),
});

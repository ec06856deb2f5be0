import type { Dialect } from './dialect.ts';
import { edgeDialect } from './edge-dialect.ts';
import { edgeRoutes } from './edge-routes.ts';
import { googleDialect } from './google-dialect.ts';
import { googleRoutes } from './google-routes.ts';
import type { Routes, World } from './management-call.ts';
import type { Flavour, Unsettled } from './simulator.ts';

type Spoken = { dialect: (unsettled: Unsettled) => Dialect; routes: (world: World) => Routes };

const google: Spoken = { dialect: googleDialect, routes: googleRoutes };

/** Every flavour by its name. Hybrid is managed like X, OPDK like Edge but for what was seen to differ. */
export const flavours: Record<Flavour, Spoken> = {
  x: google,
  hybrid: google,
  edge: { dialect: edgeDialect, routes: edgeRoutes },
  opdk: {
    dialect: (unsettled) => edgeDialect({ productlessMint: 'no-key', ...unsettled }),
    routes: edgeRoutes,
  },
};

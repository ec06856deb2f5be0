import type { AccessTokens } from './access-tokens.ts';
import { ApigeeError } from './apigee-error.ts';
import { authenticate } from './authenticate.ts';
import type { Incoming } from './loopback-server.ts';
import type { Routes, World } from './management-call.ts';
import type { Served } from './surface.ts';

/** The management API: the flavour's routes say what is a request at all, and its operations what it does. */
export function management(world: World, routes: Routes, tokens: AccessTokens): (incoming: Incoming) => Served {
  const { org, dialect } = world;
  return (incoming) => {
    const route = routes(incoming);
    if (!('perform' in route)) {
      return { answer: route };
    }
    const { operation, params } = route;
    const served: Served = { answer: { status: 500 }, operation };
    try {
      const sent = params.get('organizationsId') ?? '';
      const refused = dialect.refuse(authenticate(incoming, tokens), { sent, known: org.name });
      if (refused) {
        throw refused;
      }
      served.fits = false;
      const { body, fits } = route.read(incoming);
      served.fits = fits;
      served.answer = route.perform({ params, query: incoming.query, body });
    } catch (error) {
      if (!(error instanceof ApigeeError)) {
        throw error;
      }
      served.answer = dialect.error(error);
    }
    return served;
  };
}

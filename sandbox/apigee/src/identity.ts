import { accessTokens, type AccessTokens } from './access-tokens.ts';
import { edgeLoginServer } from './edge-login.ts';
import type { Fresh } from './fresh.ts';
import type { Incoming } from './loopback-server.ts';
import { serviceAccount } from './service-account.ts';
import type { EdgeLogin, WorkloadIdentity } from './simulated-identity.ts';
import type { ServiceAccountKey, SimulatorOptions } from './simulator.ts';
import type { Served } from './surface.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { workloadIdentityServer } from './workload-identity.ts';

/** Who may call the management API, and where its tokens are had. */
export type Identity = {
  /** Those that the management API takes. */
  tokens: AccessTokens;
  serve: (incoming: Incoming) => Served;
  view: (baseUrl: string) => {
    tokenUrl: string;
    serviceAccount: ServiceAccountKey;
    edgeLogin: EdgeLogin;
    workloadIdentity: WorkloadIdentity;
  };
};

type Options = Pick<SimulatorOptions, 'flavour' | 'accessTokenSeconds' | 'edgeLogin' | 'workloadIdentity'>;

/** X and hybrid: a service account's key, or a role of AWS. Edge and OPDK: a user, by Edge's login server or in each call. */
export function identity(options: Options, organization: string, means: { now: () => number; fresh: Fresh }): Identity {
  const { flavour = 'x', edgeLogin = {}, workloadIdentity = {} } = options;
  const edge = flavour === 'edge' || flavour === 'opdk';
  const tokens = accessTokens(means.now, options.accessTokenSeconds ?? (edge ? 1799 : 3599), means.fresh);
  const account = serviceAccount(organization, means.fresh.id);
  const login = edgeLoginServer(edgeLogin, tokens, means);
  const workload = workloadIdentityServer(workloadIdentity, tokens, means);
  const byKey = tokenEndpoint(account, tokens);
  return {
    tokens: edge ? { ...tokens, takesUser: login.takesUser } : tokens,
    serve(incoming) {
      if (edge) {
        return login.serve(incoming);
      }
      return incoming.path.startsWith('/v1/') ? workload.serve(incoming) : byKey(incoming);
    },
    view: (baseUrl) => ({
      tokenUrl: edge ? `${baseUrl}/oauth/token` : `${baseUrl}/token`,
      serviceAccount: account.keyFile(`${baseUrl}/token`),
      edgeLogin: login.view(`${baseUrl}/oauth/token`),
      workloadIdentity: workload.view(baseUrl),
    }),
  };
}

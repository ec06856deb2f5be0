import { bundleProblem } from './ca-bundle.ts';
import type { NetworkConfig } from './network-config.ts';
import type { Problems } from './problem.ts';

/** What the schema cannot say of a network. */
export function* checkNetwork(at: string, network: NetworkConfig): Problems {
  const { subnets, securityGroups, proxy, noProxy, proxySecret, caBundle } = network;
  if (subnets.length > 0 && securityGroups.length === 0) {
    yield { field: `${at}.securityGroups`, message: 'is missing: subnets and securityGroups come together' };
  }
  if (securityGroups.length > 0 && subnets.length === 0) {
    yield { field: `${at}.subnets`, message: 'is missing: subnets and securityGroups come together' };
  }
  if (proxy !== undefined) yield* proxyProblems(at, proxy);
  if (proxy === undefined && noProxy.length > 0)
    yield { field: `${at}.noProxy`, message: 'is of no use without proxy' };
  if (proxy === undefined && proxySecret !== undefined) {
    yield { field: `${at}.proxySecret`, message: 'is of no use without proxy' };
  }
  const problem = caBundle === undefined ? undefined : bundleProblem(caBundle);
  if (problem !== undefined) yield { field: `${at}.caBundle`, message: problem };
}

function* proxyProblems(at: string, proxy: string): Problems {
  const field = `${at}.proxy`;
  const { protocol, username, password, pathname } = new URL(proxy);
  if (protocol !== 'http:' && protocol !== 'https:') yield { field, message: 'is not an http or https URL' };
  if (username !== '' || password !== '')
    yield { field, message: `holds credentials; they belong in the secret that ${at}.proxySecret names` };
  // `http://host?` has an empty query, which URL does not tell.
  if (!['', '/'].includes(pathname) || /[?#]/.test(proxy)) {
    yield { field, message: 'is scheme, host and port alone: no path, no query, no fragment' };
  }
}

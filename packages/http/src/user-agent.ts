/** Equals the version in the root's package.json; a test holds it so. */
const version = '0.1.0';

/** How gateways and proxies recognise our calls. */
export const userAgent = `keyturn/${version}`;

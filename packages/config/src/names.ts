/** What a stage's resources are called on AWS. The template gives them the same names. */
export function resourceNames(stage: string) {
  const base = `keyturn-${stage}`;
  return { bus: base, table: base, fleetParameter: `/keyturn/${stage}/fleet`, announcerQueue: `${base}-announcer` };
}

export function functionNames(stage: string) {
  const base = `keyturn-${stage}`;
  return {
    /** One of serverless.yml, such as `announcer`. */
    own: (name: string) => `${base}-${name}`,
    rotationHandler: `${base}-rotation-handler`,
    notifier: `${base}-notifier`,
    issue: (providerId: string) => `${base}-${providerId}-issue`,
    retire: (providerId: string) => `${base}-${providerId}-retire`,
  };
}

/** Logged by each sweep while the breaker holds the fleet; an alarm counts it. */
export const breakerLogLine = 'The breaker holds the fleet paused';

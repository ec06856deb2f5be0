import { ask, ok, problem, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** Whether the secrets that channels, providers and their proxies name exist. What they hold is not read. */
export const checkNamedSecrets: Check = async ({ config, secrets }) => {
  const { slack, webhooks, network: ofNotifier } = config.notifications;
  const named: (readonly [string, string | undefined])[] = [
    ['notifications.slack.tokenSecret', slack?.tokenSecret],
    ['notifications.slack.webhookSecret', slack?.webhookSecret],
    ...Object.entries(webhooks).map(([id, { secret }]) => [`notifications.webhooks.${id}.secret`, secret] as const),
    ['notifications.network.proxySecret', ofNotifier.proxySecret],
    ...Object.entries(config.providers).flatMap(([id, { adminSecret, retireSecret, network }]) => [
      [`providers.${id}.adminSecret`, adminSecret] as const,
      [`providers.${id}.retireSecret`, retireSecret] as const,
      [`providers.${id}.network.proxySecret`, network.proxySecret] as const,
    ]),
  ];
  const present = named.flatMap(([field, name]) => (name === undefined ? [] : [{ field, name }]));
  const findings: Finding[] = [];
  for (const { field, name } of present) {
    const about = `secret ${name} (${field})`;
    const found = await ask(about, `secretsmanager:DescribeSecret on ${name}`, async () => {
      const { deletedAt } = await secrets.describe(name);
      return deletedAt === undefined
        ? []
        : [problem(about, 'is marked for deletion', 'Restore it, or name another one.')];
    });
    findings.push(...found);
  }
  return findings.length > 0 ? findings : [ok('secrets', `all ${present.length} that the configuration names exist`)];
};

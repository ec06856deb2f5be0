import type { Config } from '@keyturn/config/config';
import { slackScopes } from '@keyturn/config/slack-scopes';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { Deps } from '../command.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';
import type { SlackIdentity } from './slack-bot.ts';

/** Whether the bot's token works and may do what it has to, and no more. */
export const checkSlack: Check = async (deps) => {
  const { slack } = deps.config.notifications;
  if (slack === undefined) return [ok('Slack', 'not configured')];
  const { tokenSecret } = slack;
  if (tokenSecret === undefined)
    return [ok('Slack', 'no bot, only a webhook: "keyturn notify test" shows whether it works')];
  return ask('Slack', `secretsmanager:GetSecretValue on ${tokenSecret}`, async () => {
    const token = (await deps.secrets.value(tokenSecret, { stage: 'AWSCURRENT' }))?.text;
    if (token === undefined || token.reveal().trim() === '') {
      return [problem('Slack', `${tokenSecret} is empty`, 'Put the bot token (xoxb-…) into it, as plain text.')];
    }
    return checkToken(token, deps);
  });
};

async function checkToken(token: Hidden, deps: Deps): Promise<readonly Finding[]> {
  const bot = await deps.doctor.slackBot.identify(token);
  const channels = [...new Set(Object.values(deps.config.routes).flatMap(({ slack }) => slack ?? []))];
  return [
    ok('Slack', `the token is that of ${bot.name} in ${bot.team}`),
    checkScopes(bot, deps.config),
    ...(await checkChannels(token, bot, channels, deps)),
  ];
}

const install = 'Install the app again by docs/slack-app-manifest.yaml, and put the new token into its secret.';

function checkScopes({ scopes }: SlackIdentity, { notifications }: Config): Finding {
  if (scopes.length === 0)
    return warning('Slack', 'Slack did not tell the scopes of the token', 'Look at them in the settings of the app.');
  const missing = slackScopes.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) return problem('Slack', `the token lacks the scope ${missing.join(', ')}`, install);
  const known: readonly string[] =
    notifications.slack?.webhookSecret === undefined ? slackScopes : [...slackScopes, 'incoming-webhook'];
  const extra = scopes.filter((scope) => !known.includes(scope));
  if (extra.length > 0) return warning('Slack', `the token may do more than it needs: ${extra.join(', ')}`, install);
  return ok('Slack', `its scopes are exactly ${scopes.join(', ')}`);
}

async function checkChannels(
  token: Hidden,
  { scopes }: SlackIdentity,
  channels: readonly string[],
  { doctor }: Deps,
): Promise<readonly Finding[]> {
  if (!scopes.includes('channels:read')) {
    const text = `with these scopes nobody can ask whether the bot is in ${channels.join(', ')}`;
    return [ok('Slack', `${text}; "keyturn notify test --owner …" shows it`)];
  }
  const outside: string[] = [];
  for (const channel of channels) {
    if (!(await doctor.slackBot.isMember(token, channel))) outside.push(channel);
  }
  if (outside.length === 0) return [ok('Slack', 'the bot is in each channel of the routes')];
  return [
    problem('Slack', `the bot is not in ${outside.join(', ')}`, 'Invite it: write /invite @Keyturn in the channel.'),
  ];
}

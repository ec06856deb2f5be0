import type { MailAccount, MailIdentity } from '@keyturn/aws/mail-account';

import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** Whether SES sends what we want to send, and in its sandbox whether it reaches every address of the routes. */
export const checkMail: Check = async ({ config, doctor: { mailAccount } }) => {
  const { mail } = config.notifications;
  if (mail === undefined) return [ok('mail', 'not configured')];
  const sender = mail.from.replace(/^.*<([^<>]*)>$/, '$1');
  const recipients = [...new Set(Object.values(config.routes).flatMap((route) => route.mail))];
  return [
    ...(await ask('mail', 'ses:GetEmailIdentity', async () => [await checkSender(sender, mailAccount)])),
    ...(await ask('mail', 'ses:GetAccount and ses:GetEmailIdentity', () => checkSending(recipients, mailAccount))),
  ];
};

const steps = 'docs/notifications.md has the steps.';

async function checkSender(sender: string, account: MailAccount): Promise<Finding> {
  const known = await identityOf(sender, account);
  if (known === undefined)
    return problem('mail', `SES does not know the sender ${sender}`, `Verify the domain or the address: ${steps}`);
  const { name, identity } = known;
  if (!identity.verified)
    return problem(
      'mail',
      `SES has not verified ${name} yet`,
      `Publish its records, or follow the link in its mail: ${steps}`,
    );
  if (identity.dkim === 'SUCCESS') return ok('mail', `${name} is verified, and its mail is signed (DKIM)`);
  return warning(
    'mail',
    `${name} is verified, but its mail is not signed (DKIM ${identity.dkim})`,
    `Mail without DKIM is often thrown away: ${steps}`,
  );
}

async function checkSending(recipients: readonly string[], account: MailAccount): Promise<readonly Finding[]> {
  const { enabled, production, standing, most, sent } = await account.sending();
  const about = 'mail';
  const findings: Finding[] = [];
  if (!enabled)
    findings.push(
      problem(about, `SES does not send for this account (${standing})`, 'Look at the account dashboard of SES.'),
    );
  if (enabled && standing !== 'HEALTHY') {
    findings.push(
      warning(about, `the standing of the account with SES is ${standing}`, 'Look at the account dashboard of SES.'),
    );
  }
  if (most > 0 && sent >= most * 0.9) {
    findings.push(
      warning(
        about,
        `${sent} of ${most} mails of the last 24 hours are used up`,
        'Have the sending quota of SES raised.',
      ),
    );
  }
  if (!production) findings.push(...(await checkSandbox(recipients, account)));
  return findings.length > 0 ? findings : [ok(about, 'SES sends for this account, outside of its sandbox')];
}

async function checkSandbox(recipients: readonly string[], account: MailAccount): Promise<readonly Finding[]> {
  const unreachable: string[] = [];
  for (const address of recipients) {
    if ((await identityOf(address, account))?.identity.verified !== true) unreachable.push(address);
  }
  const text = 'the account is in the sandbox of SES';
  if (unreachable.length === 0)
    return [warning('mail', `${text}; each address of the routes is verified`, `Ask for production access: ${steps}`)];
  return [
    problem(
      'mail',
      `${text}, which sends nothing to ${unreachable.join(', ')}`,
      `Ask for production access, or verify each of them: ${steps}`,
    ),
  ];
}

type Known = { readonly name: string; readonly identity: MailIdentity };

// SES takes the address itself before its domain.
async function identityOf(address: string, account: MailAccount): Promise<Known | undefined> {
  for (const name of [address, address.slice(address.indexOf('@') + 1)]) {
    const identity = await account.identity(name);
    if (identity !== undefined) return { name, identity };
  }
  return undefined;
}

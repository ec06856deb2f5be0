import type { MailAccount, MailIdentity, MailSending } from './mail-account.ts';

const healthy: MailSending = { enabled: true, production: true, standing: 'HEALTHY', most: 50_000, sent: 12 };

export function memoryMailAccount(
  identities: Readonly<Record<string, MailIdentity>>,
  sending: Partial<MailSending> = {},
): MailAccount {
  return {
    sending: async () => ({ ...healthy, ...sending }),
    identity: async (name) => (Object.hasOwn(identities, name) ? identities[name] : undefined),
  };
}

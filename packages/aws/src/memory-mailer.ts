import type { Mail, Mailer } from './mailer.ts';

/** A mailer that keeps what it was given. */
export function memoryMailer(): Mailer & { readonly sent: Mail[] } {
  const sent: Mail[] = [];
  return { sent, send: async (mail) => void sent.push(structuredClone(mail)) };
}

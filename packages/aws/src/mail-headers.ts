import { createHash } from 'node:crypto';

/**
 * Headers that make a mail program show the mails of one rotation together, although each has its own id: all of them answer one message
 * that was never sent. They also tell vacation responders to stay silent.
 */
export function mailHeaders(
  thread: string,
  from: string,
): readonly { readonly Name: string; readonly Value: string }[] {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'keyturn.invalid';
  const id = `<keyturn-${createHash('sha256').update(thread).digest('hex').slice(0, 32)}@${domain}>`;
  return [
    { Name: 'In-Reply-To', Value: id },
    { Name: 'References', Value: id },
    { Name: 'Auto-Submitted', Value: 'auto-generated' },
  ];
}

import type { Route } from '@keyturn/config/route';

import type { Announcement } from './announcement.ts';
import { renderMail } from './render-mail.ts';
import type { Deps, Step } from './tell-story.ts';
import { withIds, type ThreadId } from './thread-row.ts';

/** A mail to the owner's addresses, where the announcement is worth one. No step: nobody gets mail. */
export function mailSteps(
  { correlationId: thread }: ThreadId,
  { owner, mail: to }: Route,
  { mailer }: Pick<Deps, 'mailer'>,
  announcement: Announcement | undefined,
): readonly Step[] {
  if (mailer === undefined || to.length === 0) return [];
  return [
    {
      channel: 'mail',
      isDone: ({ mailed }) => announcement?.mail !== true || mailed.includes(announcement.ids[0]),
      async run(told) {
        if (announcement === undefined) return told;
        await mailer.send(renderMail(announcement.notice, { to, thread, owner }));
        return { ...told, mailed: withIds(told.mailed, announcement.ids) };
      },
    },
  ];
}

import { announceCurrent, type Deps } from './announce-current.ts';
import { announceFailure, noteTold, noteWaiting } from './announce-failure.ts';
import type { Notice } from './parse-notice.ts';

export function handleNotice(notice: Notice, deps: Deps): Promise<void> {
  switch (notice.kind) {
    case 'moved':
      return announceCurrent(notice, deps);
    case 'ended':
      return announceFailure(notice, deps);
    case 'waiting':
      return noteWaiting(notice, deps);
    case 'told':
      return noteTold(notice, deps);
  }
}

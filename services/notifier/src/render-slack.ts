import type { Notice } from './notice.ts';
import { plainText, webLink } from './plain-text.ts';
import type { SlackMessage } from './slack-channel.ts';

const emoji: Readonly<Record<Notice['tone'], string>> = {
  good: ':white_check_mark:',
  bad: ':rotating_light:',
  warning: ':warning:',
  plain: ':key:',
};

/** What the message is about, for programs that read the channel. */
export type SlackSubject = { readonly correlationId: string; readonly fact: string; readonly alert: boolean };

/** Slack refuses a message with a longer text, or with a longer field. */
const longestText = 3000;
const longestField = 2000;

export function renderSlack(notice: Notice, subject: SlackSubject): SlackMessage {
  const headline = mrkdwn(notice.headline);
  const body = notice.lines.map(mrkdwn);
  const fields = notice.facts
    .slice(0, 10)
    .map(({ label, value }) => markup(cut(`*${mrkdwn(label)}*\n${mrkdwn(value)}`, longestField)));
  return {
    // What screen readers and notifications use in place of the blocks.
    text: cut([headline, ...body].join('\n'), longestText),
    blocks: [
      { type: 'section', text: markup(cut([`${emoji[notice.tone]} *${headline}*`, ...body].join('\n'), longestText)) },
      ...(fields.length === 0 ? [] : [{ type: 'section' as const, fields }]),
      ...(notice.facts.length === 0 ? [] : [{ type: 'context' as const, elements: [markup(footer(notice.link))] }]),
    ],
    metadata: { event_type: 'keyturn_rotation', event_payload: { ...subject } },
  };
}

/** A reply among others in a thread: its head tells the rest. */
export function briefly(notice: Notice): Notice {
  return { ...notice, facts: [] };
}

// `verbatim` keeps Slack from turning names such as @here or #general, and addresses, into mentions and links.
function markup(text: string) {
  return { type: 'mrkdwn', text, verbatim: true } as const;
}

// Slack's three characters of markup; and a mention stays none even where somebody reads the text with other settings.
function mrkdwn(value: string): string {
  return plainText(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=channel|here|everyone)/gi, '@\u2060');
}

function footer({ label, url }: Notice['link']): string {
  const href = webLink(url)?.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('>', '%3E');
  const link = href === undefined ? '' : `<${href}|${mrkdwn(label)}> · `;
  return `${link}Keyturn rotates the keys that are kept in AWS Secrets Manager.`;
}

// Half an entity at the end would show.
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/&[a-z]{0,3}$/, '')}…`;
}

import type { Notice } from './notice.ts';
import { plainText, webLink } from './plain-text.ts';
import { secretAddress } from './secret-address.ts';
import type { WebhookFormat } from './webhook.ts';

/**
 * A workflow of Teams with the trigger "When a Teams webhook request is received": an adaptive card in a message. The workflow answers 202 before
 * it posts. The signature in its URL (`sig`) is what lets one post, so that path and query stand in the secret.
 */
export const teamsFormat: WebhookFormat = {
  interest: 'mails',
  request({ notice }, secret, { url, field }) {
    const card = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: cardOf(notice) };
    return {
      within: secretAddress(url, secret.reveal(), field),
      json: { type: 'message', summary: plainText(notice.headline), attachments: [card] },
    };
  },
};

const colours = { good: 'Good', bad: 'Attention', warning: 'Warning', plain: 'Default' } as const;

function cardOf({ tone, headline, lines, facts, link }: Notice) {
  const url = webLink(link.url);
  const rows = facts.map(({ label, value }) => paragraph([{ ...run(`${label}: `), weight: 'Bolder' }, run(value)]));
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      paragraph([{ ...run(headline), weight: 'Bolder', size: 'Medium', color: colours[tone] }]),
      ...lines.map((line) => paragraph([run(line)])),
      ...rows,
    ],
    actions: url === undefined ? [] : [{ type: 'Action.OpenUrl', title: link.label, url }],
  };
}

// A TextBlock reads Markdown, links included, and names come from outside. A run of rich text is text.
function paragraph(inlines: readonly object[]) {
  return { type: 'RichTextBlock', inlines };
}

function run(text: string) {
  return { type: 'TextRun', text: plainText(text, 1000) };
}

import type { Mail } from '@keyturn/aws/mailer';

import type { Notice } from './notice.ts';
import { plainText, webLink } from './plain-text.ts';

type Envelope = { readonly to: readonly string[]; readonly thread: string; readonly owner: string };

const bars: Readonly<Record<Notice['tone'], string>> = {
  good: '#2da44e',
  bad: '#d1242f',
  warning: '#bf8700',
  plain: '#218bff',
};

export function renderMail(notice: Notice, { to, thread, owner }: Envelope): Mail {
  const why = `Keyturn rotates the keys that are kept in AWS Secrets Manager. You get this mail because its configuration lists your address for the owner ${plainText(owner)}.`;
  return { to, thread, subject: plainText(notice.headline, 250), text: asText(notice, why), html: asHtml(notice, why) };
}

function asText({ headline, lines, facts, link }: Notice, why: string): string {
  const width = Math.max(0, ...facts.map(({ label }) => label.length)) + 2;
  const url = webLink(link.url);
  return [
    plainText(headline),
    ...lines.map((line) => plainText(line)),
    ...(facts.length === 0
      ? []
      : [facts.map(({ label, value }) => `${`${label}:`.padEnd(width)}${plainText(value)}`).join('\n')]),
    ...(url === undefined ? [] : [`${link.label}: ${url}`]),
    `--\n${why}\n`,
  ].join('\n\n');
}

// No colours but the bar's, which reads on white and on black: the reader's own theme decides the rest. Nothing is loaded from anywhere.
function asHtml({ tone, headline, lines, facts, link }: Notice, why: string): string {
  const url = webLink(link.url);
  const paragraphs = lines.map((line) => `<p style="margin:0 0 12px">${html(line)}</p>`);
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><td style="padding:2px 20px 2px 0;vertical-align:top;opacity:.75">${html(label)}</td><td style="padding:2px 0;word-break:break-word">${html(value)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${html(headline)}</title>
<style>:root { color-scheme: light dark; }</style>
</head>
<body style="margin:0;padding:24px 16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:640px;margin:0 auto;border-left:6px solid ${bars[tone]};padding-left:20px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${html(headline)}</h1>
${paragraphs.join('\n')}
${rows.length === 0 ? '' : `<table role="presentation" style="border-collapse:collapse;margin:16px 0;font-size:15px">\n${rows.join('\n')}\n</table>`}
${url === undefined ? '' : `<p style="margin:16px 0"><a href="${html(url)}">${html(link.label)}</a></p>`}
<p style="margin:24px 0 0;font-size:13px;opacity:.75">${html(why)}</p>
</div>
</body>
</html>
`;
}

function html(value: string): string {
  return plainText(value, 2000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

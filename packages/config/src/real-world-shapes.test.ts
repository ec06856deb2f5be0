import { credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { readCredential, vetSecret, writeCredential, type Shape } from '@keyturn/rotation/shape';
import { describe, expect, test } from 'vitest';

import { parseYaml } from './parse-yaml.ts';
import { shape } from './shape-config.ts';

const bom = '\uFEFF';
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
const json = (value: string) => JSON.stringify(value).slice(1, -1);

/** A secret as somebody has it, written for a pair: what is expected after a rotation is the very same for the next pair. */
type Row = {
  readonly name: string;
  readonly yaml: string;
  readonly secret: (keyId: string, secret: string) => string | Buffer;
};

const accepted: readonly Row[] = [
  {
    name: 'two fields',
    yaml: '{ keyId: /api_key, secret: /api_secret }',
    secret: (k, s) => `{"api_key":"${k}","api_secret":"${s}"}`,
  },
  {
    name: 'nested, the secret first and the two apart',
    yaml: '{ keyId: /apigee/app/id, secret: /apigee/auth/secret }',
    secret: (k, s) => `{"apigee": {"auth": {"secret": "${s}"}, "app": {"name": "orders", "id": "${k}"}}}`,
  },
  {
    name: 'an element of a list',
    yaml: '{ keyId: /credentials/1/value, secret: /credentials/2/value }',
    secret: (k, s) =>
      `{"credentials":[{"name":"URL","value":"https://x"},{"name":"KEY","value":"${k}"},{"name":"SECRET","value":"${s}"}]}`,
  },
  {
    name: 'pretty-printed with odd spacing and escapes, and names in other letters',
    yaml: '{ keyId: /clé, secret: /a~1b~0c }',
    secret: (k, s) =>
      `\r\n{\t"z" : [ 1.0,1e2 ,-0 ],\n\n  "cl\\u00e9" :\t"${k}"  ,"\\u00fc\\/":"\\u00e9\\n\\ud83d\\ude00",\r\n "a\\/b~c":"${s}" }\n\n`,
  },
  {
    name: 'numbers, booleans and null beside',
    yaml: '{ keyId: /key, secret: /secret }',
    secret: (k, s) =>
      `{"port":8443,"tls":true,"proxy":null,"ratio":0.10,"key":"${k}","secret":"${s}","tags":[],"x":{}}`,
  },
  {
    name: 'a ready-made header, a URL and a pair of its own form',
    yaml: `
      keyId: /client_id
      secret: /client_secret
      derived:
        /authorization: 'Basic {basic}'
        /pair: '{keyId}:{secret}'
        /url: 'https://gw.example/?k={keyId:url}&s={secret:url}'
        /header/encoded: '{secret:base64}'`,
    secret: (k, s) =>
      `{"authorization":"Basic ${base64(`${k}:${s}`)}","client_id":"${k}","client_secret":"${s}","pair":"${k}:${s}","url":"https://gw.example/?k=${encodeURIComponent(k)}&s=${encodeURIComponent(s)}","header":{"encoded":"${base64(s)}"}}`,
  },
  {
    name: 'the same credential twice',
    yaml: '{ keyId: /key, secret: /secret, also: [{ keyId: /legacy/user, secret: /legacy/password }] }',
    secret: (k, s) => `{"legacy":{"password":"${s}","user":"${k}"},"key":"${k}","secret":"${s}"}`,
  },
  {
    name: 'JSON in a string of JSON in a string',
    yaml: '{ keyId: /config/inner/id, secret: /config/secret }',
    secret: (k, s) => {
      const inner = `{ "id": "${k}", "note": "a\\\\b" }`;
      const config = `{"inner": "${json(inner)}" ,"secret":"${s}","path":"c:\\\\x"}\n`;
      return `{"config":"${json(config).replaceAll('c:', '\\u0063:')}","url":"https:\\/\\/x"}`;
    },
  },
  { name: 'a pair as text', yaml: `{ text: '{keyId}:{secret}' }`, secret: (k, s) => `${k}:${s}` },
  {
    name: 'a pair as text, ended by a line break',
    yaml: `{ text: '{keyId}:{secret}' }`,
    secret: (k, s) => `${k}:${s}\n`,
  },
  {
    name: 'two lines with a byte order mark',
    yaml: `{ text: "{keyId}\\n{secret}\\n" }`,
    secret: (k, s) => `${bom}${k}\r\n${s}\r\n`,
  },
  {
    name: 'an .env file',
    yaml: `{ lines: ['API_KEY={keyId}', 'export API_SECRET="{secret}"', 'AUTH=Basic {basic}'] }`,
    secret: (k, s) =>
      `# API_KEY=old\nOTHER_API_KEY_NAME=x\n\n  API_KEY=${k}  \nexport API_SECRET="${s}"\nAUTH=Basic ${base64(`${k}:${s}`)}\nEMPTY=\nQUOTED='a b'`,
  },
  {
    name: 'a .properties file with CRLF',
    yaml: `{ lines: ['apigee.client.id = {keyId}', 'apigee.client.secret = {secret}'] }`,
    secret: (k, s) =>
      `! caf\\u00e9\r\napigee.url=https\\://x\r\napigee.client.id = ${k}\r\n\tapigee.client.secret = ${s} \r\nlong=a\\\r\n  b\r\n`,
  },
  {
    name: 'an INI file, in one of two sections',
    yaml: `
      snippets: ["[apigee]\\nkey = {keyId}\\nsecret = {secret}"]
      group: [{ keyId: /other/key, secret: /other/secret }]`,
    secret: (k, s) => `[other]\nkey = theirs\nsecret = theirs-too\n\n[apigee]\nkey = ${k}\nsecret = ${s}\n; end`,
  },
  {
    name: 'YAML as text',
    yaml: `{ lines: ['  key: {keyId}', "  secret: '{secret}'"] }`,
    secret: (k, s) => `apigee:\n  key: ${k}\n  secret: '${s}'\n# end\n`,
  },
  {
    name: 'XML',
    yaml: `{ snippets: ['<clientId>{keyId}</clientId>', 'secret="{secret}"'] }`,
    secret: (k, s) => `<?xml version="1.0"?>\r\n<a><clientId>${k}</clientId><b secret="${s}" x='&amp;'/></a>\r\n`,
  },
  {
    name: 'binary JSON',
    yaml: '{ keyId: /key, secret: /secret }',
    secret: (k, s) => Buffer.from(`{"é€😀":"ü","key":"${k}",\n"secret":"${s}"}`, 'utf8'),
  },
  {
    name: 'binary text with bytes that are no UTF-8',
    yaml: `{ lines: ['KEY={keyId}', 'SECRET={secret}'] }`,
    secret: (k, s) => Buffer.from(`name=caf\u00e9\u00ff\u0000\nKEY=${k}\r\nSECRET=${s}\n\u00fe`, 'latin1'),
  },
  {
    name: 'binary text with a byte order mark, and other letters in its template',
    yaml: `{ lines: ['clé={keyId}', 'SECRET={secret}'] }`,
    secret: (k, s) => Buffer.from(`${bom}clé=${k}\nSECRET=${s}\n`, 'utf8'),
  },
  {
    name: 'several credentials, as a group',
    yaml: `
      keyId: /azure/client_id
      secret: /azure/client_secret
      group:
        - { keyId: /apigee/client_id, secret: /apigee/client_secret }
        - { keyId: /key2, secret: /secret2 }`,
    secret: (k, s) =>
      `{"apigee":{"client_id":"theirs","client_secret":"also theirs"},"azure":{"client_id":"${k}","client_secret":"${s}"},"key2":"a","secret2":"b"}`,
  },
  {
    name: 'JSON with nothing but a header',
    yaml: `{ derived: { /authorization: 'Basic {basic}' } }`,
    secret: (k, s) => `{"authorization":"Basic ${base64(`${k}:${s}`)}","url":"https:\\/\\/gw.example"}`,
  },
  {
    name: 'JSON with a header in a string, what else is made of it, and the header of somebody else',
    yaml: `
      derived:
        /http/user: '{keyId}'
        /http/headers/1/value: 'Basic {basic}'
        /plain: '{basic}'
      group: [{ keyId: /proxy, secret: /proxy }]`,
    secret: (k, s) => {
      const headers = `[{"name":"Accept","value":"*/*"}, {"name":"Authorization","value":"Basic ${base64(`${k}:${s}`)}"}]`;
      return `{"plain":"${base64(`${k}:${s}`)}","proxy":"Basic ${base64('their:own')}","http":"${json(`{"headers":${headers},"user":"${k}"}`)}"}`;
    },
  },
  {
    name: 'binary JSON with nothing but a header',
    yaml: `{ derived: { /auth: '{basic}' } }`,
    secret: (k, s) => Buffer.from(`{"é":1, "auth" : "${base64(`${k}:${s}`)}"}\n`, 'utf8'),
  },
  { name: 'a header as text', yaml: `{ text: 'Basic {basic}' }`, secret: (k, s) => `Basic ${base64(`${k}:${s}`)}` },
  {
    name: 'what stands in a header as text, in bytes with a byte order mark and a line break',
    yaml: `{ text: '{basic}' }`,
    secret: (k, s) => Buffer.from(`${bom}${base64(`${k}:${s}`)}\r\n`, 'utf8'),
  },
  {
    name: 'an .env file with nothing but headers',
    yaml: `
      lines: ['AUTHORIZATION=Basic {basic}', 'export AUTH="{basic}"']
      group: [{ keyId: /PROXY_AUTHORIZATION, secret: /PROXY_AUTHORIZATION }]`,
    secret: (k, s) =>
      `URL=https://x\nAUTHORIZATION=Basic ${base64(`${k}:${s}`)}\n\nPROXY_AUTHORIZATION=Basic ${base64('their:own')}\nexport AUTH="${base64(`${k}:${s}`)}"\n`,
  },
  {
    name: 'a header in a file of requests, and its key id',
    yaml: `{ snippets: ['<user>{keyId}</user>', '-H "Authorization: Basic {basic}"'] }`,
    secret: (k, s) => `<user>${k}</user>\ncurl -H "Authorization: Basic ${base64(`${k}:${s}`)}" https://x\n`,
  },
  {
    name: 'a document of 60 KB',
    yaml: '{ keyId: /key, secret: /secret }',
    secret: (k, s) => `{"certificate":"${'MIIB\\n'.repeat(10_000)}","key":"${k}","secret":"${s}"}`,
  },
];

const [oldKey, oldSecret] = ['hand-made-key-0123456789', 'hand/made+secret=9876'];
const [newKey, newSecret] = ['N3w-key.of_another~length-00', 'n3w/s+cret=='];

describe.each(accepted)('$name', ({ yaml, secret }) => {
  const made = shapeOf(yaml);
  const before = content(secret(oldKey, oldSecret));

  test('is read, and nothing stands against it', () => {
    expect(revealed(readCredential(made, before))).toEqual([oldKey, oldSecret]);
    expect(revealed(vetSecret(made, before))).toEqual([oldKey, oldSecret]);
  });

  test('is written with every byte outside its places as it was, and back to the very bytes of before', () => {
    const after = writeCredential(made, before, credential(newKey, newSecret));
    const back = writeCredential(made, after, credential(oldKey, oldSecret));

    expect(bytes(after)).toEqual(bytes(content(secret(newKey, newSecret))));
    expect(after.binary ?? false).toBe(Buffer.isBuffer(secret(oldKey, oldSecret)));
    expect(revealed(readCredential(made, after))).toEqual([newKey, newSecret]);
    expect(bytes(back)).toEqual(bytes(before));
  });
});

const pairYaml = '{ keyId: /key, secret: /secret }';
const envYaml = `{ lines: ['KEY={keyId}', 'SECRET={secret}'] }`;
const headerYaml = `{ derived: { /auth: 'Basic {basic}' } }`;
const headerText = `{ text: 'Basic {basic}' }`;
const headerLine = `{ lines: ['H=Basic {basic}'] }`;
const header = `Basic ${base64('K1:S1')}`;

describe('where nothing was issued yet, the first credential is put into', () => {
  test.each<[what: string, yaml: string, before: string, after: string]>([
    ['two empty strings', pairYaml, '{"key":"", "secret": ""}', '{"key":"K1", "secret": "S1"}'],
    ['null and a placeholder', pairYaml, '{"key":null, "secret":"replace_me"}', '{"key":"K1", "secret":"S1"}'],
    ['{} as Terraform leaves it', pairYaml, '{}', '{"key":"K1","secret":"S1"}'],
    ['{} with white space', pairYaml, '{\n}\n', '{"key":"K1","secret":"S1"\n}\n'],
    [
      '{}, deeper, with a header',
      `{ keyId: /a/b/key, secret: /a/secret, derived: { /auth: 'Basic {basic}' } }`,
      ' {} ',
      ` {"a":{"b":{"key":"K1"},"secret":"S1"},"auth":"Basic ${base64('K1:S1')}"} `,
    ],
    [
      'an empty object beside other fields',
      '{ keyId: /a/key, secret: /a/secret }',
      '{"url":"https://x", "a": {}}',
      '{"url":"https://x", "a": {"key":"K1","secret":"S1"}}',
    ],
    [
      'an empty object in a string',
      '{ keyId: /a/key, secret: /a/secret }',
      String.raw`{"a":"{}"}`,
      String.raw`{"a":"{\"key\":\"K1\",\"secret\":\"S1\"}"}`,
    ],
    ['a secret that is nothing but a placeholder', pairYaml, 'REPLACE_ME\n', '{"key":"K1","secret":"S1"}\n'],
    ['a placeholder of its own', `{ keyId: /k, secret: /s, placeholders: [later] }`, 'later', '{"k":"K1","s":"S1"}'],
    [
      'a header that holds a placeholder',
      `{ keyId: /key, secret: /secret, derived: { /auth: 'Basic {basic}', /pair: '{keyId}:{secret}' } }`,
      '{"key":"TODO","secret":"","auth":"Basic REPLACE_ME","pair":"TODO:"}',
      `{"key":"K1","secret":"S1","auth":"Basic ${base64('K1:S1')}","pair":"K1:S1"}`,
    ],
    ['a text of a placeholder', `{ text: '{keyId}:{secret}' }`, 'CHANGEME\n', 'K1:S1\n'],
    ['a text of two placeholders', `{ text: '{keyId}:{secret}' }`, 'TODO:TODO', 'K1:S1'],
    ['two lines of a placeholder', `{ text: "{keyId}\\n{secret}" }`, 'CHANGEME', 'K1\nS1'],
    ['lines without value', envYaml, 'A=1\nKEY=\nSECRET=\n', 'A=1\nKEY=K1\nSECRET=S1\n'],
    [
      'lines with blanks for a value',
      `{ lines: ['key = {keyId}', 'b = {secret}'] }`,
      'key = \nb = ',
      'key = K1\nb = S1',
    ],
    ['an empty header', headerYaml, '{"auth":"", "url":"x"}', `{"auth":"${header}", "url":"x"}`],
    ['a header that is null', headerYaml, '{"auth":null}', `{"auth":"${header}"}`],
    ['a placeholder instead of a header', headerYaml, '{"auth":"REPLACE_ME"}', `{"auth":"${header}"}`],
    ['a header without anything in it', headerYaml, '{"auth":"Basic "}', `{"auth":"${header}"}`],
    ['a header of a placeholder', headerYaml, '{"auth":"Basic TODO"}', `{"auth":"${header}"}`],
    ['a header of two placeholders', headerYaml, `{"auth":"Basic ${base64('TODO:tbd')}"}`, `{"auth":"${header}"}`],
    ['a header of a colon', headerYaml, `{"auth":"Basic ${base64(':')}"}`, `{"auth":"${header}"}`],
    ['{} that is to get a header', headerYaml, '{}', `{"auth":"${header}"}`],
    ['a placeholder instead of JSON with a header', headerYaml, 'TODO', `{"auth":"${header}"}`],
    ['a placeholder instead of a header as text', headerText, 'REPLACE_ME\n', `${header}\n`],
    ['a header of a placeholder as text', headerText, 'Basic REPLACE_ME\n', `${header}\n`],
    ['a header as text without anything in it', headerText, ' Basic \n', ` ${header}\n`],
    ['a line with a header without anything in it', headerLine, 'A=1\nH=Basic \n', `A=1\nH=${header}\n`],
    ['a placeholder instead of a line with a header', headerLine, 'TODO', `H=${header}`],
    ['a placeholder instead of lines', envYaml, `${bom}placeholder\r\n`, `${bom}KEY=K1\r\nSECRET=S1\r\n`],
  ])('%s', (_what, yaml, before, after) => {
    const made = shapeOf(yaml);

    expect(readCredential(made, content(before))).toBeUndefined();
    expect(vetSecret(made, content(before))).toBeUndefined();
    expect(writeCredential(made, content(before), credential('K1', 'S1')).text.reveal()).toBe(after);
  });
});

const canary = 'hunter2-canary-of-a-secret';
const canaryKey = 'hunter2canarykeyid0001';
const full = `"key":"${canaryKey}","secret":"${canary}"`;
const basic = base64(`${canaryKey}:${canary}`);
/** How every header of the key begins, whatever its secret. */
const basicOfKey = basic.slice(0, 28);

describe('refused before anything changes, by place, without a value:', () => {
  test.each<[what: string, yaml: string, secret: string | Buffer, field: string, problem: string]>([
    ['JSON with comments', pairYaml, `{${full}} // x`, 'SecretString', 'is not JSON'],
    ['JSON with a byte order mark', pairYaml, `${bom}{${full}}`, 'SecretString', 'is not JSON'],
    ['a name that is there twice', pairYaml, `{${full},"key":"x"}`, '/key', 'is there twice'],
    [
      'an empty object that is there twice',
      '{ keyId: /a/k, secret: /a/s }',
      `{"a":{},"a":{}}`,
      '/a/k',
      'is there twice',
    ],
    [
      'a string with JSON that is there twice',
      '{ keyId: /a/key, secret: /a/secret }',
      `{"a":${JSON.stringify(`{${full}}`)},"a":""}`,
      '/a/key',
      'is there twice',
    ],
    [
      'binary JSON that is no UTF-8',
      pairYaml,
      Buffer.from(`{${full},"x":"\u00e9"}`, 'latin1'),
      'SecretBinary',
      'is not UTF-8',
    ],
    ['binary that is no JSON', pairYaml, Buffer.from(canary), 'SecretBinary', 'is not JSON'],
    ['a pointer that leads beside a key', pairYaml, `{"apiKey":"${canary}"}`, '/key', 'is not there'],
    [
      'a string that does not hold JSON',
      '{ keyId: /a/key, secret: /a/secret }',
      `{"a":"${canary}"}`,
      '/a/key',
      'is not there',
    ],
    ['a list that would have to be made', '{ keyId: /0, secret: /1 }', '{}', '/0', 'is not there'],
    [
      'one empty field',
      pairYaml,
      `{"key":"TODO","secret":"${canary}"}`,
      '/key',
      'is empty while the other field is not',
    ],
    ['a field that is not there', pairYaml, `{"key":"${canary}"}`, '/secret', 'is not there'],
    [
      'a header of another credential',
      `{ keyId: /key, secret: /secret, derived: { /auth: 'Basic {basic}' } }`,
      `{${full},"auth":"Basic ${base64('old:old')}"}`,
      '/auth',
      'does not agree with /key and /secret',
    ],
    [
      'a header that is missing',
      `{ keyId: /a/key, secret: /a/secret, derived: { /b/auth: 'Basic {basic}' } }`,
      `{"a":{${full}},"b":{}}`,
      '/b/auth',
      'is not there',
    ],
    [
      'a header without its credential',
      `{ keyId: /key, secret: /secret, derived: { /auth: 'Basic {basic}' } }`,
      `{"key":"","secret":"","auth":"Basic ${basic}"}`,
      '/auth',
      'is not empty, unlike /key and /secret',
    ],
    [
      'a second place that differs',
      '{ keyId: /key, secret: /secret, also: [{ keyId: /k, secret: /s }] }',
      `{${full},"k":"${canaryKey}","s":"old"}`,
      '/s',
      'does not agree',
    ],
    [
      'a copy of the secret',
      pairYaml,
      `{${full},"x":[{"y":"${canary}"}]}`,
      '/x/0/y',
      `derived: { /x/0/y: '{secret}' }`,
    ],
    ['the secret inside a URL', pairYaml, `{${full},"url":"https://u:${canary}@x"}`, '/url', `'…{secret}…'`],
    ['a header that was not declared', pairYaml, `{${full},"auth":"Basic ${basic}"}`, '/auth', `'…{basic}…'`],
    ['a copy of the key id', pairYaml, `{${full},"x-apikey":"${canaryKey}"}`, '/x-apikey', `'{keyId}'`],
    ['a copy as a name', pairYaml, `{${full},"map":{"${canaryKey}":1}}`, '/map/…', 'shows the credential too'],
    [
      'a copy in a string that was opened',
      '{ keyId: /a/key, secret: /a/secret }',
      JSON.stringify({ a: `{${full},"b":{"c":"${canary}"}}` }),
      '/a/b/c',
      'shows the credential too',
    ],
    [
      'several objects of the same fields',
      '{ keyId: /a/user, secret: /a/pass }',
      `{"a":{"user":"${canaryKey}","pass":"${canary}"},"b":{"c":[{"user":"x","pass":"y"}]}}`,
      '/b/c/0/user',
      'group: [{ keyId: /b/c/0/user, secret: /b/c/0/pass }]',
    ],
    [
      'a second pair by its names',
      pairYaml,
      `{${full},"azure_client_id":"x","azure_client_secret":"y"}`,
      '/azure_client_id',
      'group: [{ keyId: /azure_client_id, secret: /azure_client_secret }]',
    ],
    ['a second pair by number', pairYaml, `{${full},"key2":"x","secret2":"y"}`, '/key2', '/key2 and /secret2'],
    [
      'a second pair beside an empty one',
      pairYaml,
      `{"key":"","secret":"","apiKey":"${canaryKey}","apiSecret":"${canary}"}`,
      '/apiKey',
      '/apiKey and /apiSecret',
    ],
    [
      'a second pair under a name that looks like a key',
      pairYaml,
      `{${full},"x9Y8z7W6v5U4t3S2":{"key":"x","secret":"y"}}`,
      '/…/key',
      'more than one credential',
    ],
    [
      'a group that is not there',
      '{ keyId: /key, secret: /secret, group: [{ keyId: /k2, secret: /s2 }] }',
      `{${full},"k2":"x"}`,
      '/s2',
      'is not there',
    ],
    [
      'a group of the same credential',
      '{ keyId: /key, secret: /secret, group: [{ keyId: /k2, secret: /s2 }] }',
      `{${full},"k2":"${canaryKey}","s2":"${canary}"}`,
      '/k2',
      'of its group is the credential that turns',
    ],
    [
      'a line that is not there',
      envYaml,
      `# KEY=${canary}\nSECRET=${canary}\n`,
      '{keyId}',
      'of "KEY={keyId}" is not there',
    ],
    [
      'a line that is there twice',
      envYaml,
      `KEY=a\nSECRET=${canary}\nKEY=b\n`,
      '{keyId}',
      'fits in more than one place',
    ],
    [
      'a text with a colon too many',
      `{ text: '{keyId}:{secret}' }`,
      `a:b:${canary}`,
      '{keyId}',
      'fits in more than one place',
    ],
    ['a text in quotes', envYaml, `KEY=a\nSECRET="${canary}"\n`, '{secret}', 'holds a blank, a quote'],
    ['a comment after a value', envYaml, `KEY=a\nSECRET=${canary} # mine\n`, '{secret}', 'holds a blank, a quote'],
    [
      'a snippet that is there twice',
      `{ snippets: ['<k>{keyId}</k>', '<s>{secret}</s>'] }`,
      `<k>a</k><!-- <k>b</k> --><s>${canary}</s>`,
      '{keyId}',
      'fits in more than one place',
    ],
    [
      'a snippet in a text of nothing',
      `{ snippets: ['<k>{keyId}</k>', '<s>{secret}</s>'] }`,
      'REPLACE_ME',
      'SecretString',
      'is empty',
    ],
    [
      'a text with a header of another credential',
      `{ lines: ['K={keyId}', 'S={secret}', 'H={basic}'] }`,
      `K=a\nS=${canary}\nH=eA==`,
      '{basic}',
      'does not agree',
    ],
    [
      'a text with a copy',
      envYaml,
      `KEY=a\nSECRET=${canary}\n#SECRET=${canary}`,
      'SecretString',
      'outside its templates too',
    ],
    [
      'a text with a second pair',
      envYaml,
      `KEY=a\nSECRET=${canary}\nAZURE_CLIENT_ID=x\nexport AZURE_CLIENT_SECRET='y'`,
      '/AZURE_CLIENT_ID',
      '/AZURE_CLIENT_ID and /AZURE_CLIENT_SECRET',
    ],
    [
      'a second pair in another section',
      `{ snippets: ["[a]\\nkey={keyId}\\nsecret={secret}"] }`,
      `[a]\nkey=x\nsecret=${canary}\n[b]\nkey=y\nsecret=z\n`,
      '/b/key',
      'group: [{ keyId: /b/key, secret: /b/secret }]',
    ],
    [
      'a text whose group is not there',
      `{ lines: ['KEY={keyId}', 'SECRET={secret}'], group: [{ keyId: /A, secret: /B }] }`,
      `KEY=a\nSECRET=${canary}`,
      '/A',
      'is not there',
    ],
    ['a header that is not there', headerYaml, `{"Auth":"Basic ${basic}"}`, '/auth', 'is not there'],
    ['a header that is there twice', headerYaml, `{"auth":"Basic ${basic}","auth":""}`, '/auth', 'is there twice'],
    ['a header that is a list', headerYaml, `{"auth":["Basic ${basic}"]}`, '/auth', 'is not a string'],
    [
      'two headers that differ',
      `{ derived: { /auth: 'Basic {basic}', /raw: '{basic}' } }`,
      `{"auth":"Basic ${basic}","raw":"${base64(`${canaryKey}:old`)}"}`,
      '/raw',
      'does not agree with /auth: only one was changed',
    ],
    [
      'a field beside an empty header',
      `{ derived: { /auth: 'Basic {basic}', /user: '{keyId}' } }`,
      `{"auth":"","user":"${canaryKey}"}`,
      '/user',
      'is not empty, unlike /auth',
    ],
    [
      'a copy of the key id beside a header',
      headerYaml,
      `{"auth":"Basic ${basic}","user":"${canaryKey}"}`,
      '/user',
      `derived: { /user: '{keyId}' }`,
    ],
    [
      'a copy of the secret beside a header',
      headerYaml,
      `{"auth":"Basic ${basic}","url":"https://u:${canary}@x"}`,
      '/url',
      `derived: { /url: '…{secret}…' }`,
    ],
    [
      'a copy of the header',
      headerYaml,
      `{"auth":"Basic ${basic}","raw":"${basic}"}`,
      '/raw',
      `derived: { /raw: '{basic}' }`,
    ],
    [
      'a second pair beside a header',
      headerYaml,
      `{"auth":"Basic ${basic}","client_id":"x","client_secret":"y"}`,
      '/client_id',
      'group: [{ keyId: /client_id, secret: /client_secret }]',
    ],
    [
      'a second header',
      headerYaml,
      `{"auth":"Basic ${basic}","proxy":[{"auth":"basic ${base64('their:own')}"}]}`,
      '/proxy/0/auth',
      'more than one credential: /proxy/0/auth. Keyturn turns one and leaves the others as they are.\nSay that they are known, in the configuration under shapes.some:\n  group: [{ keyId: /proxy/0/auth, secret: /proxy/0/auth }]',
    ],
    [
      'a second header beside an empty one',
      headerYaml,
      `{"auth":"","Authorization":"Basic ${basic}"}`,
      '/Authorization',
      'more than one credential',
    ],
    [
      'a group of the same header',
      `{ derived: { /auth: 'Basic {basic}' }, group: [{ keyId: /b, secret: /b }] }`,
      `{"auth":"Basic ${basic}","b":"Basic ${basic}"}`,
      '/b',
      'shows the credential too',
    ],
    ['a header as text with more beside it', headerText, `Basic ${basic} # mine`, '{basic}', 'holds a blank'],
    ['a text that is no header', headerText, canary, '{basic}', 'of "Basic {basic}" is not there'],
    [
      'a line with a header that is there twice',
      headerLine,
      `H=Basic ${basic}\nH=Basic ${basic}`,
      '{basic}',
      'fits in more',
    ],
    ['a copy beside a line with a header', headerLine, `H=Basic ${basic}\nS=${canary}`, 'SecretString', 'outside its'],
    [
      'a second line with a header',
      headerLine,
      `H=Basic ${basic}\nPROXY="Basic ${base64('their:own')}"`,
      '/PROXY',
      'group: [{ keyId: /PROXY, secret: /PROXY }]',
    ],
    [
      'a second pair beside a line with a header',
      headerLine,
      `H=Basic ${basic}\nCLIENT_ID=x\nCLIENT_SECRET=y`,
      '/CLIENT_ID',
      'group: [{ keyId: /CLIENT_ID, secret: /CLIENT_SECRET }]',
    ],
    [
      'a secret that would grow too long',
      pairYaml,
      `{"key":"k","secret":"s","x":"${'-'.repeat(65_440)}"}`,
      'SecretString',
      '65,536',
    ],
  ])('%s', (_what, yaml, secret, field, problem) => {
    const error = refusal(() => vetSecret(shapeOf(yaml), content(secret)));

    expect(error).toMatchObject({ reason: 'shape-mismatch', field });
    expect(error.message).toContain(problem);
    expect(error.message).toMatch(/shape some/i);
  });

  test.each(['\n', '"', "'", '\\', ' ', '#', '$', '%', '<', '&', '\u00e9', '\u0000', ';', '`'])(
    'a value with %j, which a text could not hold',
    (odd) => {
      const made = shapeOf(envYaml);
      const before = content('KEY=a\nSECRET=b\n');

      const error = refusal(() => writeCredential(made, before, credential('K', `${canary}${odd}x`)));

      expect(error).toMatchObject({ reason: 'shape-mismatch', field: '{secret}' });
    },
  );

  test.each<[what: string, value: string]>([
    ['without its padding', base64(`${canaryKey}:${canary}`).replace(/=*$/, '')],
    ['with padding too much', `${basic}=`],
    ['with bits that mean nothing', base64('k:ss').replace('cw==', 'cx==')],
    ['of base64url', Buffer.from('k:?~>').toString('base64url')],
    ['with a line break', `${basic.slice(0, 8)}\n${basic.slice(8)}`],
    ['with a second blank', ` ${basic}`],
    ['with a letter that is none of base64', `${basic.slice(0, 8)}*${basic.slice(8)}`],
    ['that is no UTF-8', Buffer.from(`${canaryKey}:caf\u00e9`, 'latin1').toString('base64')],
    ['without a colon', base64(canary)],
    ['of a colon alone, without its padding', base64(':').replace('==', '')],
    ['without a key id', base64(`:${canary}`)],
    ['without a secret', base64(`${canaryKey}:`)],
    ['with a placeholder for a secret', base64(`${canaryKey}:REPLACE_ME`)],
    ['with a placeholder for a key id', base64(`TODO:${canary}`)],
    ['that ends with a line break, as echo adds one', base64(`${canaryKey}:${canary}\n`)],
    ['in the clear', `${canaryKey}:${canary}`],
  ])('a header %s', (_what, value) => {
    const places = [
      [headerYaml, JSON.stringify({ auth: `Basic ${value}` }), '/auth'],
      [`{ derived: { /auth: '{basic}' } }`, JSON.stringify({ auth: value }), '/auth'],
      [headerText, `Basic ${value}`, '{basic}'],
      [headerLine, `H=Basic ${value}`, '{basic}'],
    ] as const;

    for (const [yaml, secret, field] of places) {
      const made = shapeOf(yaml);
      for (const run of [readCredential, vetSecret]) {
        const error = refusal(() => run(made, content(secret)));
        expect(error).toMatchObject({ reason: 'shape-mismatch', field });
        expect(error.message).not.toContain(value);
      }
      const writing = refusal(() => writeCredential(made, content(secret), credential('K', canary)));
      expect(writing).toMatchObject({ reason: 'shape-mismatch', field });
    }
  });

  test.each([
    [headerYaml, `{"auth":"Basic ${basic}"}`, '/auth'],
    [headerYaml, '{}', '/auth'],
    [headerText, `Basic ${basic}`, '{basic}'],
    [headerLine, 'REPLACE_ME', '{basic}'],
  ])('a key id that a header could not hold: %s in %s', (yaml, secret, field) => {
    const made = shapeOf(yaml);

    for (const odd of ['K:L', ':', 'K\n', 'K\u0000', '\ud800']) {
      const error = refusal(() => writeCredential(made, content(secret), credential(odd, canary)));
      expect(error).toMatchObject({ reason: 'shape-mismatch', field });
    }
  });

  test('a key id with the separator of its text', () => {
    const made = shapeOf(`{ text: '{keyId}:{secret}' }`);

    const error = refusal(() => writeCredential(made, content('a:b'), credential('K:L', canary)));

    expect(error).toMatchObject({ reason: 'shape-mismatch', field: '{keyId}' });
  });
});

describe('what stands beside a pair in many secrets is no second credential:', () => {
  test.each([
    'url',
    'host',
    'port',
    'region',
    'username',
    'password',
    'user',
    'token',
    'refresh_token',
    'scope',
    'tenant_id',
    'project_id',
    'account_id',
    'app_name',
    'environment',
    'jwt_secret',
    'webhook_secret',
    'session_secret',
    'cookie_secret',
    'signing_key',
    'encryption_key',
    'public_key',
    'private_key',
    'kms_key_id',
    'key_name',
    'secret_name',
    'secret_arn',
    'key_file',
    'secret_file',
    'cache_key',
    'id',
    'name',
    'value',
    'client_name',
    'client_id',
    'developer_id',
    'keystore',
    'secretsManager',
    'token_url',
  ])('%s', (name) => {
    expect(revealed(vetSecret(shapeOf(pairYaml), content(`{${full},"${name}":"some value"}`)))).toEqual([
      canaryKey,
      canary,
    ]);
  });

  test('all of them together', () => {
    const beside = {
      username: 'a',
      password: 'b',
      jwt_secret: 'c',
      public_key: 'd',
      kms_key_id: 'e',
      secret_name: 'f',
      key_name: 'g',
      id: 'h',
    };

    const found = vetSecret(shapeOf(pairYaml), content(JSON.stringify({ key: canaryKey, secret: canary, ...beside })));

    expect(revealed(found)).toEqual([canaryKey, canary]);
  });
});

test.each<[keyId: string, secret: string]>([
  ['client_id', 'client_secret'],
  ['clientId', 'clientSecret'],
  ['clientid', 'clientsecret'],
  ['CLIENT_ID', 'CLIENT_SECRET'],
  ['consumerKey', 'consumerSecret'],
  ['api-key', 'api-secret'],
  ['APIKey', 'APISecret'],
  ['azure_client_id', 'azure_client_secret'],
  ['key2', 'secret2'],
  ['api_key_2', 'api_secret_2'],
  ['client_id_old', 'client_secret_old'],
  ['backup.api.key', 'backup.api.secret'],
  ['aws_access_key_id', 'aws_secret_access_key'],
  ['app_id', 'app_secret'],
])('%s and %s are seen to be a second credential', (keyId, secret) => {
  const error = refusal(() => vetSecret(shapeOf(pairYaml), content(`{${full},"${secret}":"y","${keyId}":"x"}`)));

  expect(error).toMatchObject({ field: `/${keyId}` });
});

test('a secret with colons, and with letters beyond ASCII, is read behind the first colon of a header and written back', () => {
  const made = shapeOf(headerYaml);
  const before = content(`{"auth":"Basic ${base64('clé:s:é:😀:')}"}`);

  const after = writeCredential(made, before, credential('ключ', ':s:'));

  expect(revealed(vetSecret(made, before))).toEqual(['clé', 's:é:😀:']);
  expect(after.text.reveal()).toBe(`{"auth":"Basic ${base64('ключ::s:')}"}`);
});

test.each([
  'Bearer eyJhbGciOiJub25lIn0.e30.x',
  'Basic auth',
  'Basic',
  base64('{"a":"b"}'),
  `Basic ${base64('no colon')}`,
  `Basic ${base64(':')}`,
  'Basic REPLACE_ME',
])('what stands beside a header is no second one: %s', (beside) => {
  const found = vetSecret(shapeOf(headerYaml), content(JSON.stringify({ auth: `Basic ${basic}`, beside })));
  const foundInText = vetSecret(shapeOf(headerLine), content(`H=Basic ${basic}\nBESIDE=${beside}\n`));

  expect(revealed(found)).toEqual([canaryKey, canary]);
  expect(revealed(foundInText)).toEqual([canaryKey, canary]);
});

test('an old version with a header is read by the first of its places alone', () => {
  const made = shapeOf(`{ derived: { /auth: 'Basic {basic}', /raw: '{basic}', /user: '{keyId}' } }`);

  expect(revealed(readCredential(made, content(`{"auth":"Basic ${basic}","raw":"${base64('a:b')}"}`)))).toEqual([
    canaryKey,
    canary,
  ]);
});

test('an old version is read by its two pointers alone, whatever its shape has got since', () => {
  const made = shapeOf(`
    keyId: /key
    secret: /secret
    derived: { /auth: 'Basic {basic}' }
    group: [{ keyId: /key2, secret: /secret2 }]`);

  expect(revealed(readCredential(made, content(`{${full},"key3":"a","secret3":"b","x":"${canary}"}`)))).toEqual([
    canaryKey,
    canary,
  ]);
});

function shapeOf(yaml: string): Shape {
  return { id: 'some', ...shape.parse(parseYaml(yaml)) };
}

function content(secret: string | Buffer) {
  return Buffer.isBuffer(secret)
    ? { text: hidden(secret.toString('latin1')), binary: true }
    : { text: hidden(secret), binary: false };
}

function bytes({ text, binary }: { text: { reveal(): string }; binary?: boolean | undefined }): Buffer {
  return Buffer.from(text.reveal(), binary === true ? 'latin1' : 'utf8');
}

function revealed(found: ReturnType<typeof readCredential>) {
  return found && [found.keyId.reveal(), found.secret.reveal()];
}

/** The refusal, after a look at everything that it would print. */
function refusal(run: () => unknown): PermanentError {
  const error = caught(run);
  const printed = `${error.message} ${String(error.field)} ${String(error.cause)} ${error.stack}`;
  for (const secret of [canary, canaryKey, basic, basicOfKey]) expect(printed).not.toContain(secret);
  return error;
}

function caught(run: () => unknown): PermanentError {
  try {
    run();
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

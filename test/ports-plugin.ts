import { relative } from 'node:path';

import type { RuleTester } from 'oxlint/plugins-dev';

/**
 * A rule for oxlint: what reaches the world does so in the files that own it, and nowhere else. Use cases get a port instead, so that the fault lab
 * can own time, chance and every call.
 */

type World = {
  /** What it is about, and what to take instead. */
  readonly message: string;
  readonly globals?: readonly string[];
  /** What is imported by value; types reach nothing. */
  readonly modules?: RegExp;
  /** Files, and folders that end with a slash, from the root of the repository. */
  readonly owners: readonly string[];
};

const aws = (...files: readonly string[]) => files.map((file) => `packages/aws/src/${file}.ts`);

export const worlds: readonly World[] = [
  {
    message: 'Time is a port: take a Clock.',
    globals: ['Date', 'performance', 'Temporal'],
    modules: /^node:perf_hooks$/,
    owners: ['packages/client/src/runtime.ts', 'packages/lambda/src/system-clock.ts'],
  },
  {
    message: 'Timers are a port: take a Clock.',
    globals: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'AbortSignal'],
    modules: /^node:timers(\/|$)/,
    owners: [
      'packages/client/src/runtime.ts',
      'packages/lambda/src/system-clock.ts',
      'packages/http/src/loopback-server.ts',
      'packages/http/src/proxy-tunnel.ts',
      'packages/http/src/respond.ts',
    ],
  },
  {
    message: 'Chance is a port: take Random, RandomBytes or newId.',
    globals: ['Math', 'crypto'],
    modules: /^node:crypto$/,
    owners: [
      'packages/client/src/runtime.ts',
      'packages/lambda/src/system-random.ts',
      'packages/credential-provider/src/memory-provider.ts',
      ...aws('dynamo-ledger', 'secrets-manager-vault'),
    ],
  },
  {
    message: 'HTTP goes through packages/http.',
    globals: ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'],
    modules: /^(node:(https?|http2|net|tls|dgram|dns)|axios|undici|got|ws|node-fetch)(\/|$)/,
    owners: ['packages/client/src/runtime.ts', 'packages/http/src/', ...aws('loopback-aws')],
  },
  {
    message: 'AWS is behind the ports of packages/aws.',
    modules: /^@(aws-sdk|smithy)\//,
    owners: [
      'packages/client/src/sdk-reader.ts',
      'packages/client/src/event-sender.ts',
      'services/apigateway-adapter/src/api-gateway-client.ts',
      'services/apigateway-adapter/src/sdk-api-keys.ts',
      'services/ssh-adapter/src/sdk-ssm.ts',
      ...aws(
        'clients',
        'cloud-trail',
        'cloud-watch-ages',
        'create-ledger-table',
        'dynamo-ledger',
        'event-bridge-bus',
        'lambda-invoke',
        'sdk-secrets-manager',
        'sdk-stage-reader',
        'ses-account',
        'ses-mailer',
        'sqs-queue',
        'ssm-fleet',
      ),
    ],
  },
  {
    message: 'Slack is behind a port.',
    modules: /^@slack\//,
    owners: [
      'packages/cli/src/doctor/slack-bot.ts',
      'services/notifier/src/slack-channel.ts',
      'services/notifier/src/slack-error.ts',
    ],
  },
  {
    message: 'SSH is behind a port: take a Login.',
    modules: /^ssh2$/,
    owners: ['services/ssh-adapter/src/ssh-login.ts', 'services/ssh-adapter/src/key-pair.ts'],
  },
  {
    message: 'Google is behind a port.',
    modules: /^google-auth-library(\/|$)/,
    owners: ['services/apigee-adapter/src/access-token.ts', 'services/apigee-adapter/src/workload-token.ts'],
  },
  {
    message: 'Logging is a port: take a Log.',
    globals: ['console'],
    modules: /^(@aws-lambda-powertools\/|node:console$)/,
    owners: ['packages/lambda/src/log.ts'],
  },
  {
    message: 'The process is read and written at the edge.',
    globals: ['process'],
    modules: /^node:(process|os|child_process|cluster|worker_threads|vm|inspector|readline)(\/|$)/,
    owners: [
      'packages/client/src/runtime.ts',
      'packages/lambda/src/env.ts',
      'packages/lambda/src/metrics.ts',
      'packages/cli/src/main.ts',
      'packages/cli/src/operator.ts',
      'events/src/write-schemas.ts',
    ],
  },
  {
    message: 'Files are read at the edge.',
    modules: /^node:fs(\/|$)/,
    owners: [
      'packages/client/src/local-sources.ts',
      'packages/lambda/src/load-config.ts',
      'packages/cli/src/main.ts',
      'packages/config/src/write-schema.ts',
      'events/src/write-schemas.ts',
    ],
  },
  {
    message: 'It leads around this rule.',
    globals: ['globalThis', 'global', 'require', 'eval', 'Function'],
    modules: /^node:module$/,
    owners: [],
  },
];

/** What computes and reaches nothing, of what is otherwise a port. */
const pureOf: Readonly<Record<string, readonly string[] | 'all but random'>> = {
  Date: ['UTC', 'parse'],
  Math: 'all but random',
  AbortSignal: ['any', 'abort'],
};
const pureCrypto = new Set([
  'createHash',
  'hash',
  'createHmac',
  'createPrivateKey',
  'createPublicKey',
  'timingSafeEqual',
  'X509Certificate',
]);

const ships = (path: string) => /^(events|packages|services)\//.test(path) && !/(\.test|\bconformance)\.ts$/.test(path);

const owns = ({ owners }: World, path: string) =>
  owners.some((owner) => path === owner || (owner.endsWith('/') && path.startsWith(owner)));

// oxlint gives its types away by what its tester takes.
type Rule = Extract<Parameters<RuleTester['run']>[1], { create: unknown }>;
type Context = Parameters<Rule['create']>[0];
type Reference = NonNullable<Context['sourceCode']['scopeManager']['globalScope']>['through'][number];
type Identifier = Reference['identifier'];

/** `Date.UTC`, `new Date(ms)`, `x instanceof Date`: of the same name, but nothing that the world answers. */
function isPure({ name, parent }: Identifier): boolean {
  const pure = pureOf[name];
  if (pure === undefined || parent === undefined) return false;
  if (parent.type === 'NewExpression') return parent.callee.type === 'Identifier' && parent.arguments.length > 0;
  if (parent.type === 'BinaryExpression') return parent.operator === 'instanceof';
  if (parent.type !== 'MemberExpression' || parent.computed || parent.property.type !== 'Identifier') return false;
  return pure === 'all but random' ? parent.property.name !== 'random' : pure.includes(parent.property.name);
}

const types = new Set([
  'TSTypeReference',
  'TSQualifiedName',
  'TSTypeQuery',
  'TSInterfaceHeritage',
  'TSClassImplements',
]);

function globalReferences({ sourceCode }: Context): readonly Identifier[] {
  const scope = sourceCode.scopeManager.globalScope;
  const known = scope?.variables.filter(({ defs }) => defs.length === 0).flatMap(({ references }) => references) ?? [];
  return [...known, ...(scope?.through ?? [])]
    .map(({ identifier }) => identifier)
    .filter(({ parent }) => !types.has(parent?.type ?? ''));
}

const ports: Rule = {
  create(context) {
    const path = relative(context.cwd, context.filename).replaceAll('\\', '/');
    if (!ships(path)) return {};
    const forbidden = worlds.filter((world) => !owns(world, path));
    const imports = (
      node: NonNullable<Parameters<Context['report']>[0]['node']>,
      module: unknown,
      names: readonly string[] | undefined,
    ) => {
      const world = forbidden.find(({ modules }) => typeof module === 'string' && modules?.test(module));
      if (world === undefined || names?.length === 0) return;
      if (module === 'node:crypto' && names?.every((name) => pureCrypto.has(name)) === true) return;
      context.report({ node, message: world.message });
    };
    return {
      ImportDeclaration(node) {
        if (node.importKind === 'type') return;
        const named = node.specifiers.flatMap((specifier) => {
          if (specifier.type !== 'ImportSpecifier') return ['*'];
          return specifier.importKind === 'type' ? [] : [nameOf(specifier.imported)];
        });
        imports(node, node.source.value, node.specifiers.length === 0 ? undefined : named);
      },
      ExportNamedDeclaration(node) {
        if (node.exportKind === 'type') return;
        imports(
          node,
          node.source?.value,
          node.specifiers.map(({ local }) => nameOf(local)),
        );
      },
      ExportAllDeclaration(node) {
        if (node.exportKind !== 'type') imports(node, node.source.value, undefined);
      },
      ImportExpression(node) {
        imports(node, node.source.type === 'Literal' ? node.source.value : undefined, undefined);
      },
      'Program:exit'() {
        for (const identifier of globalReferences(context)) {
          const world = forbidden.find(({ globals }) => globals?.includes(identifier.name));
          if (world !== undefined && !isPure(identifier)) context.report({ node: identifier, message: world.message });
        }
      },
    };
  },
};

const nameOf = (name: { type: string; name?: string; value?: string }) => name.name ?? name.value ?? '*';

export default { meta: { name: 'keyturn' }, rules: { ports } };

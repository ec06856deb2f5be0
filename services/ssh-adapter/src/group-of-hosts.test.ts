import { inspect } from 'node:util';

import { formatMark, markOf } from '@keyturn/rotation/mark';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { block, config, hostIn, memoryFixture, storedIn } from './memory-hosts.conformance.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const markOfVersion = (version: number) => formatMark(markOf(arn, `version-${version}`, 'test'));

/** Three hosts of group web with a current key of ours. */
async function setUp() {
  const fixture = memoryFixture();
  const { provider, target } = fixture;
  const current = await fixture.handMade({ mark: markOfVersion(1) });
  await fixture.handMade();
  const issue = async (version: number) => {
    const mark = markOfVersion(version);
    const credential = await provider.propose({ target, mark, like: current, entitlements: [] });
    const ensure = () => provider.ensure({ target, credential, like: current, entitlements: [], mark, approve: false });
    return { credential, ensure, mark };
  };
  const web = () => fixture.hosts.filter(({ tag }) => tag.value === 'web');
  const keysOn = (id: string) => storedIn(web().find((host) => host.id === id)?.file ?? '', block('web'));
  const has = (id: string, keyId: string) => keysOn(id).find((key) => key.keyId === keyId)?.enabled;
  const retiring = { target, keyId: current.keyId, mark: markOfVersion(1) };
  const check = () => provider.check({ target, credential: current, probe: 'none', times: 1 });
  return { ...fixture, current, issue, web, has, retiring, check };
}

const off = (host: { online: boolean } | undefined) => void (host !== undefined && (host.online = false));
const onAgain = (host: { online: boolean } | undefined) => void (host !== undefined && (host.online = true));

test('a key is issued only when the last host has it; who was off gets it in the next attempt', async () => {
  const { issue, web, has } = await setUp();
  const { credential, ensure } = await issue(2);
  off(web()[2]);

  await expect(ensure()).rejects.toThrow(TransientError);
  await expect(ensure()).rejects.toThrow('i-web3 did not answer');
  expect([has('i-web1', credential.keyId.reveal()), has('i-web3', credential.keyId.reveal())]).toEqual([
    true,
    undefined,
  ]);

  onAgain(web()[2]);
  await ensure();
  expect(has('i-web3', credential.keyId.reveal())).toBe(true);
});

test('where the group skips hosts that are off, enough of them are enough', async () => {
  const { issue, web } = await setUp();
  const { ensure } = await issue(2);
  const group = config.groups['web'];
  if (group === undefined) throw new Error('no group');
  const before = { ...group };
  Object.assign(group, { offline: 'skip', requiredShare: 60 });
  try {
    off(web()[2]);
    await ensure();
    off(web()[1]);
    await expect(ensure()).rejects.toThrow(TransientError);
  } finally {
    Object.assign(group, before);
  }
});

test.each(['disable', 'remove'] as const)(
  '%s has not been done until each host was seen, whatever the group skips',
  async (operation) => {
    const { provider, web, has, current, retiring } = await setUp();
    const group = config.groups['web'];
    const before = { ...group };
    Object.assign(group ?? {}, { offline: 'skip', requiredShare: 1 });
    try {
      off(web()[2]);

      await expect(provider[operation](retiring)).rejects.toThrow('i-web3 may hold the key still');
      const keyId = current.keyId.reveal();
      expect([has('i-web1', keyId), has('i-web3', keyId)]).toEqual([operation === 'disable' ? false : undefined, true]);
      await expect(provider[operation](retiring)).rejects.toThrow(TransientError);

      onAgain(web()[2]);
      await provider[operation](retiring);
      expect(has('i-web3', keyId)).toBe(operation === 'disable' ? false : undefined);
    } finally {
      Object.assign(group ?? {}, before);
    }
  },
);

test('a key that no host shows may stand on one that is off: nobody hears that it is gone', async () => {
  const { provider, web, retiring, check } = await setUp();
  off(web()[2]);
  await expect(provider.remove(retiring)).rejects.toThrow(TransientError);

  await expect(check()).rejects.toThrow('i-web3 may have the key');

  onAgain(web()[2]);
  await provider.remove(retiring);
  expect((await check()).key).toEqual({ state: 'absent' });
});

test('a host that is launched later gets the current key when somebody looks', async () => {
  const { hosts, has, current, check } = await setUp();
  hosts.push(hostIn('web', 9));

  await check();

  expect(has('i-web9', current.keyId.reveal())).toBe(true);
});

test('a key that is ending comes to no host: neither one that is off somewhere, nor one that was taken away', async () => {
  const { provider, target, hosts, has, issue, web } = await setUp();
  const { credential, ensure, mark } = await issue(2);
  await ensure();
  const keyId = credential.keyId.reveal();
  const look = () => provider.check({ target, credential, probe: 'none', times: 1 });
  hosts.push(hostIn('web', 8, { file: 'ssh-ed25519 AAAAother x\n' }));

  await provider.disable({ target, keyId: credential.keyId, mark });
  await look();
  expect(has('i-web8', keyId)).toBeUndefined();

  await provider.enable({ target, keyId: credential.keyId, mark });
  const [first] = web();
  if (first?.file !== undefined) first.file = first.file.replace(`${keyId} ${mark}\n`, '');
  await look();
  expect([has('i-web1', keyId), has('i-web8', keyId)]).toEqual([undefined, undefined]);
});

test('a key that is on again on one host is not removed behind the back of whoever needs it', async () => {
  const { provider, web, retiring } = await setUp();
  await provider.disable(retiring);
  const [first] = web();
  if (first?.file !== undefined) first.file = first.file.replace(/#keyturn-off (.*keyturn)/, '$1');

  await expect(provider.remove(retiring)).rejects.toMatchObject({ reason: 're-enabled' });
});

test('options of the old key stand before the new one', async () => {
  const { issue, web, current } = await setUp();
  for (const host of web())
    host.file = host.file?.replace(current.keyId.reveal(), `from="10.0.0.0/8" ${current.keyId.reveal()}`);
  const { credential, ensure } = await issue(2);

  await ensure();

  expect(web().every(({ file }) => file?.includes(`from="10.0.0.0/8" ${credential.keyId.reveal()}`))).toBe(true);
  for (const host of web())
    host.file = host.file?.replace(`from="10.0.0.0/8" ${current.keyId.reveal()}`, current.keyId.reveal());
  await ensure();
  expect(web().some(({ file }) => file?.includes('from='))).toBe(false);
});

test('what one host refuses is told with its name, and the gravest first', async () => {
  const { issue, web } = await setUp();
  const { ensure } = await issue(2);
  const [, second] = web();
  if (second !== undefined) second.file = '# END keyturn test/hosts/web\n';

  const failure = ensure();
  await expect(failure).rejects.toThrow(PermanentError);
  await expect(failure).rejects.toThrow('Host i-web2: somebody changed the lines around our block');
});

test('no private key is in what hosts are sent, nor in an error', async () => {
  const { issue, web } = await setUp();
  const { credential, ensure } = await issue(2);
  off(web()[0]);

  const error: unknown = await ensure().catch((reason: unknown) => reason);

  const body = credential.secret.reveal().split('\n').slice(3, -2).join('');
  expect(inspect(error, { depth: Infinity }) + JSON.stringify(web())).not.toContain(body.slice(0, 40));
});

test('nobody bears the tag: the target is missing, and no key is gone', async () => {
  const { hosts, check } = await setUp();
  hosts.splice(0);

  await expect(check()).rejects.toMatchObject({ reason: 'target-missing' });
});

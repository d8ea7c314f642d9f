// Strings and keys.
import { RESP_TYPES } from 'redis';
import { bytes256, check, equal, range, refused, until } from './context.mjs';

const families = ['user', 'sess', 'cart', 'plain'];
const buffers = (client) => client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });

export async function set_get(t) {
  const client = t.client();
  for (const family of families) {
    equal(await client.set(t.key(family, 100), 'value ' + family), 'OK');
    equal(await client.get(t.key(family, 100)), 'value ' + family);
  }
}

export async function set_options(t) {
  const [client, key] = [t.client(), t.key('sess', 'options')];
  equal(await client.set(key, 'a', { condition: 'XX' }), null);
  equal(await client.set(key, 'a', { condition: 'NX', expiration: { type: 'EX', value: 100 } }), 'OK');
  equal(await client.set(key, 'b', { condition: 'NX' }), null);
  equal(await client.set(key, 'b', { GET: true, expiration: 'KEEPTTL' }), 'a');
  check((await client.ttl(key)) > 90, 'KEEPTTL lost the expiry');
}

export async function incr(t) {
  const [client, key] = [t.client(), t.key('cart', 101)];
  equal([await client.incr(key), await client.incrBy(key, 10), await client.decr(key)], [1, 11, 10]);
  equal(await client.incrByFloat(key, 0.5), '10.5');
}

export async function append_range(t) {
  const [client, key] = [t.client(), t.key('user', 'append')];
  equal([await client.append(key, 'hello'), await client.append(key, ' world'), await client.strLen(key)], [5, 11, 11]);
  equal([await client.setRange(key, 6, 'redis'), await client.getRange(key, 0, -1)], [11, 'hello redis']);
}

export async function getdel(t) {
  const [client, key] = [t.client(), t.key('sess', 'getdel')];
  await client.set(key, 'once');
  equal([await client.getDel(key), await client.getDel(key), await client.exists(key)], ['once', null, 0]);
}

export async function getex(t) {
  const [client, key] = [t.client(), t.key('sess', 'getex')];
  await client.set(key, 'v');
  equal(await client.getEx(key, { type: 'EX', value: 100 }), 'v');
  check((await client.ttl(key)) > 90, 'no expiry');
  equal([await client.getEx(key, { type: 'PERSIST' }), await client.ttl(key)], ['v', -1]);
}

export async function mset_mget(t) {
  const client = t.client();
  const keys = range(300).map((n) => t.key(families[n % 4], 2000 + n));
  equal(await client.mSet(keys.map((key, n) => [key, 'm' + n])), 'OK');
  equal(await client.mGet([...keys, t.key('user', 'absent')]), [...keys.map((_, n) => 'm' + n), null]);
}

export async function msetnx(t) {
  const [client, one, two] = [t.client(), t.key('user', 'nx1'), t.key('user', 'nx2')];
  equal([await client.mSetNX([[one, '1']]), await client.mSetNX([[one, 'x'], [two, 'x']])], [1, 0]);
  equal([await client.get(one), await client.get(two)], ['1', null]);
}

export async function big_value(t) {
  const [client, key, value] = [t.client(), t.key('user', 'big'), '0123456789abcdef'.repeat(65536)];
  await client.set(key, value);
  check((await client.get(key)) === value, 'the value differs');
  equal(await client.strLen(key), 1 << 20);
}

export async function binary_safe(t) {
  const [before, after] = t.names.user.split('%s').slice(0, 2);
  const [client, key] = [buffers(t.client()), Buffer.concat([Buffer.from(before), bytes256, Buffer.from(after)])];
  await client.set(key, bytes256);
  equal([await client.get(key), await client.exists(key)], [bytes256, 1]);
}

export async function empty_value(t) {
  const [client, key] = [t.client(), t.key('user', 'empty')];
  await client.set(key, '');
  equal([await client.get(key), await client.exists(key), await client.strLen(key)], ['', 1, 0]);
}

export async function bitfield(t) {
  const u8 = { encoding: 'u8', offset: 0 };
  const steps = [{ operation: 'OVERFLOW', behavior: 'SAT' }, { operation: 'SET', ...u8, value: 250 },
    { operation: 'INCRBY', ...u8, increment: 10 }, { operation: 'GET', ...u8 }];
  equal(await t.client().bitField(t.key('user', 'bitfield'), steps), [0, 255, 255]);
}

export async function bits(t) {
  const [client, one, two] = [t.client(), t.key('user', 'bits1'), t.key('user', 'bits2')];
  equal([await client.setBit(one, 7, 1), await client.getBit(one, 7), await client.bitCount(one), await client.bitPos(one, 1)], [0, 1, 1, 7]);
  equal([await client.bitOp('NOT', two, one), await client.bitCount(two)], [1, 7]);
}

export async function hyperloglog(t) {
  const [client, one, two] = [t.client(), t.key('user', 'hll1'), t.key('user', 'hll2')];
  equal([await client.pfAdd(one, ['a', 'b', 'c']), await client.pfAdd(two, ['c', 'd']), await client.pfCount([one, two])], [1, 1, 4]);
  equal([await client.pfMerge(one, two), await client.pfCount(one)], ['OK', 4]);
}

export async function exists_del_unlink(t) {
  const [client, keys] = [t.client(), families.map((family) => t.key(family, 102))];
  await client.mSet(keys.map((key) => [key, 'x']));
  equal(await client.exists([...keys, keys[0]]), 5);
  equal([await client.del([keys[0], keys[3], keys[0]]), await client.unlink(keys), await client.exists(keys)], [2, 2, 0]);
}

export async function type_encoding(t) {
  const [client, key] = [t.client(), t.key('user', 'encoding')];
  equal(await client.type(key), 'none');
  await client.set(key, '12345');
  equal([await client.type(key), await client.objectEncoding(key)], ['string', 'int']);
}

export async function expire_persist(t) {
  const [client, key] = [t.client(), t.key('sess', 'expire')];
  await client.set(key, 'x');
  equal([await client.expire(key, 100), await client.expire(key, 100, 'NX')], [1, 0]);
  check((await client.ttl(key)) > 90 && (await client.pTTL(key)) > 90000, 'wrong TTL');
  check(Math.abs((await client.expireTime(key)) - Date.now() / 1000 - 100) < 5, 'wrong EXPIRETIME');
  equal([await client.persist(key), await client.ttl(key)], [1, -1]);
}

export async function expires(t) {
  const [client, key] = [t.client(), t.key('sess', 'short')];
  await client.set(key, 'x', { expiration: { type: 'PX', value: 60 } });
  equal(await client.get(key), 'x');
  await until(async () => (await client.get(key)) === null, 'the expiry', 2000);
  equal([await client.exists(key), await client.ttl(key)], [0, -2]);
}

export async function copy(t) {
  const [client, one, two] = [t.client(), t.key('user', 'copy1'), t.key('user', 'copy2')];
  await client.set(one, 'x');
  equal([await client.copy(one, two), await client.copy(one, two), await client.copy(one, two, { REPLACE: true })], [1, 0, 1]);
  equal(await client.mGet([one, two]), ['x', 'x']);
}

export async function rename(t) {
  const [client, one, two] = [t.client(), t.key('user', 'rename1'), t.key('user', 'rename2')];
  await client.set(one, 'x');
  equal([await client.rename(one, two), await client.get(one), await client.get(two)], ['OK', null, 'x']);
  await client.set(one, 'y');
  equal(await client.renameNX(two, one), 0);
  await refused('no such key', client.rename(t.key('user', 'absent'), two));
}

export async function dump_restore(t) {
  const [client, one, two] = [t.client(), t.key('user', 'dump1'), t.key('user', 'dump2')];
  await client.rPush(one, ['a', 'b']);
  const payload = await buffers(client).dump(one);
  equal([await client.restore(two, 100000, payload), await client.lRange(two, 0, -1)], ['OK', ['a', 'b']]);
  check((await client.pTTL(two)) > 90000, 'no expiry');
  await refused('BUSYKEY', client.restore(two, 0, payload));
}

export async function sort(t) {
  const [client, one, two] = [t.client(), t.key('user', 'sort1'), t.key('user', 'sort2')];
  await client.rPush(one, ['3', '1', '2']);
  equal([await client.sort(one), await client.sortStore(one, two, { DIRECTION: 'DESC' })], [['1', '2', '3'], 3]);
  equal(await client.lRange(two, 0, -1), ['3', '2', '1']);
}

export async function seeded_string(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-string')];
  equal([await client.get(key), await client.append(key, '!'), await client.get(key)], ['seeded', 7, 'seeded!']);
}

export async function seeded_hash(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-hash')];
  equal([await client.hSet(key, 'plan', 'paid'), { ...(await client.hGetAll(key)) }], [0, { name: 'ada', plan: 'paid' }]);
}

export async function seeded_list(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-list')];
  equal([await client.rPush(key, 'd'), await client.lPop(key), await client.lRange(key, 0, -1)], [4, 'a', ['b', 'c', 'd']]);
}

export async function seeded_ttl(t) {
  const [client, key] = [t.client(), t.key('sess', 'seed-ttl')];
  check((await client.ttl(key)) > 500, 'the expiry is lost');
  await client.append(key, '!');
  check((await client.ttl(key)) > 500, 'the write lost the expiry');
}

export async function seeded_tx(t) {
  const key = t.key('sess', 'seed-tx');
  equal(await t.client().multi().incrBy(key, 5).get(key).exec(), [15, '15']);
}

export async function seeded_mget(t) {
  equal(await t.client().mGet(range(10, 1000).map((n) => t.key('cart', n))), range(10).map((n) => 'c' + n));
}

export async function seeded_del(t) {
  const [client, key] = [t.client(), t.key('cart', 1010)];
  equal([await client.del(key), await client.del(key), await client.get(key)], [1, 0, null]);
}

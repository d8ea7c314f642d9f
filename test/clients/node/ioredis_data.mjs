// Strings and keys.
import { bytes256, check, equal, range, refused, until } from './context.mjs';

const families = ['user', 'sess', 'cart', 'plain'];

export async function set_get(t) {
  const client = t.client();
  for (const family of families) {
    equal(await client.set(t.key(family, 100), 'value ' + family), 'OK');
    equal(await client.get(t.key(family, 100)), 'value ' + family);
  }
}

export async function set_options(t) {
  const [client, key] = [t.client(), t.key('sess', 'options')];
  equal(await client.set(key, 'a', 'XX'), null);
  equal(await client.set(key, 'a', 'EX', 100, 'NX'), 'OK');
  equal(await client.set(key, 'b', 'NX'), null);
  equal(await client.set(key, 'b', 'KEEPTTL', 'GET'), 'a');
  check((await client.ttl(key)) > 90, 'KEEPTTL lost the expiry');
}

export async function incr(t) {
  const [client, key] = [t.client(), t.key('cart', 101)];
  equal([await client.incr(key), await client.incrby(key, 10), await client.decr(key)], [1, 11, 10]);
  equal(await client.incrbyfloat(key, 0.5), '10.5');
}

export async function append_range(t) {
  const [client, key] = [t.client(), t.key('user', 'append')];
  equal([await client.append(key, 'hello'), await client.append(key, ' world'), await client.strlen(key)], [5, 11, 11]);
  equal(await client.setrange(key, 6, 'redis'), 11);
  equal(await client.getrange(key, 0, -1), 'hello redis');
}

export async function getdel(t) {
  const [client, key] = [t.client(), t.key('sess', 'getdel')];
  await client.set(key, 'once');
  equal([await client.getdel(key), await client.getdel(key), await client.exists(key)], ['once', null, 0]);
}

export async function getex(t) {
  const [client, key] = [t.client(), t.key('sess', 'getex')];
  await client.set(key, 'v');
  equal(await client.getex(key, 'EX', 100), 'v');
  check((await client.ttl(key)) > 90, 'no expiry');
  equal([await client.getex(key, 'PERSIST'), await client.ttl(key)], ['v', -1]);
}

export async function mset_mget(t) {
  const client = t.client();
  const keys = range(300).map((n) => t.key(families[n % 4], 2000 + n));
  equal(await client.mset(Object.fromEntries(keys.map((key, n) => [key, 'm' + n]))), 'OK');
  equal(await client.mget(...keys, t.key('user', 'absent')), [...keys.map((_, n) => 'm' + n), null]);
}

export async function msetnx(t) {
  const [client, one, two] = [t.client(), t.key('user', 'nx1'), t.key('user', 'nx2')];
  equal([await client.msetnx(one, '1'), await client.msetnx(one, 'x', two, 'x')], [1, 0]);
  equal([await client.get(one), await client.get(two)], ['1', null]);
}

export async function big_value(t) {
  const [client, key, value] = [t.client(), t.key('user', 'big'), '0123456789abcdef'.repeat(65536)];
  await client.set(key, value);
  check((await client.get(key)) === value, 'the value differs');
  equal(await client.strlen(key), 1 << 20);
}

export async function binary_safe(t) {
  const [before, after] = t.names.user.split('%s').slice(0, 2);
  const [client, key] = [t.client(), Buffer.concat([Buffer.from(before), bytes256, Buffer.from(after)])];
  await client.set(key, bytes256);
  equal(await client.getBuffer(key), bytes256);
  equal(await client.exists(key), 1);
}

export async function empty_value(t) {
  const [client, key] = [t.client(), t.key('user', 'empty')];
  await client.set(key, '');
  equal([await client.get(key), await client.exists(key), await client.strlen(key)], ['', 1, 0]);
}

export async function bitfield(t) {
  const key = t.key('user', 'bitfield');
  equal(await t.client().bitfield(key, 'OVERFLOW', 'SAT', 'SET', 'u8', 0, 250, 'INCRBY', 'u8', 0, 10, 'GET', 'u8', 0), [0, 255, 255]);
}

export async function bits(t) {
  const [client, one, two] = [t.client(), t.key('user', 'bits1'), t.key('user', 'bits2')];
  equal([await client.setbit(one, 7, 1), await client.getbit(one, 7), await client.bitcount(one), await client.bitpos(one, 1)], [0, 1, 1, 7]);
  equal([await client.bitop('NOT', two, one), await client.bitcount(two)], [1, 7]);
}

export async function hyperloglog(t) {
  const [client, one, two] = [t.client(), t.key('user', 'hll1'), t.key('user', 'hll2')];
  equal([await client.pfadd(one, 'a', 'b', 'c'), await client.pfadd(two, 'c', 'd'), await client.pfcount(one, two)], [1, 1, 4]);
  equal([await client.pfmerge(one, two), await client.pfcount(one)], ['OK', 4]);
}

export async function exists_del_unlink(t) {
  const [client, keys] = [t.client(), families.map((family) => t.key(family, 102))];
  await client.mset(keys.flatMap((key) => [key, 'x']));
  equal(await client.exists(...keys, keys[0]), 5);
  equal([await client.del(keys[0], keys[3], keys[0]), await client.unlink(...keys), await client.exists(...keys)], [2, 2, 0]);
}

export async function type_encoding(t) {
  const [client, key] = [t.client(), t.key('user', 'encoding')];
  equal(await client.type(key), 'none');
  await client.set(key, '12345');
  equal([await client.type(key), await client.object('ENCODING', key)], ['string', 'int']);
}

export async function expire_persist(t) {
  const [client, key] = [t.client(), t.key('sess', 'expire')];
  await client.set(key, 'x');
  equal([await client.expire(key, 100), await client.expire(key, 100, 'NX')], [1, 0]);
  check((await client.ttl(key)) > 90 && (await client.pttl(key)) > 90000, 'wrong TTL');
  check(Math.abs((await client.expiretime(key)) - Date.now() / 1000 - 100) < 5, 'wrong EXPIRETIME');
  equal([await client.persist(key), await client.ttl(key)], [1, -1]);
}

export async function expires(t) {
  const [client, key] = [t.client(), t.key('sess', 'short')];
  await client.set(key, 'x', 'PX', 60);
  equal(await client.get(key), 'x');
  await until(async () => (await client.get(key)) === null, 'the expiry', 2000);
  equal([await client.exists(key), await client.ttl(key)], [0, -2]);
}

export async function copy(t) {
  const [client, one, two] = [t.client(), t.key('user', 'copy1'), t.key('user', 'copy2')];
  await client.set(one, 'x');
  equal([await client.copy(one, two), await client.copy(one, two), await client.copy(one, two, 'REPLACE')], [1, 0, 1]);
  equal(await client.mget(one, two), ['x', 'x']);
}

export async function rename(t) {
  const [client, one, two] = [t.client(), t.key('user', 'rename1'), t.key('user', 'rename2')];
  await client.set(one, 'x');
  equal([await client.rename(one, two), await client.get(one), await client.get(two)], ['OK', null, 'x']);
  await client.set(one, 'y');
  equal(await client.renamenx(two, one), 0);
  await refused('no such key', client.rename(t.key('user', 'absent'), two));
}

export async function dump_restore(t) {
  const [client, one, two] = [t.client(), t.key('user', 'dump1'), t.key('user', 'dump2')];
  await client.rpush(one, 'a', 'b');
  const payload = await client.dumpBuffer(one);
  equal([await client.restore(two, 100000, payload), await client.lrange(two, 0, -1)], ['OK', ['a', 'b']]);
  check((await client.pttl(two)) > 90000, 'no expiry');
  await refused('BUSYKEY', client.restore(two, 0, payload));
}

export async function sort(t) {
  const [client, one, two] = [t.client(), t.key('user', 'sort1'), t.key('user', 'sort2')];
  await client.rpush(one, 3, 1, 2);
  equal([await client.sort(one), await client.sort(one, 'DESC', 'STORE', two)], [['1', '2', '3'], 3]);
  equal(await client.lrange(two, 0, -1), ['3', '2', '1']);
}

export async function seeded_string(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-string')];
  equal([await client.get(key), await client.append(key, '!'), await client.get(key)], ['seeded', 7, 'seeded!']);
}

export async function seeded_hash(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-hash')];
  equal([await client.hset(key, 'plan', 'paid'), await client.hgetall(key)], [0, { name: 'ada', plan: 'paid' }]);
}

export async function seeded_list(t) {
  const [client, key] = [t.client(), t.key('user', 'seed-list')];
  equal([await client.rpush(key, 'd'), await client.lpop(key), await client.lrange(key, 0, -1)], [4, 'a', ['b', 'c', 'd']]);
}

export async function seeded_ttl(t) {
  const [client, key] = [t.client(), t.key('sess', 'seed-ttl')];
  check((await client.ttl(key)) > 500, 'the expiry is lost');
  await client.append(key, '!');
  check((await client.ttl(key)) > 500, 'the write lost the expiry');
}

export async function seeded_tx(t) {
  const key = t.key('sess', 'seed-tx');
  equal(await t.client().multi().incrby(key, 5).get(key).exec(), [[null, 15], [null, '15']]);
}

export async function seeded_mget(t) {
  equal(await t.client().mget(range(10, 1000).map((n) => t.key('cart', n))), range(10).map((n) => 'c' + n));
}

export async function seeded_del(t) {
  const [client, key] = [t.client(), t.key('cart', 1010)];
  equal([await client.del(key), await client.del(key), await client.get(key)], [1, 0, null]);
}

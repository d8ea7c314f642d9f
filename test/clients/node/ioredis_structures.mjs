// Hashes, lists, sets, sorted sets, places, streams, and their iterators.
import { check, equal, range, refused, sorted } from './context.mjs';

export async function hash_fields(t) {
  const [client, key] = [t.client(), t.key('user', 'hash')];
  equal(await client.hset(key, { name: 'ada', plan: 'free', age: '36' }), 3);
  equal(await client.hmget(key, 'name', 'none'), ['ada', null]);
  equal([await client.hdel(key, 'age', 'none'), await client.hlen(key), await client.hexists(key, 'plan')], [1, 2, 1]);
  equal(await client.hgetall(key), { name: 'ada', plan: 'free' });
}

export async function hash_counters(t) {
  const [client, key] = [t.client(), t.key('cart', 103)];
  equal([await client.hincrby(key, 'n', 5), await client.hincrbyfloat(key, 'f', 0.5)], [5, '0.5']);
  equal([await client.hsetnx(key, 'n', 1), await client.hsetnx(key, 'm', 1)], [0, 1]);
}

export async function list_ends(t) {
  const [client, key] = [t.client(), t.key('cart', 104)];
  equal([await client.rpush(key, 'b', 'c'), await client.lpush(key, 'a')], [2, 3]);
  equal(await client.lrange(key, 0, -1), ['a', 'b', 'c']);
  equal([await client.lpop(key), await client.rpop(key), await client.llen(key)], ['a', 'c', 1]);
}

export async function list_inside(t) {
  const [client, one, two] = [t.client(), t.key('cart', 105), t.key('user', 'list2')];
  await client.rpush(one, 'a', 'c', 'c', 'd');
  equal([await client.linsert(one, 'BEFORE', 'c', 'b'), await client.lset(one, 0, 'A'), await client.lrem(one, 1, 'c')], [5, 'OK', 1]);
  equal([await client.ltrim(one, 0, 2), await client.lpos(one, 'c'), await client.lmove(one, two, 'LEFT', 'RIGHT')], ['OK', 2, 'A']);
  equal([await client.lrange(one, 0, -1), await client.lrange(two, 0, -1)], [['b', 'c'], ['A']]);
}

export async function lmpop(t) {
  const [client, one, two] = [t.client(), t.key('cart', 106), t.key('user', 'lmpop')];
  await client.rpush(two, 'a', 'b', 'c');
  equal(await client.lmpop(2, one, two, 'LEFT', 'COUNT', 2), [two, ['a', 'b']]);
}

export async function set_members(t) {
  const [client, key] = [t.client(), t.key('user', 'set')];
  equal([await client.sadd(key, 'a', 'b', 'c'), await client.srem(key, 'c', 'z'), await client.scard(key)], [3, 1, 2]);
  equal([await client.sismember(key, 'a'), await client.smismember(key, 'a', 'z')], [1, [1, 0]]);
  equal(sorted(await client.smembers(key)), ['a', 'b']);
}

export async function set_algebra(t) {
  const [client, one, two, three] = [t.client(), t.key('user', 'set1'), t.key('cart', 107), t.key('sess', 'set3')];
  await client.sadd(one, 'a', 'b', 'c');
  await client.sadd(two, 'b', 'c', 'd');
  equal([sorted(await client.sinter(one, two)), await client.sdiff(one, two)], [['b', 'c'], ['a']]);
  equal(sorted(await client.sunion(one, two)), ['a', 'b', 'c', 'd']);
  equal([await client.sunionstore(three, one, two), await client.scard(three), await client.sintercard(2, one, two)], [4, 4, 2]);
}

export async function zset_scores(t) {
  const [client, key] = [t.client(), t.key('user', 'zset')];
  equal(await client.zadd(key, 1, 'a', 2, 'b', 3, 'c'), 3);
  equal([await client.zincrby(key, 5, 'a'), await client.zscore(key, 'a'), await client.zrank(key, 'a'), await client.zcard(key)], ['6', '6', 2, 3]);
}

export async function zset_ranges(t) {
  const [client, key, lex] = [t.client(), t.key('user', 'zranges'), t.key('cart', 108)];
  await client.zadd(key, 1, 'a', 2, 'b', 3, 'c');
  equal(await client.zrange(key, 0, 1, 'WITHSCORES'), ['a', '1', 'b', '2']);
  equal(await client.zrange(key, '+inf', 2, 'BYSCORE', 'REV'), ['c', 'b']);
  await client.zadd(lex, 0, 'a', 0, 'b', 0, 'c');
  equal(await client.zrangebylex(lex, '[a', '(c'), ['a', 'b']);
}

export async function zset_store(t) {
  const [client, one, two, three] = [t.client(), t.key('user', 'z1'), t.key('cart', 109), t.key('sess', 'z3')];
  await client.zadd(one, 1, 'a', 2, 'b');
  await client.zadd(two, 3, 'b', 4, 'c');
  equal(await client.zunionstore(three, 2, one, two, 'WEIGHTS', 1, 10), 3);
  equal(await client.zrange(three, 0, -1, 'WITHSCORES'), ['a', '1', 'b', '32', 'c', '40']);
  equal([await client.zinterstore(three, 2, one, two, 'WEIGHTS', 2, 1), await client.zscore(three, 'b')], [1, '7']);
}

export async function zmpop(t) {
  const [client, one, two] = [t.client(), t.key('user', 'zm1'), t.key('cart', 110)];
  await client.zadd(two, 1, 'a', 2, 'b');
  equal(await client.zmpop(2, one, two, 'MIN'), [two, [['a', '1']]]);
}

export async function geo(t) {
  const [client, key] = [t.client(), t.key('user', 'geo')];
  equal(await client.geoadd(key, 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2);
  check(Math.abs((await client.geodist(key, 'Palermo', 'Catania', 'KM')) - 166.27) < 0.1, 'wrong distance');
  equal(await client.geosearch(key, 'FROMLONLAT', 15, 37, 'BYRADIUS', 100, 'km'), ['Catania']);
}

export async function stream_range(t) {
  const [client, key] = [t.client(), t.key('user', 'stream')];
  const [first, second] = [await client.xadd(key, '*', 'n', '1'), await client.xadd(key, '*', 'n', '2')];
  equal([await client.xlen(key), await client.xrange(key, '-', '+')], [2, [[first, ['n', '1']], [second, ['n', '2']]]]);
  equal([await client.xrevrange(key, '+', '-', 'COUNT', 1), await client.xdel(key, first), await client.xlen(key)], [[[second, ['n', '2']]], 1, 1]);
}

export async function stream_group(t) {
  const [client, key] = [t.client(), t.key('user', 'group')];
  equal(await client.xgroup('CREATE', key, 'g', '0', 'MKSTREAM'), 'OK');
  const id = await client.xadd(key, '*', 'n', '1');
  equal(await client.xreadgroup('GROUP', 'g', 'c1', 'STREAMS', key, '>'), [[key, [[id, ['n', '1']]]]]);
  equal([(await client.xpending(key, 'g'))[0], await client.xack(key, 'g', id), (await client.xpending(key, 'g'))[0]], [1, 1, 0]);
  await refused('BUSYGROUP', client.xgroup('CREATE', key, 'g', '0'));
}

export async function stream_autoclaim(t) {
  const [client, key] = [t.client(), t.key('user', 'claim')];
  await client.xgroup('CREATE', key, 'g', '0', 'MKSTREAM');
  const id = await client.xadd(key, '*', 'n', '1');
  await client.xreadgroup('GROUP', 'g', 'c1', 'STREAMS', key, '>');
  equal((await client.xautoclaim(key, 'g', 'c2', 0, '0'))[1], [[id, ['n', '1']]]);
  equal((await client.xpending(key, 'g', '-', '+', 10))[0][1], 'c2');
}

export async function stream_trim(t) {
  const [client, key] = [t.client(), t.key('user', 'trim')];
  for (const n of range(5)) await client.xadd(key, '*', 'n', n);
  equal([await client.xtrim(key, 'MAXLEN', 2), (await client.xinfo('STREAM', key)).slice(0, 2)], [3, ['length', 2]]);
}

async function collected(stream) {
  const found = [];
  for await (const part of stream) found.push(...part);
  return found;
}

const pairs = (flat) => Object.fromEntries(range(flat.length / 2).map((n) => [flat[2 * n], flat[2 * n + 1]]));
const seededNames = (t) => sorted(range(100).map((n) => t.key('user', 'scan-' + n)));

export async function scan(t) {
  const found = await collected(t.client().scanStream({ match: t.key('user', 'scan-*'), count: 50 }));
  equal(sorted(new Set(found)), seededNames(t));
}

export async function scan_type(t) {
  const [client, key] = [t.client(), t.key('user', 'typed-hash')];
  await client.hset(key, 'f', 'v');
  await client.set(t.key('user', 'typed-string'), 'v');
  equal([...new Set(await collected(client.scanStream({ match: t.key('user', 'typed-*'), type: 'hash' })))], [key]);
}

export async function keys(t) {
  equal(sorted(await t.client().keys(t.key('user', 'scan-*'))), seededNames(t));
}

export async function hscan(t) {
  const [client, key, want] = [t.client(), t.key('user', 'hscan'), pairs(range(1000).flatMap((n) => ['f' + n, String(n)]))];
  await client.hset(key, want);
  equal(pairs(await collected(client.hscanStream(key))), want);
}

export async function sscan(t) {
  const [client, key, want] = [t.client(), t.key('cart', 140), range(1000).map((n) => 'm' + n)];
  await client.sadd(key, ...want);
  equal(sorted(new Set(await collected(client.sscanStream(key)))), sorted(want));
}

export async function zscan(t) {
  const [client, key] = [t.client(), t.key('sess', 'zscan')];
  await client.zadd(key, ...range(1000).flatMap((n) => [n, 'm' + n]));
  equal(pairs(await collected(client.zscanStream(key))), pairs(range(1000).flatMap((n) => ['m' + n, String(n)])));
}

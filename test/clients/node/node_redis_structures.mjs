// Hashes, lists, sets, sorted sets, places, streams, and their iterators.
import { check, equal, range, refused, sorted } from './context.mjs';

const plain = (value) => JSON.parse(JSON.stringify(value)); // replies are objects without a prototype

export async function hash_fields(t) {
  const [client, key] = [t.client(), t.key('user', 'hash')];
  equal(await client.hSet(key, { name: 'ada', plan: 'free', age: '36' }), 3);
  equal(await client.hmGet(key, ['name', 'none']), ['ada', null]);
  equal([await client.hDel(key, ['age', 'none']), await client.hLen(key), await client.hExists(key, 'plan')], [1, 2, 1]);
  equal(plain(await client.hGetAll(key)), { name: 'ada', plan: 'free' });
}

export async function hash_counters(t) {
  const [client, key] = [t.client(), t.key('cart', 103)];
  equal([await client.hIncrBy(key, 'n', 5), await client.hIncrByFloat(key, 'f', 0.5)], [5, '0.5']);
  equal([await client.hSetNX(key, 'n', '1'), await client.hSetNX(key, 'm', '1')], [0, 1]);
}

export async function list_ends(t) {
  const [client, key] = [t.client(), t.key('cart', 104)];
  equal([await client.rPush(key, ['b', 'c']), await client.lPush(key, 'a')], [2, 3]);
  equal(await client.lRange(key, 0, -1), ['a', 'b', 'c']);
  equal([await client.lPop(key), await client.rPop(key), await client.lLen(key)], ['a', 'c', 1]);
}

export async function list_inside(t) {
  const [client, one, two] = [t.client(), t.key('cart', 105), t.key('user', 'list2')];
  await client.rPush(one, ['a', 'c', 'c', 'd']);
  equal([await client.lInsert(one, 'BEFORE', 'c', 'b'), await client.lSet(one, 0, 'A'), await client.lRem(one, 1, 'c')], [5, 'OK', 1]);
  equal([await client.lTrim(one, 0, 2), await client.lPos(one, 'c'), await client.lMove(one, two, 'LEFT', 'RIGHT')], ['OK', 2, 'A']);
  equal([await client.lRange(one, 0, -1), await client.lRange(two, 0, -1)], [['b', 'c'], ['A']]);
}

export async function lmpop(t) {
  const [client, one, two] = [t.client(), t.key('cart', 106), t.key('user', 'lmpop')];
  await client.rPush(two, ['a', 'b', 'c']);
  equal(await client.lmPop([one, two], 'LEFT', { COUNT: 2 }), [two, ['a', 'b']]);
}

export async function set_members(t) {
  const [client, key] = [t.client(), t.key('user', 'set')];
  equal([await client.sAdd(key, ['a', 'b', 'c']), await client.sRem(key, ['c', 'z']), await client.sCard(key)], [3, 1, 2]);
  equal([await client.sIsMember(key, 'a'), await client.smIsMember(key, ['a', 'z'])], [1, [1, 0]]);
  equal(sorted(await client.sMembers(key)), ['a', 'b']);
}

export async function set_algebra(t) {
  const [client, one, two, three] = [t.client(), t.key('user', 'set1'), t.key('cart', 107), t.key('sess', 'set3')];
  await client.sAdd(one, ['a', 'b', 'c']);
  await client.sAdd(two, ['b', 'c', 'd']);
  equal([sorted(await client.sInter([one, two])), await client.sDiff([one, two])], [['b', 'c'], ['a']]);
  equal(sorted(await client.sUnion([one, two])), ['a', 'b', 'c', 'd']);
  equal([await client.sUnionStore(three, [one, two]), await client.sCard(three), await client.sInterCard([one, two])], [4, 4, 2]);
}

export async function zset_scores(t) {
  const [client, key] = [t.client(), t.key('user', 'zset')];
  equal(await client.zAdd(key, [{ score: 1, value: 'a' }, { score: 2, value: 'b' }, { score: 3, value: 'c' }]), 3);
  equal([await client.zIncrBy(key, 5, 'a'), await client.zScore(key, 'a'), await client.zRank(key, 'a'), await client.zCard(key)], [6, 6, 2, 3]);
}

export async function zset_ranges(t) {
  const [client, key, lex] = [t.client(), t.key('user', 'zranges'), t.key('cart', 108)];
  await client.zAdd(key, range(3).map((n) => ({ score: n + 1, value: 'abc'[n] })));
  equal(plain(await client.zRangeWithScores(key, 0, 1)), [{ value: 'a', score: 1 }, { value: 'b', score: 2 }]);
  equal(await client.zRange(key, '+inf', 2, { BY: 'SCORE', REV: true }), ['c', 'b']);
  await client.zAdd(lex, range(3).map((n) => ({ score: 0, value: 'abc'[n] })));
  equal(await client.zRangeByLex(lex, '[a', '(c'), ['a', 'b']);
}

export async function zset_store(t) {
  const [client, one, two, three] = [t.client(), t.key('user', 'z1'), t.key('cart', 109), t.key('sess', 'z3')];
  await client.zAdd(one, [{ score: 1, value: 'a' }, { score: 2, value: 'b' }]);
  await client.zAdd(two, [{ score: 3, value: 'b' }, { score: 4, value: 'c' }]);
  equal(await client.zUnionStore(three, [{ key: one, weight: 1 }, { key: two, weight: 10 }]), 3);
  equal((await client.zRangeWithScores(three, 0, -1)).map((row) => row.score), [1, 32, 40]);
  equal([await client.zInterStore(three, [{ key: one, weight: 2 }, { key: two, weight: 1 }]), await client.zScore(three, 'b')], [1, 7]);
}

export async function zmpop(t) {
  const [client, one, two] = [t.client(), t.key('user', 'zm1'), t.key('cart', 110)];
  await client.zAdd(two, [{ score: 1, value: 'a' }, { score: 2, value: 'b' }]);
  equal(plain(await client.zmPop([one, two], 'MIN')), { key: two, members: [{ value: 'a', score: 1 }] });
}

export async function geo(t) {
  const [client, key] = [t.client(), t.key('user', 'geo')];
  const places = [{ longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }, { longitude: 15.087269, latitude: 37.502669, member: 'Catania' }];
  equal(await client.geoAdd(key, places), 2);
  check(Math.abs((await client.geoDist(key, 'Palermo', 'Catania', 'km')) - 166.27) < 0.1, 'wrong distance');
  equal(await client.geoSearch(key, { longitude: 15, latitude: 37 }, { radius: 100, unit: 'km' }), ['Catania']);
}

const entries = (rows) => rows.map((row) => [row.id, { ...row.message }]);

export async function stream_range(t) {
  const [client, key] = [t.client(), t.key('user', 'stream')];
  const [first, second] = [await client.xAdd(key, '*', { n: '1' }), await client.xAdd(key, '*', { n: '2' })];
  equal([await client.xLen(key), entries(await client.xRange(key, '-', '+'))], [2, [[first, { n: '1' }], [second, { n: '2' }]]]);
  equal(entries(await client.xRevRange(key, '+', '-', { COUNT: 1 })), [[second, { n: '2' }]]);
  equal([await client.xDel(key, first), await client.xLen(key)], [1, 1]);
}

export async function stream_group(t) {
  const [client, key] = [t.client(), t.key('user', 'group')];
  equal(await client.xGroupCreate(key, 'g', '0', { MKSTREAM: true }), 'OK');
  const id = await client.xAdd(key, '*', { n: '1' });
  const [read] = await client.xReadGroup('g', 'c1', { key, id: '>' });
  equal([read.name, entries(read.messages)], [key, [[id, { n: '1' }]]]);
  equal([(await client.xPending(key, 'g')).pending, await client.xAck(key, 'g', id), (await client.xPending(key, 'g')).pending], [1, 1, 0]);
  await refused('BUSYGROUP', client.xGroupCreate(key, 'g', '0'));
}

export async function stream_autoclaim(t) {
  const [client, key] = [t.client(), t.key('user', 'claim')];
  await client.xGroupCreate(key, 'g', '0', { MKSTREAM: true });
  const id = await client.xAdd(key, '*', { n: '1' });
  await client.xReadGroup('g', 'c1', { key, id: '>' });
  equal(entries((await client.xAutoClaim(key, 'g', 'c2', 0, '0')).messages), [[id, { n: '1' }]]);
  equal((await client.xPendingRange(key, 'g', '-', '+', 10))[0].consumer, 'c2');
}

export async function stream_trim(t) {
  const [client, key] = [t.client(), t.key('user', 'trim')];
  for (const n of range(5)) await client.xAdd(key, '*', { n: String(n) });
  equal([await client.xTrim(key, 'MAXLEN', 2), (await client.xInfoStream(key)).length], [3, 2]);
}

async function collected(iterator) {
  const found = [];
  for await (const part of iterator) found.push(...part);
  return found;
}

const seededNames = (t) => sorted(range(100).map((n) => t.key('user', 'scan-' + n)));

export async function scan(t) {
  const found = await collected(t.client().scanIterator({ MATCH: t.key('user', 'scan-*'), COUNT: 50 }));
  equal(sorted(new Set(found)), seededNames(t));
}

export async function scan_type(t) {
  const [client, key] = [t.client(), t.key('user', 'typed-hash')];
  await client.hSet(key, 'f', 'v');
  await client.set(t.key('user', 'typed-string'), 'v');
  equal([...new Set(await collected(client.scanIterator({ MATCH: t.key('user', 'typed-*'), TYPE: 'hash' })))], [key]);
}

export async function keys(t) {
  equal(sorted(await t.client().keys(t.key('user', 'scan-*'))), seededNames(t));
}

export async function hscan(t) {
  const [client, key, want] = [t.client(), t.key('user', 'hscan'), range(1000).map((n) => ['f' + n, String(n)])];
  await client.hSet(key, Object.fromEntries(want));
  const got = (await collected(client.hScanIterator(key))).map((row) => [row.field, row.value]);
  equal(Object.fromEntries(got), Object.fromEntries(want));
}

export async function sscan(t) {
  const [client, key, want] = [t.client(), t.key('cart', 140), range(1000).map((n) => 'm' + n)];
  await client.sAdd(key, want);
  equal(sorted(new Set(await collected(client.sScanIterator(key)))), sorted(want));
}

export async function zscan(t) {
  const [client, key, want] = [t.client(), t.key('sess', 'zscan'), range(1000).map((n) => ['m' + n, n])];
  await client.zAdd(key, want.map(([value, score]) => ({ score, value })));
  const got = (await collected(client.zScanIterator(key))).map((row) => [row.value, row.score]);
  equal(Object.fromEntries(got), Object.fromEntries(want));
}

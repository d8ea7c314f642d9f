// The connection itself, RESP3, scripts, and commands that wait.
import { BasicClientSideCache, defineScript } from 'redis';
import { check, equal, later, pause, refused, until } from './context.mjs';

export async function ping(t) {
  equal([await t.client().ping(), await t.client().echo('hello')], ['PONG', 'hello']);
}

export async function select(t) {
  const [zero, one, key] = [t.client(), t.client({ database: 1 }), t.key('plain', 'select')];
  await zero.set(key, 'in 0');
  await one.set(key, 'in 1');
  equal([await zero.get(key), await one.get(key)], ['in 0', 'in 1']);
  await zero.select(1);
  equal(await zero.get(key), 'in 1');
}

export async function client_name(t) {
  const [one, two] = [t.client({ name: 'one' }), t.client()];
  await two.clientSetName('two');
  equal([await one.clientGetName(), await two.clientGetName()], ['one', 'two']);
}

export async function client_id_info(t) {
  const client = t.client();
  const id = await client.clientId();
  equal((await client.clientInfo()).id, id);
  check((await client.clientList()).some((row) => row.id === id), 'CLIENT LIST lacks the id');
}

export async function info(t) {
  check((await t.client().info('server')).includes('redis_version:'), 'no redis_version');
}

export async function config_get(t) {
  equal(Object.keys(await t.client().configGet('maxmemory-policy')), ['maxmemory-policy']);
}

export async function auth_wrong(t) {
  const client = t.client();
  await refused('WRONGPASS', client.auth({ username: 'alice', password: 'wrong' }));
  equal(await client.ping(), 'PONG');
}

export async function auth_user(t) {
  const [alice, anybody, key] = [t.client({ username: 'alice', password: 'secret' }), t.client(), t.key('user', 'alice')];
  equal([await alice.aclWhoAmI(), await anybody.aclWhoAmI()], ['alice', 'default']);
  await alice.set(key, 'hers');
  equal(await anybody.get(key), 'hers');
}

export async function acl_refusal(t) {
  const [bob, anybody, key] = [t.client({ username: 'bob', password: 'secret' }), t.client(), t.key('user', 'bob')];
  await anybody.set(key, 'kept');
  equal(await bob.get(key), 'kept');
  await refused('NOPERM', bob.set(key, 'changed'));
  equal(await anybody.get(key), 'kept');
}

export async function unknown_command(t) {
  const client = t.client();
  await refused('ERR unknown command', client.sendCommand(['NOSUCHCOMMAND', 'x']));
  equal(await client.ping(), 'PONG');
}

export async function wrong_arity(t) {
  await refused('wrong number of arguments', t.client().sendCommand(['GET']));
}

export async function wrongtype(t) {
  const [client, key] = [t.client(), t.key('user', 'wrongtype')];
  await client.set(key, 'text');
  await refused('WRONGTYPE', client.lPush(key, 'x'));
}

export async function reconnect_after_kill(t) {
  const [client, key] = [t.client(), t.key('user', 'reconnect')];
  await client.set(key, 'before');
  const id = await client.clientId();
  equal(await t.client().clientKill({ filter: 'ID', id }), 1);
  equal(await until(() => client.get(key).catch(() => null), 'the reconnection'), 'before');
  check((await client.clientId()) !== id, 'the old connection is still there');
}

export async function wait_replicas(t) {
  const client = t.client();
  await client.set(t.key('plain', 'wait'), 'x');
  equal(await client.wait(0, 100), 0);
}

export async function monitor(t) {
  const [watcher, key, seen] = [t.client(), t.key('plain', 'monitored'), []];
  await watcher.monitor((line) => seen.push(String(line)));
  await t.client().set(key, 'seen');
  await until(() => seen.some((line) => line.includes(`"SET" "${key}" "seen"`)), 'the command');
}

export async function hello3(t) {
  const reply = await t.client({ RESP: 3 }).hello(3);
  equal([reply.proto, reply.server], [3, 'redis']);
}

export async function resp3_hash(t) {
  const [client, key] = [t.client({ RESP: 3 }), t.key('user', 'resp3hash')];
  await client.hSet(key, { a: '1', b: '2' });
  equal({ ...(await client.sendCommand(['HGETALL', key])) }, { a: '1', b: '2' });
}

export async function resp3_double(t) {
  const [client, key] = [t.client({ RESP: 3 }), t.key('user', 'resp3double')];
  await client.zAdd(key, { score: 1.5, value: 'm' });
  equal(await client.sendCommand(['ZSCORE', key, 'm']), 1.5);
}

export async function resp3_pubsub(t) {
  const [client, key, got] = [t.client({ RESP: 3 }), t.key('user', 'resp3pubsub'), []];
  await client.subscribe('resp3:news', (message, channel) => got.push([channel, message]));
  await client.set(key, 'x');
  equal(await t.client().publish('resp3:news', 'hello'), 1);
  equal(await client.get(key), 'x');
  await until(() => got.length, 'the message');
  equal(got, [['resp3:news', 'hello']]);
}

export async function tracking(t) {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
  const [reader, key] = [t.client({ RESP: 3, clientSideCache: cache }), t.key('user', 'tracked')];
  await t.client().set(key, 'before');
  equal([await reader.get(key), await reader.get(key)], ['before', 'before']);
  check(cache.stats().hitCount >= 1, 'nothing was answered from the cache');
  await t.client().set(key, 'after');
  await until(async () => (await reader.get(key)) === 'after', 'the invalidation');
}

const text = 'redis.call("SET", KEYS[1], ARGV[1]); redis.call("INCR", KEYS[2]); return {redis.call("GET", KEYS[1]), 7}';

async function run_eval(t) {
  const [client, user, cart] = [t.client(), t.key('user', 'eval'), t.key('cart', 123)];
  equal(await client.eval(text, { keys: [user, cart], arguments: ['from lua'] }), ['from lua', 7]);
  equal([await client.get(user), await client.get(cart)], ['from lua', '1']);
}
export { run_eval as eval };

export async function evalsha_noscript(t) {
  const addTo = defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: 'return redis.call("INCRBY", KEYS[1], ARGV[1]) -- node-redis',
    parseCommand(parser, key, amount) { parser.pushKey(key); parser.push(String(amount)); },
    transformReply: undefined,
  });
  const [client, key] = [t.client({ scripts: { addTo } }), t.key('user', 'evalsha')];
  await refused('NOSCRIPT', client.evalSha('f'.repeat(40), { keys: [key] }));
  equal([await client.addTo(key, 5), await client.addTo(key, 5)], [5, 10]);
}

export async function script_error(t) {
  await refused('MYERR my reason', t.client().eval('return redis.error_reply("MYERR my reason")', { keys: [t.key('user', 'scripterror')] }));
}

export async function fcall(t) {
  const [client, key] = [t.client(), t.key('user', 'fcall')];
  const library = '#!lua name=nr\nredis.register_function("nr_set", function(k, a) return redis.call("SET", k[1], a[1]) end)';
  await client.functionLoad(library, { REPLACE: true });
  equal([await client.fCall('nr_set', { keys: [key], arguments: ['v'] }), await client.get(key)], ['OK', 'v']);
}

export async function blpop_timeout(t) {
  const began = Date.now();
  equal(await t.client().blPop(t.key('user', 'nolist'), 0.2), null);
  check(Date.now() - began > 150 && Date.now() - began < 2000, 'wrong waiting time');
}

export async function blpop_wake(t) {
  const key = t.key('user', 'blpop');
  later(() => t.client().rPush(key, 'x'));
  equal({ ...(await t.client().blPop(key, 5)) }, { key, element: 'x' });
}

export async function blpop_two_keys(t) {
  const [one, two] = [t.key('user', 'blpop1'), t.key('cart', 130)];
  later(() => t.client().rPush(two, 'x'));
  equal({ ...(await t.client().blPop([one, two], 5)) }, { key: two, element: 'x' });
}

export async function blmove_wake(t) {
  const [one, two] = [t.key('user', 'blmove1'), t.key('sess', 'blmove2')];
  later(() => t.client().rPush(one, 'x'));
  equal(await t.client().blMove(one, two, 'LEFT', 'RIGHT', 5), 'x');
  equal(await t.client().lRange(two, 0, -1), ['x']);
}

export async function brpoplpush(t) {
  const [one, two] = [t.key('user', 'brpop1'), t.key('plain', 'brpop2')];
  await t.client().rPush(one, ['a', 'b']);
  equal(await t.client().brPopLPush(one, two, 1), 'b');
  equal(await t.client().lRange(two, 0, -1), ['b']);
}

export async function bzpopmin_wake(t) {
  const key = t.key('user', 'bzpop');
  later(() => t.client().zAdd(key, { score: 1.5, value: 'm' }));
  equal({ ...(await t.client().bzPopMin(key, 5)) }, { key, value: 'm', score: 1.5 });
}

export async function blmpop_wake(t) {
  const [one, two] = [t.key('user', 'blmpop1'), t.key('cart', 131)];
  later(() => t.client().rPush(two, ['a', 'b']));
  equal(await t.client().blmPop(5, [one, two], 'LEFT', { COUNT: 2 }), [two, ['a', 'b']]);
}

const entry = (reply) => [reply[0].name, { ...reply[0].messages[0].message }];

export async function xread_block(t) {
  const key = t.key('user', 'xread');
  await t.client().xAdd(key, '*', { n: 'old' });
  later(() => t.client().xAdd(key, '*', { n: 'new' }));
  equal(entry(await t.client().xRead({ key, id: '$' }, { BLOCK: 5000 })), [key, { n: 'new' }]);
}

export async function xreadgroup_block(t) {
  const key = t.key('cart', 132);
  await t.client().xGroupCreate(key, 'g', '$', { MKSTREAM: true });
  later(() => t.client().xAdd(key, '*', { n: 'new' }));
  await pause(0);
  equal(entry(await t.client().xReadGroup('g', 'c', { key, id: '>' }, { BLOCK: 5000 })), [key, { n: 'new' }]);
}

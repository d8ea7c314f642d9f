// The connection itself: names, ids, signing in, refusals, invalidations.
import { check, equal, later, refused, until } from './context.mjs';

export async function ping(t) {
  equal(await t.client().ping(), 'PONG');
  equal(await t.client().echo('hello'), 'hello');
}

export async function select(t) {
  const [zero, one, key] = [t.client(), t.client({ db: 1 }), t.key('plain', 'select')];
  await zero.set(key, 'in 0');
  await one.set(key, 'in 1');
  equal([await zero.get(key), await one.get(key)], ['in 0', 'in 1']);
  equal(await zero.select(1), 'OK');
  equal(await zero.get(key), 'in 1');
}

export async function client_name(t) {
  const [one, two] = [t.client({ connectionName: 'one' }), t.client()];
  await two.client('SETNAME', 'two');
  equal([await one.client('GETNAME'), await two.client('GETNAME')], ['one', 'two']);
}

export async function client_id_info(t) {
  const client = t.client();
  const id = await client.client('ID');
  check((await client.client('INFO')).startsWith(`id=${id} `), 'CLIENT INFO has another id');
  check((await client.client('LIST')).split('\n').some((row) => row.startsWith(`id=${id} `)), 'CLIENT LIST lacks the id');
}

export async function info(t) {
  check((await t.client().info('server')).includes('redis_version:'), 'no redis_version');
}

export async function config_get(t) {
  const pair = await t.client().config('GET', 'maxmemory-policy');
  equal([pair.length, pair[0]], [2, 'maxmemory-policy']);
}

export async function auth_wrong(t) {
  const client = t.client();
  await refused('WRONGPASS', client.auth('alice', 'wrong'));
  equal(await client.ping(), 'PONG');
}

export async function auth_user(t) {
  const [alice, anybody, key] = [t.client({ username: 'alice', password: 'secret' }), t.client(), t.key('user', 'alice')];
  equal([await alice.acl('WHOAMI'), await anybody.acl('WHOAMI')], ['alice', 'default']);
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
  await refused('ERR unknown command', client.call('NOSUCHCOMMAND', 'x'));
  equal(await client.ping(), 'PONG');
}

export async function wrong_arity(t) {
  await refused('wrong number of arguments', t.client().call('GET'));
}

export async function wrongtype(t) {
  const [client, key] = [t.client(), t.key('user', 'wrongtype')];
  await client.set(key, 'text');
  await refused('WRONGTYPE', client.lpush(key, 'x'));
}

export async function reconnect_after_kill(t) {
  const [client, key] = [t.client(), t.key('user', 'reconnect')];
  await client.set(key, 'before');
  const id = await client.client('ID');
  equal(await t.client().client('KILL', 'ID', id), 1);
  equal(await until(() => client.get(key).catch(() => null), 'the reconnection'), 'before');
  check((await client.client('ID')) !== id, 'the old connection is still there');
}

export async function wait_replicas(t) {
  const client = t.client();
  await client.set(t.key('plain', 'wait'), 'x');
  equal(await client.wait(0, 100), 0);
}

export async function monitor(t) {
  const key = t.key('plain', 'monitored');
  const stream = await t.client().monitor();
  const seen = [];
  stream.on('monitor', (_, args) => seen.push(args));
  await t.client().set(key, 'seen');
  await until(() => seen.some((args) => args[0].toUpperCase() === 'SET' && args[1] === key), 'the command');
  stream.disconnect();
}

export async function tracking(t) {
  const [listener, reader, key] = [t.client(), t.client(), t.key('user', 'tracked')];
  await t.client().set(key, 'before');
  const id = await listener.client('ID');
  const got = [];
  listener.on('message', (channel, message) => got.push(message));
  await listener.subscribe('__redis__:invalidate');
  await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
  equal(await reader.get(key), 'before');
  await t.client().set(key, 'after');
  await until(() => got.length, 'the invalidation');
  equal([got[0]].flat(), [key]); // ioredis joins the array of names
}

const text = 'redis.call("SET", KEYS[1], ARGV[1]); redis.call("INCR", KEYS[2]); return {redis.call("GET", KEYS[1]), 7}';

async function run_eval(t) {
  const [client, user, cart] = [t.client(), t.key('user', 'eval'), t.key('cart', 123)];
  equal(await client.eval(text, 2, user, cart, 'from lua'), ['from lua', 7]);
  equal([await client.get(user), await client.get(cart)], ['from lua', '1']);
}
export { run_eval as eval };

export async function evalsha_noscript(t) {
  const [client, key] = [t.client(), t.key('user', 'evalsha')];
  await refused('NOSCRIPT', client.evalsha('f'.repeat(40), 1, key));
  client.defineCommand('addTo', { numberOfKeys: 1, lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1]) -- ioredis' });
  equal([await client.addTo(key, 5), await client.addTo(key, 5)], [5, 10]);
}

export async function script_error(t) {
  await refused('MYERR my reason', t.client().eval('return redis.error_reply("MYERR my reason")', 1, t.key('user', 'scripterror')));
}

export async function fcall(t) {
  const [client, key] = [t.client(), t.key('user', 'fcall')];
  const library = '#!lua name=io\nredis.register_function("io_set", function(k, a) return redis.call("SET", k[1], a[1]) end)';
  await client.function('LOAD', 'REPLACE', library);
  equal([await client.fcall('io_set', 1, key, 'v'), await client.get(key)], ['OK', 'v']);
}

export async function blpop_timeout(t) {
  const began = Date.now();
  equal(await t.client().blpop(t.key('user', 'nolist'), 0.2), null);
  check(Date.now() - began > 150 && Date.now() - began < 2000, 'wrong waiting time');
}

export async function blpop_wake(t) {
  const key = t.key('user', 'blpop');
  later(() => t.client().rpush(key, 'x'));
  equal(await t.client().blpop(key, 5), [key, 'x']);
}

export async function blpop_two_keys(t) {
  const [one, two] = [t.key('user', 'blpop1'), t.key('cart', 130)];
  later(() => t.client().rpush(two, 'x'));
  equal(await t.client().blpop(one, two, 5), [two, 'x']);
}

export async function blmove_wake(t) {
  const [one, two] = [t.key('user', 'blmove1'), t.key('sess', 'blmove2')];
  later(() => t.client().rpush(one, 'x'));
  equal(await t.client().blmove(one, two, 'LEFT', 'RIGHT', 5), 'x');
  equal(await t.client().lrange(two, 0, -1), ['x']);
}

export async function brpoplpush(t) {
  const [one, two] = [t.key('user', 'brpop1'), t.key('plain', 'brpop2')];
  await t.client().rpush(one, 'a', 'b');
  equal(await t.client().brpoplpush(one, two, 1), 'b');
  equal(await t.client().lrange(two, 0, -1), ['b']);
}

export async function bzpopmin_wake(t) {
  const key = t.key('user', 'bzpop');
  later(() => t.client().zadd(key, 1.5, 'm'));
  equal(await t.client().bzpopmin(key, 5), [key, 'm', '1.5']);
}

export async function blmpop_wake(t) {
  const [one, two] = [t.key('user', 'blmpop1'), t.key('cart', 131)];
  later(() => t.client().rpush(two, 'a', 'b'));
  equal(await t.client().blmpop(5, 2, one, two, 'LEFT', 'COUNT', 2), [two, ['a', 'b']]);
}

export async function xread_block(t) {
  const key = t.key('user', 'xread');
  await t.client().xadd(key, '*', 'n', 'old');
  later(() => t.client().xadd(key, '*', 'n', 'new'));
  const [[name, [[, fields]]]] = await t.client().xread('BLOCK', 5000, 'STREAMS', key, '$');
  equal([name, fields], [key, ['n', 'new']]);
}

export async function xreadgroup_block(t) {
  const key = t.key('cart', 132);
  await t.client().xgroup('CREATE', key, 'g', '$', 'MKSTREAM');
  later(() => t.client().xadd(key, '*', 'n', 'new'));
  const [[name, [[, fields]]]] = await t.client().xreadgroup('GROUP', 'g', 'c', 'BLOCK', 5000, 'STREAMS', key, '>');
  equal([name, fields], [key, ['n', 'new']]);
}

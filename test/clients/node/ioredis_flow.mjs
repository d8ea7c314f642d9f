// Pipelines, transactions, subscriptions.
import { check, equal, range, refused, until } from './context.mjs';

export async function pipeline(t) {
  const pipe = t.client().pipeline();
  for (const family of ['user', 'sess', 'cart', 'plain']) pipe.set(t.key(family, 120), family).get(t.key(family, 120));
  equal((await pipe.exec()).map(([, value]) => value), ['OK', 'user', 'OK', 'sess', 'OK', 'cart', 'OK', 'plain']);
}

export async function pipeline_thousand(t) {
  const pipe = t.client().pipeline();
  for (const _ of range(1000)) pipe.incr(t.key('cart', 121));
  equal((await pipe.exec()).map(([, value]) => value), range(1000, 1));
}

export async function pipeline_error(t) {
  const key = t.key('user', 'pipeerror');
  const [first, second, third] = await t.client().pipeline().set(key, 'x').lpush(key, 'y').get(key).exec();
  equal([first, third], [[null, 'OK'], [null, 'x']]);
  check(second[0].message.startsWith('WRONGTYPE'), String(second));
}

export async function tx_exec(t) {
  const [user, cart] = [t.key('user', 'tx'), t.key('cart', 122)];
  equal(await t.client().multi().set(user, 'a').incr(cart).get(user).exec(), [[null, 'OK'], [null, 1], [null, 'a']]);
}

async function watched(t, name, disturb) {
  const [client, other, key] = [t.client(), t.client(), t.key('user', name)];
  await other.set(key, '1');
  await client.watch(key);
  const value = Number(await client.get(key));
  if (disturb) await other.set(key, '10');
  return [await client.multi().set(key, value + 1).exec(), await other.get(key)];
}

export async function tx_watch_conflict(t) {
  equal(await watched(t, 'watch1', true), [null, '10']);
}

export async function tx_watch_clean(t) {
  equal(await watched(t, 'watch2', false), [[[null, 'OK']], '2']);
}

export async function tx_discard(t) {
  const [client, key] = [t.client(), t.key('user', 'discard')];
  await client.multi({ pipeline: false });
  equal(await client.incr(key), 'QUEUED');
  equal([await client.discard(), await client.get(key)], ['OK', null]);
}

export async function tx_queue_error(t) {
  const [client, key] = [t.client(), t.key('user', 'queueerror')];
  await client.multi({ pipeline: false });
  await client.incr(key);
  await refused('unknown command', client.call('NOSUCHCOMMAND'));
  await refused('EXECABORT', client.exec());
  equal(await client.get(key), null);
}

export async function tx_runtime_error(t) {
  const key = t.key('user', 'runtime');
  const replies = await t.client().multi().set(key, 'x').lpush(key, 'y').append(key, 'z').exec();
  equal([replies[0], replies[2]], [[null, 'OK'], [null, 2]]);
  check(replies[1][0].message.startsWith('WRONGTYPE'), String(replies[1]));
}

async function received(t, subscribe, event, publish) {
  const [subscriber, got] = [t.client(), []];
  subscriber.on(event, (...parts) => got.push(parts));
  await subscribe(subscriber);
  await publish(t.client());
  await until(() => got.length, 'the message');
  return got[0];
}

export async function pubsub_channel(t) {
  const got = await received(t, (s) => s.subscribe('news:one'), 'message', async (p) => equal(await p.publish('news:one', 'hello'), 1));
  equal(got, ['news:one', 'hello']);
}

export async function pubsub_pattern(t) {
  const got = await received(t, (s) => s.psubscribe('weather:*'), 'pmessage', (p) => p.publish('weather:rome', 'sun'));
  equal(got, ['weather:*', 'weather:rome', 'sun']);
}

export async function pubsub_shard(t) {
  const got = await received(t, (s) => s.ssubscribe('shard:one'), 'smessage', (p) => p.spublish('shard:one', 'hello'));
  equal(got, ['shard:one', 'hello']);
}

export async function pubsub_counts(t) {
  const [subscriber, client] = [t.client(), t.client()];
  await subscriber.subscribe('counted:one');
  await subscriber.psubscribe('counted:*');
  equal(await client.pubsub('NUMSUB', 'counted:one'), ['counted:one', 1]);
  check((await client.pubsub('NUMPAT')) >= 1, 'no pattern counted');
  await subscriber.unsubscribe('counted:one');
  equal(await client.pubsub('NUMSUB', 'counted:one'), ['counted:one', 0]);
}

export async function keyspace_events(t) {
  const key = t.key('user', 'events');
  const channel = '__keyspace@0__:' + key;
  equal(await received(t, (s) => s.subscribe(channel), 'message', (p) => p.set(key, 'x')), [channel, 'set']);
}

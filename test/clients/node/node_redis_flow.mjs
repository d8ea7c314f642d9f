// Pipelines, transactions, subscriptions.
import { WatchError } from 'redis';
import { check, equal, range, refused, until } from './context.mjs';

export async function pipeline(t) {
  const [client, families] = [t.client(), ['user', 'sess', 'cart', 'plain']];
  const replies = families.flatMap((family) => [client.set(t.key(family, 120), family), client.get(t.key(family, 120))]);
  equal(await Promise.all(replies), ['OK', 'user', 'OK', 'sess', 'OK', 'cart', 'OK', 'plain']);
}

export async function pipeline_thousand(t) {
  const pipe = t.client().multi();
  for (const _ of range(1000)) pipe.incr(t.key('cart', 121));
  equal(await pipe.execAsPipeline(), range(1000, 1));
}

export async function pipeline_error(t) {
  const [client, key] = [t.client(), t.key('user', 'pipeerror')];
  const [first, second, third] = await Promise.allSettled([client.set(key, 'x'), client.lPush(key, 'y'), client.get(key)]);
  equal([first.value, third.value], ['OK', 'x']);
  check(second.reason?.message.startsWith('WRONGTYPE'), String(second.reason));
}

export async function tx_exec(t) {
  const [user, cart] = [t.key('user', 'tx'), t.key('cart', 122)];
  equal(await t.client().multi().set(user, 'a').incr(cart).get(user).exec(), ['OK', 1, 'a']);
}

async function watched(t, name, disturb) {
  const [client, other, key] = [t.client(), t.client(), t.key('user', name)];
  await other.set(key, '1');
  await client.watch(key);
  const value = Number(await client.get(key));
  if (disturb) await other.set(key, '10');
  const done = await client.multi().set(key, String(value + 1)).exec().catch((error) => {
    if (error instanceof WatchError) return null;
    throw error;
  });
  return [done, await other.get(key)];
}

export async function tx_watch_conflict(t) {
  equal(await watched(t, 'watch1', true), [null, '10']);
}

export async function tx_watch_clean(t) {
  equal(await watched(t, 'watch2', false), [['OK'], '2']);
}

export async function tx_discard(t) {
  const [client, key] = [t.client(), t.key('user', 'discard')];
  await client.sendCommand(['MULTI']);
  equal(await client.sendCommand(['INCR', key]), 'QUEUED');
  equal([await client.sendCommand(['DISCARD']), await client.get(key)], ['OK', null]);
}

export async function tx_queue_error(t) {
  const [client, key] = [t.client(), t.key('user', 'queueerror')];
  await client.sendCommand(['MULTI']);
  await client.sendCommand(['INCR', key]);
  await refused('unknown command', client.sendCommand(['NOSUCHCOMMAND']));
  await refused('EXECABORT', client.sendCommand(['EXEC']));
  equal(await client.get(key), null);
}

export async function tx_runtime_error(t) {
  const key = t.key('user', 'runtime');
  const failed = await t.client().multi().set(key, 'x').lPush(key, 'y').append(key, 'z').exec().catch((error) => error);
  equal([failed.replies[0], failed.replies[2], failed.errorIndexes], ['OK', 2, [1]]);
  check(failed.replies[1].message.startsWith('WRONGTYPE'), String(failed.replies[1]));
}

// Subscribes by the library's verb, publishes from another client, answers the first [message, channel].
async function received(t, verb, channel, publish) {
  const got = [];
  await t.client()[verb](channel, (...parts) => got.push(parts));
  await publish(t.client());
  return until(() => got[0], 'the message');
}

export async function pubsub_channel(t) {
  equal(await received(t, 'subscribe', 'news:one', async (p) => equal(await p.publish('news:one', 'hello'), 1)), ['hello', 'news:one']);
}

export async function pubsub_pattern(t) {
  equal(await received(t, 'pSubscribe', 'weather:*', (p) => p.publish('weather:rome', 'sun')), ['sun', 'weather:rome']);
}

export async function pubsub_shard(t) {
  equal(await received(t, 'sSubscribe', 'shard:one', (p) => p.sPublish('shard:one', 'hello')), ['hello', 'shard:one']);
}

export async function pubsub_counts(t) {
  const [subscriber, client] = [t.client(), t.client()];
  await subscriber.subscribe('counted:one', () => {});
  await subscriber.pSubscribe('counted:*', () => {});
  equal((await client.pubSubNumSub('counted:one'))['counted:one'], 1);
  check((await client.pubSubNumPat()) >= 1, 'no pattern counted');
  await subscriber.unsubscribe('counted:one');
  equal((await client.pubSubNumSub('counted:one'))['counted:one'], 0);
}

export async function keyspace_events(t) {
  const key = t.key('user', 'events');
  const channel = '__keyspace@0__:' + key;
  equal(await received(t, 'subscribe', channel, (p) => p.set(key, 'x')), ['set', channel]);
}

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.JedisShardedPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.params.XReadParams;
import redis.clients.jedis.resps.Tuple;

/** Pipelines, transactions, subscriptions, blocking commands, scripts. */
final class JedisFlow {
  static void pipeline(JedisRunner t) {
    Pipeline pipe = t.client().pipelined();
    List<Object> want = new ArrayList<>();
    for (String family : Names.FAMILIES) {
      pipe.set(t.key(family, 120), family);
      pipe.get(t.key(family, 120));
      want.addAll(List.of("OK", family));
    }
    Names.equal(pipe.syncAndReturnAll(), want);
  }

  static void pipeline_thousand(JedisRunner t) {
    Pipeline pipe = t.client().pipelined();
    for (int n = 0; n < 1000; n++) pipe.incr(t.key("cart", 121));
    Names.equal(pipe.syncAndReturnAll(), LongStream.rangeClosed(1, 1000).boxed().toList());
  }

  static void pipeline_error(JedisRunner t) {
    String key = t.key("user", "pipeerror");
    Pipeline pipe = t.client().pipelined();
    Response<String> first = pipe.set(key, "x");
    Response<Long> second = pipe.lpush(key, "y");
    Response<String> third = pipe.get(key);
    pipe.sync();
    Names.equal(List.of(first.get(), third.get()), List.of("OK", "x"));
    Names.refused("WRONGTYPE", second::get);
  }

  static void tx_exec(JedisRunner t) {
    try (Transaction tx = t.client().multi()) {
      tx.set(t.key("user", "tx"), "a");
      tx.incr(t.key("cart", 122));
      tx.get(t.key("user", "tx"));
      Names.equal(tx.exec(), List.of("OK", 1L, "a"));
    }
  }

  private static List<Object> watched(JedisRunner t, String name, boolean disturb) {
    Jedis client = t.client(), other = t.client();
    String key = t.key("user", name);
    other.set(key, "1");
    client.watch(key);
    int value = Integer.parseInt(client.get(key));
    if (disturb) other.set(key, "10");
    try (Transaction tx = client.multi()) {
      tx.set(key, "" + (value + 1));
      return Names.list(tx.exec(), other.get(key));
    }
  }

  static void tx_watch_conflict(JedisRunner t) {
    Names.equal(watched(t, "watch1", true), Names.list(null, "10"));
  }

  static void tx_watch_clean(JedisRunner t) {
    Names.equal(watched(t, "watch2", false), List.of(List.of("OK"), "2"));
  }

  static void tx_discard(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "discard");
    Transaction tx = client.multi();
    tx.incr(key);
    Names.equal(tx.discard(), "OK");
    Names.equal(client.get(key), null);
  }

  static void tx_queue_error(JedisRunner t) {
    String key = t.key("user", "queueerror");
    Transaction tx = t.client().multi();
    tx.incr(key);
    tx.sendCommand(() -> "NOSUCHCOMMAND".getBytes(), "x");
    Names.refused("EXECABORT", tx::exec);
    Names.equal(t.client().get(key), null);
  }

  static void tx_runtime_error(JedisRunner t) {
    String key = t.key("user", "runtime");
    try (Transaction tx = t.client().multi()) {
      Response<String> first = tx.set(key, "x");
      Response<Long> second = tx.lpush(key, "y"), third = tx.append(key, "z");
      tx.exec();
      Names.equal(List.of(first.get(), third.get()), List.of("OK", 2L));
      Names.refused("WRONGTYPE", second::get);
    }
  }

  /** Subscribes, publishes once the subscription is confirmed, and answers [pattern,] channel and message of the first. */
  static List<String> received(JedisRunner t, Jedis client, String verb, String channel, Names.Call publish) {
    List<String> got = new ArrayList<>();
    JedisPubSub listener = new JedisPubSub() {
      @Override
      public void onSubscribe(String name, int count) {
        Names.later(publish);
      }

      @Override
      public void onPSubscribe(String name, int count) {
        Names.later(publish);
      }

      @Override
      public void onMessage(String name, String message) {
        got.addAll(List.of(name, message));
        unsubscribe();
      }

      @Override
      public void onPMessage(String pattern, String name, String message) {
        got.addAll(List.of(pattern, name, message));
        punsubscribe();
      }
    };
    if (verb.equals("subscribe")) client.subscribe(listener, channel);
    else client.psubscribe(listener, channel);
    Names.equal(client.ping(), "PONG");
    return got;
  }

  static void pubsub_channel(JedisRunner t) {
    Names.equal(received(t, t.client(), "subscribe", "news:one", () -> t.client().publish("news:one", "hello")), List.of("news:one", "hello"));
  }

  static void pubsub_pattern(JedisRunner t) {
    Names.equal(received(t, t.client(), "psubscribe", "weather:*", () -> t.client().publish("weather:rome", "sun")), List.of("weather:*", "weather:rome", "sun"));
  }

  static void pubsub_shard(JedisRunner t) {
    List<String> got = new ArrayList<>();
    JedisShardedPubSub listener = new JedisShardedPubSub() {
      @Override
      public void onSSubscribe(String name, int count) {
        Names.later(() -> t.client().sendCommand(Command.SPUBLISH, "shard:one", "hello"));
      }

      @Override
      public void onSMessage(String name, String message) {
        got.addAll(List.of(name, message));
        sunsubscribe();
      }
    };
    listener.proceed(t.client().getConnection(), "shard:one");
    Names.equal(got, List.of("shard:one", "hello"));
  }

  static void pubsub_counts(JedisRunner t) throws Exception {
    Jedis client = t.client(), subscriber = t.client();
    JedisPubSub listener = new JedisPubSub() {};
    Names.later(() -> subscriber.subscribe(listener, "counted:one"));
    Names.until(() -> client.pubsubNumSub("counted:one").equals(Map.of("counted:one", 1L)), "the count of 1");
    listener.psubscribe("counted:*");
    Names.until(() -> client.pubsubNumPat() >= 1, "the pattern");
    listener.unsubscribe("counted:one");
    Names.until(() -> client.pubsubNumSub("counted:one").equals(Map.of("counted:one", 0L)), "the count of 0");
  }

  static void keyspace_events(JedisRunner t) {
    String key = t.key("user", "events"), channel = "__keyspace@0__:" + key;
    Names.equal(received(t, t.client(), "subscribe", channel, () -> t.client().set(key, "x")), List.of(channel, "set"));
  }

  static void blpop_timeout(JedisRunner t) {
    long began = System.nanoTime();
    Names.equal(t.client().blpop(0.2, t.key("user", "nolist")), null);
    long waited = (System.nanoTime() - began) / 1_000_000;
    Names.check(waited > 150 && waited < 2000, "wrong waiting time");
  }

  static void blpop_wake(JedisRunner t) {
    String key = t.key("user", "blpop");
    Names.later(() -> t.client().rpush(key, "x"));
    Names.equal(t.client().blpop(5, key), List.of(key, "x"));
  }

  static void blpop_two_keys(JedisRunner t) {
    String one = t.key("user", "blpop1"), two = t.key("cart", 130);
    Names.later(() -> t.client().rpush(two, "x"));
    Names.equal(t.client().blpop(5, one, two), List.of(two, "x"));
  }

  static void blmove_wake(JedisRunner t) {
    String one = t.key("user", "blmove1"), two = t.key("sess", "blmove2");
    Names.later(() -> t.client().rpush(one, "x"));
    Names.equal(t.client().blmove(one, two, ListDirection.LEFT, ListDirection.RIGHT, 5), "x");
    Names.equal(t.client().lrange(two, 0, -1), List.of("x"));
  }

  static void brpoplpush(JedisRunner t) {
    String one = t.key("user", "brpop1"), two = t.key("plain", "brpop2");
    t.client().rpush(one, "a", "b");
    Names.equal(t.client().brpoplpush(one, two, 1), "b");
    Names.equal(t.client().lrange(two, 0, -1), List.of("b"));
  }

  static void bzpopmin_wake(JedisRunner t) {
    String key = t.key("user", "bzpop");
    Names.later(() -> t.client().zadd(key, 1.5, "m"));
    var popped = t.client().bzpopmin(5, key);
    Names.equal(List.of(popped.getKey(), popped.getValue()), List.of(key, new Tuple("m", 1.5)));
  }

  static void blmpop_wake(JedisRunner t) {
    String one = t.key("user", "blmpop1"), two = t.key("cart", 131);
    Names.later(() -> t.client().rpush(two, "a", "b"));
    var popped = t.client().blmpop(5, ListDirection.LEFT, 2, one, two);
    Names.equal(List.of(popped.getKey(), popped.getValue()), List.of(two, List.of("a", "b")));
  }

  static void xread_block(JedisRunner t) {
    String key = t.key("user", "xread");
    t.client().xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "old"));
    Names.later(() -> t.client().xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "new")));
    var read = t.client().xread(XReadParams.xReadParams().block(5000), Map.of(key, StreamEntryID.XREAD_NEW_ENTRY)).get(0);
    Names.equal(List.of(read.getKey(), read.getValue().get(0).getFields()), List.of(key, Map.of("n", "new")));
  }

  static void xreadgroup_block(JedisRunner t) {
    String key = t.key("cart", 132);
    t.client().xgroupCreate(key, "g", StreamEntryID.XGROUP_LAST_ENTRY, true);
    Names.later(() -> t.client().xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "new")));
    var read = t.client().xreadGroup("g", "c", XReadGroupParams.xReadGroupParams().block(5000), Map.of(key, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY)).get(0);
    Names.equal(List.of(read.getKey(), read.getValue().get(0).getFields()), List.of(key, Map.of("n", "new")));
  }

  static void eval(JedisRunner t) {
    String user = t.key("user", "eval"), cart = t.key("cart", 123);
    String body = "redis.call('SET', KEYS[1], ARGV[1]); redis.call('INCR', KEYS[2]); return {redis.call('GET', KEYS[1]), 7}";
    Names.equal(t.client().eval(body, List.of(user, cart), List.of("from lua")), List.of("from lua", 7L));
    Names.equal(t.client().mget(user, cart), List.of("from lua", "1"));
  }

  static void evalsha_noscript(JedisRunner t) {
    Jedis client = t.client();
    List<String> keys = List.of(t.key("user", "evalsha"));
    String body = "return redis.call('INCRBY', KEYS[1], ARGV[1]) -- jedis";
    Names.refused("NOSCRIPT", () -> client.evalsha("f".repeat(40), keys, List.of("5")));
    String digest = client.scriptLoad(body);
    client.scriptFlush();
    Names.refused("NOSCRIPT", () -> client.evalsha(digest, keys, List.of("5")));
    Names.equal(List.of(client.eval(body, keys, List.of("5")), client.evalsha(digest, keys, List.of("5"))), List.of(5L, 10L));
  }

  static void script_error(JedisRunner t) {
    Names.refused("MYERR my reason", () -> t.client().eval("return redis.error_reply('MYERR my reason')", 1, t.key("user", "scripterror")));
  }

  static void fcall(JedisRunner t) {
    String key = t.key("user", "fcall");
    t.client().functionLoadReplace("#!lua name=je\nredis.register_function('je_set', function(k, a) return redis.call('SET', k[1], a[1]) end)");
    Names.equal(t.client().fcall("je_set", List.of(key), List.of("v")), "OK");
    Names.equal(t.client().get(key), "v");
  }
}

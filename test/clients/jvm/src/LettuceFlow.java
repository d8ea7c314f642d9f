import io.lettuce.core.Consumer;
import io.lettuce.core.KeyValue;
import io.lettuce.core.LMPopArgs;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** Pipelines, transactions, subscriptions, blocking commands, scripts. */
final class LettuceFlow {
  static final class Listener extends RedisPubSubAdapter<String, String> {
    final List<List<String>> got = new CopyOnWriteArrayList<>();

    @Override
    public void message(String channel, String message) {
      got.add(List.of(channel, message));
    }

    @Override
    public void message(String pattern, String channel, String message) {
      got.add(List.of(pattern, channel, message));
    }

    @Override
    public void smessage(String channel, String message) {
      got.add(List.of(channel, message));
    }
  }

  private static List<Object> results(List<RedisFuture<?>> futures) throws Exception {
    List<Object> found = new ArrayList<>();
    for (RedisFuture<?> future : futures) found.add(future.get(5, TimeUnit.SECONDS));
    return found;
  }

  private static StatefulRedisConnection<String, String> unflushed(LettuceRunner t) {
    StatefulRedisConnection<String, String> connection = t.connection(t.address());
    connection.setAutoFlushCommands(false);
    return connection;
  }

  static void pipeline(LettuceRunner t) throws Exception {
    StatefulRedisConnection<String, String> connection = unflushed(t);
    List<RedisFuture<?>> futures = new ArrayList<>();
    List<Object> want = new ArrayList<>();
    for (String family : Names.FAMILIES) {
      futures.add(connection.async().set(t.key(family, 120), family));
      futures.add(connection.async().get(t.key(family, 120)));
      want.addAll(List.of("OK", family));
    }
    connection.flushCommands();
    Names.equal(results(futures), want);
  }

  static void pipeline_thousand(LettuceRunner t) throws Exception {
    StatefulRedisConnection<String, String> connection = unflushed(t);
    List<RedisFuture<?>> futures = new ArrayList<>();
    for (int n = 0; n < 1000; n++) futures.add(connection.async().incr(t.key("cart", 121)));
    connection.flushCommands();
    Names.equal(results(futures), LongStream.rangeClosed(1, 1000).boxed().toList());
  }

  static void pipeline_error(LettuceRunner t) throws Exception {
    StatefulRedisConnection<String, String> connection = unflushed(t);
    String key = t.key("user", "pipeerror");
    RedisFuture<String> first = connection.async().set(key, "x");
    RedisFuture<Long> second = connection.async().lpush(key, "y");
    RedisFuture<String> third = connection.async().get(key);
    connection.flushCommands();
    Names.equal(results(List.of(first, third)), List.of("OK", "x"));
    Names.refused("WRONGTYPE", () -> second.get(5, TimeUnit.SECONDS));
  }

  static void tx_exec(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    client.multi();
    client.set(t.key("user", "tx"), "a");
    client.incr(t.key("cart", 122));
    client.get(t.key("user", "tx"));
    Names.equal(client.exec().stream().toList(), List.of("OK", 1L, "a"));
  }

  private static List<Object> watched(LettuceRunner t, String name, boolean disturb) {
    RedisCommands<String, String> client = t.client(), other = t.client();
    String key = t.key("user", name);
    other.set(key, "1");
    client.watch(key);
    int value = Integer.parseInt(client.get(key));
    if (disturb) other.set(key, "10");
    client.multi();
    client.set(key, "" + (value + 1));
    return List.of(client.exec().wasDiscarded(), other.get(key));
  }

  static void tx_watch_conflict(LettuceRunner t) {
    Names.equal(watched(t, "watch1", true), List.of(true, "10"));
  }

  static void tx_watch_clean(LettuceRunner t) {
    Names.equal(watched(t, "watch2", false), List.of(false, "2"));
  }

  static void tx_discard(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "discard");
    client.multi();
    client.incr(key);
    Names.equal(client.discard(), "OK");
    Names.equal(client.get(key), null);
  }

  static void tx_queue_error(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "queueerror");
    client.multi();
    client.incr(key);
    client.dispatch(LettuceConnection.NO_SUCH_COMMAND, LettuceConnection.status());
    Names.refused("EXECABORT", client::exec);
    Names.equal(t.client().get(key), null);
  }

  static void tx_runtime_error(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "runtime");
    client.multi();
    client.set(key, "x");
    client.lpush(key, "y");
    client.append(key, "z");
    TransactionResult replies = client.exec();
    Names.equal(List.of(replies.get(0), replies.get(2)), List.of("OK", 2L));
    Names.check(replies.get(1).toString().contains("WRONGTYPE"), replies.get(1).toString());
  }

  /** Subscribes by the call, publishes from another client, answers [pattern,] channel and message of the first. */
  private static List<String> received(LettuceRunner t, java.util.function.Consumer<StatefulRedisPubSubConnection<String, String>> subscribe, Names.Call publish)
      throws Exception {
    StatefulRedisPubSubConnection<String, String> subscriber = t.subscriber();
    Listener listener = new Listener();
    subscriber.addListener(listener);
    subscribe.accept(subscriber);
    publish.run();
    Names.until(() -> !listener.got.isEmpty(), "the message");
    return listener.got.get(0);
  }

  static void pubsub_channel(LettuceRunner t) throws Exception {
    Names.equal(received(t, s -> s.sync().subscribe("news:one"), () -> Names.equal(t.client().publish("news:one", "hello"), 1L)), List.of("news:one", "hello"));
  }

  static void pubsub_pattern(LettuceRunner t) throws Exception {
    Names.equal(received(t, s -> s.sync().psubscribe("weather:*"), () -> t.client().publish("weather:rome", "sun")), List.of("weather:*", "weather:rome", "sun"));
  }

  static void pubsub_shard(LettuceRunner t) throws Exception {
    Names.equal(received(t, s -> s.sync().ssubscribe("shard:one"), () -> t.client().spublish("shard:one", "hello")), List.of("shard:one", "hello"));
  }

  static void pubsub_counts(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    var subscriber = t.subscriber().sync();
    subscriber.subscribe("counted:one");
    subscriber.psubscribe("counted:*");
    Names.equal(client.pubsubNumsub("counted:one"), Map.of("counted:one", 1L));
    Names.check(client.pubsubNumpat() >= 1, "no pattern counted");
    subscriber.unsubscribe("counted:one");
    Names.equal(client.pubsubNumsub("counted:one"), Map.of("counted:one", 0L));
  }

  static void keyspace_events(LettuceRunner t) throws Exception {
    String key = t.key("user", "events"), channel = "__keyspace@0__:" + key;
    Names.equal(received(t, s -> s.sync().subscribe(channel), () -> t.client().set(key, "x")), List.of(channel, "set"));
  }

  static void blpop_timeout(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    long began = System.nanoTime();
    Names.equal(client.blpop(0.2, t.key("user", "nolist")), null);
    long waited = (System.nanoTime() - began) / 1_000_000;
    Names.check(waited > 150 && waited < 2000, "wrong waiting time");
  }

  static void blpop_wake(LettuceRunner t) {
    String key = t.key("user", "blpop");
    Names.later(() -> t.client().rpush(key, "x"));
    Names.equal(t.client().blpop(5, key), KeyValue.just(key, "x"));
  }

  static void blpop_two_keys(LettuceRunner t) {
    String one = t.key("user", "blpop1"), two = t.key("cart", 130);
    Names.later(() -> t.client().rpush(two, "x"));
    Names.equal(t.client().blpop(5, one, two), KeyValue.just(two, "x"));
  }

  static void blmove_wake(LettuceRunner t) {
    String one = t.key("user", "blmove1"), two = t.key("sess", "blmove2");
    Names.later(() -> t.client().rpush(one, "x"));
    Names.equal(t.client().blmove(one, two, LMoveArgs.Builder.leftRight(), 5), "x");
    Names.equal(t.client().lrange(two, 0, -1), List.of("x"));
  }

  static void brpoplpush(LettuceRunner t) {
    String one = t.key("user", "brpop1"), two = t.key("plain", "brpop2");
    t.client().rpush(one, "a", "b");
    Names.equal(t.client().brpoplpush(1, one, two), "b");
    Names.equal(t.client().lrange(two, 0, -1), List.of("b"));
  }

  static void bzpopmin_wake(LettuceRunner t) {
    String key = t.key("user", "bzpop");
    Names.later(() -> t.client().zadd(key, 1.5, "m"));
    Names.equal(t.client().bzpopmin(5, key), KeyValue.just(key, ScoredValue.just(1.5, "m")));
  }

  static void blmpop_wake(LettuceRunner t) {
    String one = t.key("user", "blmpop1"), two = t.key("cart", 131);
    Names.later(() -> t.client().rpush(two, "a", "b"));
    Names.equal(t.client().blmpop(5, LMPopArgs.Builder.left().count(2), one, two), KeyValue.just(two, List.of("a", "b")));
  }

  @SuppressWarnings("unchecked")
  static void xread_block(LettuceRunner t) {
    String key = t.key("user", "xread");
    t.client().xadd(key, Map.of("n", "old"));
    Names.later(() -> t.client().xadd(key, Map.of("n", "new")));
    var read = t.client().xread(XReadArgs.Builder.block(5000), StreamOffset.latest(key)).get(0);
    Names.equal(List.of(read.getStream(), read.getBody()), List.of(key, Map.of("n", "new")));
  }

  @SuppressWarnings("unchecked")
  static void xreadgroup_block(LettuceRunner t) {
    String key = t.key("cart", 132);
    t.client().xgroupCreate(StreamOffset.latest(key), "g", XGroupCreateArgs.Builder.mkstream());
    Names.later(() -> t.client().xadd(key, Map.of("n", "new")));
    var read = t.client().xreadgroup(Consumer.from("g", "c"), XReadArgs.Builder.block(5000), StreamOffset.lastConsumed(key)).get(0);
    Names.equal(List.of(read.getStream(), read.getBody()), List.of(key, Map.of("n", "new")));
  }

  static void eval(LettuceRunner t) {
    String[] keys = {t.key("user", "eval"), t.key("cart", 123)};
    String body = "redis.call('SET', KEYS[1], ARGV[1]); redis.call('INCR', KEYS[2]); return {redis.call('GET', KEYS[1]), 7}";
    Names.equal(t.client().<List<Object>>eval(body, ScriptOutputType.MULTI, keys, "from lua"), List.of("from lua", 7L));
    Names.equal(LettuceData.values(t.client(), List.of(keys)), List.of("from lua", "1"));
  }

  static void evalsha_noscript(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String[] keys = {t.key("user", "evalsha")};
    String body = "return redis.call('INCRBY', KEYS[1], ARGV[1]) -- lettuce", digest = client.digest(body);
    Names.refused("NOSCRIPT", () -> client.evalsha(digest, ScriptOutputType.INTEGER, keys, "5"));
    Names.equal(client.<Long>eval(body, ScriptOutputType.INTEGER, keys, "5"), 5L);
    Names.equal(client.<Long>evalsha(digest, ScriptOutputType.INTEGER, keys, "5"), 10L);
  }

  static void script_error(LettuceRunner t) {
    Names.refused("MYERR my reason", () -> t.client().eval("return redis.error_reply('MYERR my reason')", ScriptOutputType.STATUS, t.key("user", "scripterror")));
  }

  static void fcall(LettuceRunner t) {
    String[] keys = {t.key("user", "fcall")};
    t.client().functionLoad("#!lua name=le\nredis.register_function('le_set', function(k, a) return redis.call('SET', k[1], a[1]) end)", true);
    Names.equal(t.client().<String>fcall("le_set", ScriptOutputType.STATUS, keys, "v"), "OK");
    Names.equal(t.client().get(keys[0]), "v");
  }
}

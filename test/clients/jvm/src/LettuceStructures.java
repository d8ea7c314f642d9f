import io.lettuce.core.Consumer;
import io.lettuce.core.GeoArgs;
import io.lettuce.core.GeoSearch;
import io.lettuce.core.KeyScanArgs;
import io.lettuce.core.KeyValue;
import io.lettuce.core.LMPopArgs;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAutoClaimArgs;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.XTrimArgs;
import io.lettuce.core.ZPopArgs;
import io.lettuce.core.ZStoreArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Hashes, lists, sets, sorted sets, places, streams, and their iterators. */
final class LettuceStructures {

  static void hash_fields(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "hash");
    Names.equal(client.hset(key, Map.of("name", "ada", "plan", "free", "age", "36")), 3L);
    Names.equal(client.hmget(key, "name", "none"), List.of(KeyValue.just("name", "ada"), KeyValue.empty("none")));
    Names.equal(List.of(client.hdel(key, "age", "none"), client.hlen(key), client.hexists(key, "plan")), List.of(1L, 2L, true));
    Names.equal(client.hgetall(key), Map.of("name", "ada", "plan", "free"));
  }

  static void hash_counters(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("cart", 103);
    Names.equal(List.of(client.hincrby(key, "n", 5), client.hincrbyfloat(key, "f", 0.5)), List.of(5L, 0.5));
    Names.equal(List.of(client.hsetnx(key, "n", "1"), client.hsetnx(key, "m", "1")), List.of(false, true));
  }

  static void list_ends(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("cart", 104);
    Names.equal(List.of(client.rpush(key, "b", "c"), client.lpush(key, "a")), List.of(2L, 3L));
    Names.equal(client.lrange(key, 0, -1), List.of("a", "b", "c"));
    Names.equal(List.of(client.lpop(key), client.rpop(key), client.llen(key)), List.of("a", "c", 1L));
  }

  static void list_inside(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("cart", 105), two = t.key("user", "list2");
    client.rpush(one, "a", "c", "c", "d");
    Names.equal(List.of(client.linsert(one, true, "c", "b"), client.lset(one, 0, "A"), client.lrem(one, 1, "c")), List.of(5L, "OK", 1L));
    Names.equal(List.of(client.ltrim(one, 0, 2), client.lpos(one, "c")), List.of("OK", 2L));
    Names.equal(client.lmove(one, two, LMoveArgs.Builder.leftRight()), "A");
    Names.equal(List.of(client.lrange(one, 0, -1), client.lrange(two, 0, -1)), List.of(List.of("b", "c"), List.of("A")));
  }

  static void lmpop(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("cart", 106), two = t.key("user", "lmpop");
    client.rpush(two, "a", "b", "c");
    Names.equal(client.lmpop(LMPopArgs.Builder.left().count(2), one, two), KeyValue.just(two, List.of("a", "b")));
  }

  static void set_members(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "set");
    Names.equal(List.of(client.sadd(key, "a", "b", "c"), client.srem(key, "c", "z"), client.scard(key)), List.of(3L, 1L, 2L));
    Names.equal(List.of(client.sismember(key, "a"), client.smismember(key, "a", "z")), List.of(true, List.of(true, false)));
    Names.equal(client.smembers(key), Set.of("a", "b"));
  }

  static void set_algebra(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "set1"), two = t.key("cart", 107), three = t.key("sess", "set3");
    client.sadd(one, "a", "b", "c");
    client.sadd(two, "b", "c", "d");
    Names.equal(List.of(client.sinter(one, two), client.sdiff(one, two)), List.of(Set.of("b", "c"), Set.of("a")));
    Names.equal(client.sunion(one, two), Set.of("a", "b", "c", "d"));
    Names.equal(List.of(client.sunionstore(three, one, two), client.scard(three), client.sintercard(one, two)), List.of(4L, 4L, 2L));
  }

  static void zset_scores(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "zset");
    Names.equal(client.zadd(key, 1.0, "a", 2.0, "b", 3.0, "c"), 3L);
    Names.equal(List.of(client.zincrby(key, 5, "a"), client.zscore(key, "a"), client.zrank(key, "a"), client.zcard(key)), List.of(6.0, 6.0, 2L, 3L));
  }

  static void zset_ranges(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "zranges"), lex = t.key("cart", 108);
    client.zadd(key, 1.0, "a", 2.0, "b", 3.0, "c");
    Names.equal(client.zrangeWithScores(key, 0, 1), List.of(ScoredValue.just(1, "a"), ScoredValue.just(2, "b")));
    Names.equal(client.zrevrangebyscore(key, Range.from(Range.Boundary.including(2), Range.Boundary.unbounded())), List.of("c", "b"));
    client.zadd(lex, 0.0, "a", 0.0, "b", 0.0, "c");
    Names.equal(client.zrangebylex(lex, Range.from(Range.Boundary.including("a"), Range.Boundary.excluding("c"))), List.of("a", "b"));
  }

  static void zset_store(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "z1"), two = t.key("cart", 109), three = t.key("sess", "z3");
    client.zadd(one, 1.0, "a", 2.0, "b");
    client.zadd(two, 3.0, "b", 4.0, "c");
    Names.equal(client.zunionstore(three, ZStoreArgs.Builder.weights(1, 10), one, two), 3L);
    Names.equal(client.zrangeWithScores(three, 0, -1), List.of(ScoredValue.just(1, "a"), ScoredValue.just(32, "b"), ScoredValue.just(40, "c")));
    Names.equal(List.of(client.zinterstore(three, ZStoreArgs.Builder.weights(2, 1), one, two), client.zscore(three, "b")), List.of(1L, 7.0));
  }

  static void zmpop(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "zm1"), two = t.key("cart", 110);
    client.zadd(two, 1.0, "a", 2.0, "b");
    Names.equal(client.zmpop(ZPopArgs.Builder.min(), one, two), KeyValue.just(two, ScoredValue.just(1, "a")));
  }

  static void geo(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "geo");
    Names.equal(client.geoadd(key, 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"), 2L);
    Names.check(Math.abs(client.geodist(key, "Palermo", "Catania", GeoArgs.Unit.km) - 166.27) < 0.1, "wrong distance");
    Names.equal(client.geosearch(key, GeoSearch.fromCoordinates(15, 37), GeoSearch.byRadius(100, GeoArgs.Unit.km)), Set.of("Catania"));
  }

  static void stream_range(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "stream");
    String first = client.xadd(key, Map.of("n", "1")), second = client.xadd(key, Map.of("n", "2"));
    Names.equal(client.xlen(key), 2L);
    Names.equal(client.xrange(key, Range.unbounded()).stream().map(StreamMessage::getId).toList(), List.of(first, second));
    Names.equal(client.xrevrange(key, Range.unbounded(), Limit.from(1)).get(0).getBody(), Map.of("n", "2"));
    Names.equal(List.of(client.xdel(key, first), client.xlen(key)), List.of(1L, 1L));
  }

  @SuppressWarnings("unchecked")
  static StreamMessage<String, String> groupRead(RedisCommands<String, String> client, String key) {
    StreamMessage<String, String> read = client.xreadgroup(Consumer.from("g", "c1"), StreamOffset.lastConsumed(key)).get(0);
    Names.equal(read.getStream(), key);
    return read;
  }

  static void stream_group(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "group");
    client.xgroupCreate(StreamOffset.from(key, "0"), "g", XGroupCreateArgs.Builder.mkstream());
    String id = client.xadd(key, Map.of("n", "1"));
    Names.equal(groupRead(client, key).getId(), id);
    Names.equal(List.of(client.xpending(key, "g").getCount(), client.xack(key, "g", id), client.xpending(key, "g").getCount()), List.of(1L, 1L, 0L));
    Names.refused("BUSYGROUP", () -> client.xgroupCreate(StreamOffset.from(key, "0"), "g"));
  }

  static void stream_autoclaim(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "claim");
    client.xgroupCreate(StreamOffset.from(key, "0"), "g", XGroupCreateArgs.Builder.mkstream());
    String id = client.xadd(key, Map.of("n", "1"));
    groupRead(client, key);
    Names.equal(client.xautoclaim(key, XAutoClaimArgs.Builder.xautoclaim(Consumer.from("g", "c2"), 0, "0")).getMessages().get(0).getId(), id);
    Names.equal(client.xpending(key, "g", Range.unbounded(), Limit.from(10)).get(0).getConsumer(), "c2");
  }

  static void stream_trim(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "trim");
    for (int n = 0; n < 5; n++) client.xadd(key, Map.of("n", "" + n));
    Names.equal(client.xtrim(key, XTrimArgs.Builder.maxlen(2)), 3L);
    Names.equal(client.xinfoStream(key).subList(0, 2), List.of("length", 2L));
  }

  static void scan(LettuceRunner t) {
    Set<String> found = new HashSet<>();
    ScanIterator.scan(t.client(), ScanArgs.Builder.matches(t.key("user", "scan-*")).limit(50)).forEachRemaining(found::add);
    Names.equal(found, Set.copyOf(t.keys("user", "scan-", 100)));
  }

  static void scan_type(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "typed-hash");
    client.hset(key, "f", "v");
    client.set(t.key("user", "typed-string"), "v");
    Set<String> found = new HashSet<>();
    KeyScanArgs wanted = KeyScanArgs.Builder.type("hash");
    wanted.match(t.key("user", "typed-*"));
    ScanIterator.scan(client, wanted).forEachRemaining(found::add);
    Names.equal(found, Set.of(key));
  }

  static void keys(LettuceRunner t) {
    Names.equal(Set.copyOf(t.client().keys(t.key("user", "scan-*"))), Set.copyOf(t.keys("user", "scan-", 100)));
  }

  static void hscan(LettuceRunner t) {
    Map<String, String> want = new HashMap<>(), got = new HashMap<>();
    for (int n = 0; n < 1000; n++) want.put("f" + n, "v" + n);
    RedisCommands<String, String> client = t.client();
    client.hset(t.key("user", "hscan"), want);
    ScanIterator.hscan(client, t.key("user", "hscan")).forEachRemaining(pair -> got.put(pair.getKey(), pair.getValue()));
    Names.equal(got, want);
  }

  static void sscan(LettuceRunner t) {
    Set<String> want = new HashSet<>(), got = new HashSet<>();
    for (int n = 0; n < 1000; n++) want.add("m" + n);
    RedisCommands<String, String> client = t.client();
    client.sadd(t.key("cart", 140), want.toArray(String[]::new));
    ScanIterator.sscan(client, t.key("cart", 140)).forEachRemaining(got::add);
    Names.equal(got, want);
  }

  static void zscan(LettuceRunner t) {
    Map<String, Double> want = new HashMap<>(), got = new HashMap<>();
    for (int n = 0; n < 1000; n++) want.put("m" + n, (double) n);
    RedisCommands<String, String> client = t.client();
    want.forEach((member, score) -> client.zadd(t.key("sess", "zscan"), score, member));
    ScanIterator.zscan(client, t.key("sess", "zscan")).forEachRemaining(value -> got.put(value.getValue(), value.getScore()));
    Names.equal(got, want);
  }
}

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import redis.clients.jedis.GeoCoordinate;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.args.GeoUnit;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.ListPosition;
import redis.clients.jedis.args.SortedSetOption;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XAutoClaimParams;
import redis.clients.jedis.params.XPendingParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.params.XTrimParams;
import redis.clients.jedis.params.ZParams;
import redis.clients.jedis.params.ZRangeParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;
import redis.clients.jedis.resps.Tuple;

/** Hashes, lists, sets, sorted sets, places, streams, and their iterators. */
final class JedisStructures {
  static void hash_fields(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "hash");
    Names.equal(client.hset(key, Map.of("name", "ada", "plan", "free", "age", "36")), 3L);
    Names.equal(client.hmget(key, "name", "none"), Arrays.asList("ada", null));
    Names.equal(List.of(client.hdel(key, "age", "none"), client.hlen(key), client.hexists(key, "plan")), List.of(1L, 2L, true));
    Names.equal(client.hgetAll(key), Map.of("name", "ada", "plan", "free"));
  }

  static void hash_counters(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("cart", 103);
    Names.equal(List.of(client.hincrBy(key, "n", 5), client.hincrByFloat(key, "f", 0.5)), List.of(5L, 0.5));
    Names.equal(List.of(client.hsetnx(key, "n", "1"), client.hsetnx(key, "m", "1")), List.of(0L, 1L));
  }

  static void list_ends(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("cart", 104);
    Names.equal(List.of(client.rpush(key, "b", "c"), client.lpush(key, "a")), List.of(2L, 3L));
    Names.equal(client.lrange(key, 0, -1), List.of("a", "b", "c"));
    Names.equal(List.of(client.lpop(key), client.rpop(key), client.llen(key)), List.of("a", "c", 1L));
  }

  static void list_inside(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("cart", 105), two = t.key("user", "list2");
    client.rpush(one, "a", "c", "c", "d");
    Names.equal(List.of(client.linsert(one, ListPosition.BEFORE, "c", "b"), client.lset(one, 0, "A"), client.lrem(one, 1, "c")), List.of(5L, "OK", 1L));
    Names.equal(List.of(client.ltrim(one, 0, 2), client.lpos(one, "c")), List.of("OK", 2L));
    Names.equal(client.lmove(one, two, ListDirection.LEFT, ListDirection.RIGHT), "A");
    Names.equal(List.of(client.lrange(one, 0, -1), client.lrange(two, 0, -1)), List.of(List.of("b", "c"), List.of("A")));
  }

  static void lmpop(JedisRunner t) {
    String one = t.key("cart", 106), two = t.key("user", "lmpop");
    t.client().rpush(two, "a", "b", "c");
    var popped = t.client().lmpop(ListDirection.LEFT, 2, one, two);
    Names.equal(List.of(popped.getKey(), popped.getValue()), List.of(two, List.of("a", "b")));
  }

  static void set_members(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "set");
    Names.equal(List.of(client.sadd(key, "a", "b", "c"), client.srem(key, "c", "z"), client.scard(key)), List.of(3L, 1L, 2L));
    Names.equal(List.of(client.sismember(key, "a"), client.smismember(key, "a", "z")), List.of(true, List.of(true, false)));
    Names.equal(client.smembers(key), Set.of("a", "b"));
  }

  static void set_algebra(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "set1"), two = t.key("cart", 107), three = t.key("sess", "set3");
    client.sadd(one, "a", "b", "c");
    client.sadd(two, "b", "c", "d");
    Names.equal(List.of(client.sinter(one, two), client.sdiff(one, two)), List.of(Set.of("b", "c"), Set.of("a")));
    Names.equal(client.sunion(one, two), Set.of("a", "b", "c", "d"));
    Names.equal(List.of(client.sunionstore(three, one, two), client.scard(three), client.sintercard(one, two)), List.of(4L, 4L, 2L));
  }

  static void zset_scores(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "zset");
    Names.equal(client.zadd(key, Map.of("a", 1.0, "b", 2.0, "c", 3.0)), 3L);
    Names.equal(List.of(client.zincrby(key, 5, "a"), client.zscore(key, "a"), client.zrank(key, "a"), client.zcard(key)), List.of(6.0, 6.0, 2L, 3L));
  }

  static void zset_ranges(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "zranges"), lex = t.key("cart", 108);
    client.zadd(key, Map.of("a", 1.0, "b", 2.0, "c", 3.0));
    Names.equal(client.zrangeWithScores(key, 0, 1), List.of(new Tuple("a", 1.0), new Tuple("b", 2.0)));
    Names.equal(client.zrange(key, ZRangeParams.zrangeByScoreParams(Double.POSITIVE_INFINITY, 2).rev()), List.of("c", "b"));
    client.zadd(lex, Map.of("a", 0.0, "b", 0.0, "c", 0.0));
    Names.equal(client.zrangeByLex(lex, "[a", "(c"), List.of("a", "b"));
  }

  static void zset_store(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "z1"), two = t.key("cart", 109), three = t.key("sess", "z3");
    client.zadd(one, Map.of("a", 1.0, "b", 2.0));
    client.zadd(two, Map.of("b", 3.0, "c", 4.0));
    Names.equal(client.zunionstore(three, new ZParams().weights(1, 10), one, two), 3L);
    Names.equal(client.zrangeWithScores(three, 0, -1), List.of(new Tuple("a", 1.0), new Tuple("b", 32.0), new Tuple("c", 40.0)));
    Names.equal(List.of(client.zinterstore(three, new ZParams().weights(2, 1), one, two), client.zscore(three, "b")), List.of(1L, 7.0));
  }

  static void zmpop(JedisRunner t) {
    String one = t.key("user", "zm1"), two = t.key("cart", 110);
    t.client().zadd(two, Map.of("a", 1.0, "b", 2.0));
    var popped = t.client().zmpop(SortedSetOption.MIN, one, two);
    Names.equal(List.of(popped.getKey(), popped.getValue()), List.of(two, List.of(new Tuple("a", 1.0))));
  }

  static void geo(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "geo");
    Names.equal(client.geoadd(key, Map.of("Palermo", new GeoCoordinate(13.361389, 38.115556), "Catania", new GeoCoordinate(15.087269, 37.502669))), 2L);
    Names.check(Math.abs(client.geodist(key, "Palermo", "Catania", GeoUnit.KM) - 166.27) < 0.1, "wrong distance");
    Names.equal(client.geosearch(key, new GeoCoordinate(15, 37), 100, GeoUnit.KM).get(0).getMemberByString(), "Catania");
  }

  static void stream_range(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "stream");
    StreamEntryID first = client.xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "1")), second = client.xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "2"));
    Names.equal(client.xlen(key), 2L);
    Names.equal(client.xrange(key, "-", "+").stream().map(StreamEntry::getID).toList(), List.of(first, second));
    Names.equal(client.xrevrange(key, "+", "-", 1).get(0).getFields(), Map.of("n", "2"));
    Names.equal(List.of(client.xdel(key, first), client.xlen(key)), List.of(1L, 1L));
  }

  static StreamEntry groupRead(Jedis client, String key) {
    var read = client.xreadGroup("g", "c1", XReadGroupParams.xReadGroupParams(), Map.of(key, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
    Names.equal(read.get(0).getKey(), key);
    return read.get(0).getValue().get(0);
  }

  static void stream_group(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "group");
    client.xgroupCreate(key, "g", new StreamEntryID(), true);
    StreamEntryID id = client.xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
    Names.equal(groupRead(client, key).getID(), id);
    Names.equal(List.of(client.xpending(key, "g").getTotal(), client.xack(key, "g", id), client.xpending(key, "g").getTotal()), List.of(1L, 1L, 0L));
    Names.refused("BUSYGROUP", () -> client.xgroupCreate(key, "g", new StreamEntryID(), false));
  }

  static void stream_autoclaim(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "claim");
    client.xgroupCreate(key, "g", new StreamEntryID(), true);
    StreamEntryID id = client.xadd(key, StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
    groupRead(client, key);
    Names.equal(client.xautoclaim(key, "g", "c2", 0, new StreamEntryID(), XAutoClaimParams.xAutoClaimParams()).getValue().get(0).getID(), id);
    Names.equal(client.xpending(key, "g", XPendingParams.xPendingParams("-", "+", 10)).get(0).getConsumerName(), "c2");
  }

  static void stream_trim(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "trim");
    for (int n = 0; n < 5; n++) client.xadd(key, XAddParams.xAddParams(), Map.of("n", "" + n));
    Names.equal(List.of(client.xtrim(key, XTrimParams.xTrimParams().maxLen(2)), client.xinfoStream(key).getLength()), List.of(3L, 2L));
  }

  private static TreeSet<String> scanned(Jedis client, ScanParams params, String type) {
    TreeSet<String> found = new TreeSet<>();
    String cursor = ScanParams.SCAN_POINTER_START;
    do {
      ScanResult<String> page = type == null ? client.scan(cursor, params) : client.scan(cursor, params, type);
      found.addAll(page.getResult());
      cursor = page.getCursor();
    } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    return found;
  }

  static void scan(JedisRunner t) {
    TreeSet<String> found = scanned(t.client(), new ScanParams().match(t.key("user", "scan-*")).count(50), null);
    Names.equal(List.copyOf(found), t.keys("user", "scan-", 100));
  }

  static void scan_type(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "typed-hash");
    client.hset(key, "f", "v");
    client.set(t.key("user", "typed-string"), "v");
    Names.equal(List.copyOf(scanned(client, new ScanParams().match(t.key("user", "typed-*")), "hash")), List.of(key));
  }

  static void keys(JedisRunner t) {
    Names.equal(t.client().keys(t.key("user", "scan-*")).stream().sorted().toList(), t.keys("user", "scan-", 100));
  }

  static void hscan(JedisRunner t) {
    Map<String, String> want = new HashMap<>(), got = new HashMap<>();
    for (int n = 0; n < 1000; n++) want.put("f" + n, "v" + n);
    Jedis client = t.client();
    client.hset(t.key("user", "hscan"), want);
    String cursor = "0";
    do {
      var page = client.hscan(t.key("user", "hscan"), cursor);
      page.getResult().forEach(entry -> got.put(entry.getKey(), entry.getValue()));
      cursor = page.getCursor();
    } while (!cursor.equals("0"));
    Names.equal(got, want);
  }

  static void sscan(JedisRunner t) {
    Set<String> want = new HashSet<>(), got = new HashSet<>();
    for (int n = 0; n < 1000; n++) want.add("m" + n);
    Jedis client = t.client();
    client.sadd(t.key("cart", 140), want.toArray(String[]::new));
    String cursor = "0";
    do {
      var page = client.sscan(t.key("cart", 140), cursor);
      got.addAll(page.getResult());
      cursor = page.getCursor();
    } while (!cursor.equals("0"));
    Names.equal(got, want);
  }

  static void zscan(JedisRunner t) {
    Map<String, Double> want = new HashMap<>(), got = new HashMap<>();
    for (int n = 0; n < 1000; n++) want.put("m" + n, (double) n);
    Jedis client = t.client();
    client.zadd(t.key("sess", "zscan"), want);
    String cursor = "0";
    do {
      var page = client.zscan(t.key("sess", "zscan"), cursor);
      page.getResult().forEach(tuple -> got.put(tuple.getElement(), tuple.getScore()));
      cursor = page.getCursor();
    } while (!cursor.equals("0"));
    Names.equal(got, want);
  }
}

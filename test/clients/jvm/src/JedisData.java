import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.BitOP;
import redis.clients.jedis.args.ExpiryOption;
import redis.clients.jedis.params.GetExParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.SortingParams;

/** Strings, keys, and the records that were there before. */
final class JedisData {
  static void set_get(JedisRunner t) {
    Jedis client = t.client();
    for (String family : Names.FAMILIES) {
      Names.equal(client.set(t.key(family, 100), "value " + family), "OK");
      Names.equal(client.get(t.key(family, 100)), "value " + family);
    }
  }

  static void set_options(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("sess", "options");
    Names.equal(client.set(key, "a", SetParams.setParams().xx()), null);
    Names.equal(client.set(key, "a", SetParams.setParams().nx().ex(100)), "OK");
    Names.equal(client.set(key, "b", SetParams.setParams().nx()), null);
    Names.equal(client.setGet(key, "b", SetParams.setParams().keepTtl()), "a");
    Names.check(client.ttl(key) > 90, "KEEPTTL lost the expiry");
  }

  static void incr(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("cart", 101);
    Names.equal(List.of(client.incr(key), client.incrBy(key, 10), client.decr(key)), List.of(1L, 11L, 10L));
    Names.equal(client.incrByFloat(key, 0.5), 10.5);
  }

  static void append_range(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "append");
    Names.equal(List.of(client.append(key, "hello"), client.append(key, " world"), client.strlen(key)), List.of(5L, 11L, 11L));
    Names.equal(client.setrange(key, 6, "redis"), 11L);
    Names.equal(client.getrange(key, 0, -1), "hello redis");
  }

  static void getdel(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("sess", "getdel");
    client.set(key, "once");
    Names.equal(Names.list(client.getDel(key), client.getDel(key), client.exists(key)), Names.list("once", null, false));
  }

  static void getex(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("sess", "getex");
    client.set(key, "v");
    Names.equal(client.getEx(key, GetExParams.getExParams().ex(100)), "v");
    Names.check(client.ttl(key) > 90, "no expiry");
    Names.equal(client.getEx(key, GetExParams.getExParams().persist()), "v");
    Names.equal(client.ttl(key), -1L);
  }

  static void mset_mget(JedisRunner t) {
    List<String> keys = new ArrayList<>(), pairs = new ArrayList<>(), want = new ArrayList<>();
    for (int n = 0; n < 300; n++) {
      keys.add(t.key(Names.FAMILIES.get(n % 4), 2000 + n));
      pairs.addAll(List.of(keys.get(n), "m" + n));
      want.add("m" + n);
    }
    Names.equal(t.client().mset(pairs.toArray(String[]::new)), "OK");
    keys.add(t.key("user", "absent"));
    want.add(null);
    Names.equal(t.client().mget(keys.toArray(String[]::new)), want);
  }

  static void msetnx(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "nx1"), two = t.key("user", "nx2");
    Names.equal(List.of(client.msetnx(one, "1"), client.msetnx(one, "x", two, "x")), List.of(1L, 0L));
    Names.equal(client.mget(one, two), Arrays.asList("1", null));
  }

  static void big_value(JedisRunner t) {
    String key = t.key("user", "big"), value = "0123456789abcdef".repeat(65536);
    t.client().set(key, value);
    Names.check(t.client().get(key).equals(value), "the value differs");
    Names.equal(t.client().strlen(key), 1L << 20);
  }

  static void binary_safe(JedisRunner t) {
    t.client().set(t.binaryKey(), Names.everyByte());
    Names.equal(t.client().get(t.binaryKey()), Names.everyByte());
    Names.equal(t.client().exists(t.binaryKey()), true);
  }

  static void empty_value(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "empty");
    client.set(key, "");
    Names.equal(List.of(client.get(key), client.exists(key), client.strlen(key)), List.of("", true, 0L));
  }

  static void bitfield(JedisRunner t) {
    Names.equal(t.client().bitfield(t.key("user", "bitfield"), "OVERFLOW", "SAT", "SET", "u8", "0", "250", "INCRBY", "u8", "0", "10", "GET", "u8", "0"),
        List.of(0L, 255L, 255L));
  }

  static void bits(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "bits1"), two = t.key("user", "bits2");
    Names.equal(List.of(client.setbit(one, 7, true), client.getbit(one, 7), client.bitcount(one), client.bitpos(one, true)), List.of(false, true, 1L, 7L));
    Names.equal(List.of(client.bitop(BitOP.NOT, two, one), client.bitcount(two)), List.of(1L, 7L));
  }

  static void hyperloglog(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "hll1"), two = t.key("user", "hll2");
    Names.equal(List.of(client.pfadd(one, "a", "b", "c"), client.pfadd(two, "c", "d"), client.pfcount(one, two)), List.of(1L, 1L, 4L));
    client.pfmerge(one, two);
    Names.equal(client.pfcount(one), 4L);
  }

  static void exists_del_unlink(JedisRunner t) {
    Jedis client = t.client();
    String[] keys = Names.FAMILIES.stream().map(family -> t.key(family, 102)).toArray(String[]::new);
    for (String key : keys) client.set(key, "x");
    Names.equal(client.exists(keys[0], keys[1], keys[2], keys[3], keys[0]), 5L);
    Names.equal(List.of(client.del(keys[0], keys[3], keys[0]), client.unlink(keys), client.exists(keys)), List.of(2L, 2L, 0L));
  }

  static void type_encoding(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "encoding");
    Names.equal(client.type(key), "none");
    client.set(key, "12345");
    Names.equal(List.of(client.type(key), client.objectEncoding(key)), List.of("string", "int"));
  }

  static void expire_persist(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("sess", "expire");
    client.set(key, "x");
    Names.equal(List.of(client.expire(key, 100), client.expire(key, 100, ExpiryOption.NX)), List.of(1L, 0L));
    Names.check(client.ttl(key) > 90 && client.pttl(key) > 90000, "wrong TTL");
    Names.check(Math.abs(client.expireTime(key) - System.currentTimeMillis() / 1000 - 100) < 5, "wrong EXPIRETIME");
    Names.equal(List.of(client.persist(key), client.ttl(key)), List.of(1L, -1L));
  }

  static void expires(JedisRunner t) throws Exception {
    Jedis client = t.client();
    String key = t.key("sess", "short");
    client.psetex(key, 60, "x");
    Names.equal(client.get(key), "x");
    Names.until(() -> client.get(key) == null, "the expiry");
    Names.equal(List.of(client.exists(key), client.ttl(key)), List.of(false, -2L));
  }

  static void copy(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "copy1"), two = t.key("user", "copy2");
    client.set(one, "x");
    Names.equal(List.of(client.copy(one, two, false), client.copy(one, two, false), client.copy(one, two, true)), List.of(true, false, true));
    Names.equal(client.mget(one, two), List.of("x", "x"));
  }

  static void rename(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "rename1"), two = t.key("user", "rename2");
    client.set(one, "x");
    client.rename(one, two);
    Names.equal(client.mget(one, two), Arrays.asList(null, "x"));
    client.set(one, "y");
    Names.equal(client.renamenx(two, one), 0L);
    Names.refused("no such key", () -> client.rename(t.key("user", "absent"), two));
  }

  static void dump_restore(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "dump1"), two = t.key("user", "dump2");
    client.rpush(one, "a", "b");
    byte[] payload = client.dump(one);
    client.restore(two, 100000, payload);
    Names.equal(client.lrange(two, 0, -1), List.of("a", "b"));
    Names.check(client.pttl(two) > 90000, "no expiry");
    Names.refused("BUSYKEY", () -> client.restore(two, 0, payload));
  }

  static void sort(JedisRunner t) {
    Jedis client = t.client();
    String one = t.key("user", "sort1"), two = t.key("user", "sort2");
    client.rpush(one, "3", "1", "2");
    Names.equal(client.sort(one), List.of("1", "2", "3"));
    Names.equal(client.sort(one, new SortingParams().desc(), two), 3L);
    Names.equal(client.lrange(two, 0, -1), List.of("3", "2", "1"));
  }

  static void seeded_string(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "seed-string");
    Names.equal(List.of(client.get(key), client.append(key, "!"), client.get(key)), List.of("seeded", 7L, "seeded!"));
  }

  static void seeded_hash(JedisRunner t) {
    String key = t.key("user", "seed-hash");
    Names.equal(t.client().hset(key, "plan", "paid"), 0L);
    Names.equal(t.client().hgetAll(key), java.util.Map.of("name", "ada", "plan", "paid"));
  }

  static void seeded_list(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("user", "seed-list");
    Names.equal(List.of(client.rpush(key, "d"), client.lpop(key), client.lrange(key, 0, -1)), List.of(4L, "a", List.of("b", "c", "d")));
  }

  static void seeded_ttl(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("sess", "seed-ttl");
    Names.check(client.ttl(key) > 500, "the expiry is lost");
    client.append(key, "!");
    Names.check(client.ttl(key) > 500, "the write lost the expiry");
  }

  static void seeded_tx(JedisRunner t) {
    String key = t.key("sess", "seed-tx");
    try (Transaction tx = t.client().multi()) {
      tx.incrBy(key, 5);
      tx.get(key);
      Names.equal(tx.exec(), List.of(15L, "15"));
    }
  }

  static void seeded_mget(JedisRunner t) {
    List<String> keys = new ArrayList<>(), want = new ArrayList<>();
    for (int n = 0; n < 10; n++) {
      keys.add(t.key("cart", 1000 + n));
      want.add("c" + n);
    }
    Names.equal(t.client().mget(keys.toArray(String[]::new)), want);
  }

  static void seeded_del(JedisRunner t) {
    Jedis client = t.client();
    String key = t.key("cart", 1010);
    Names.equal(Names.list(client.del(key), client.del(key), client.get(key)), Names.list(1L, 0L, null));
  }
}

import io.lettuce.core.BitFieldArgs;
import io.lettuce.core.CopyArgs;
import io.lettuce.core.ExpireArgs;
import io.lettuce.core.GetExArgs;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RestoreArgs;
import io.lettuce.core.SetArgs;
import io.lettuce.core.SortArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.Arrays;
import java.util.HashMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Strings, keys, and the records that were there before. */
final class LettuceData {
  /** MGET's values with null for what is absent. */
  static List<String> values(RedisCommands<String, String> client, List<String> keys) {
    List<String> found = new ArrayList<>();
    for (KeyValue<String, String> pair : client.mget(keys.toArray(String[]::new))) found.add(pair.getValueOrElse(null));
    return found;
  }

  static void set_get(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    for (String family : Names.FAMILIES) {
      Names.equal(client.set(t.key(family, 100), "value " + family), "OK");
      Names.equal(client.get(t.key(family, 100)), "value " + family);
    }
  }

  static void set_options(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "options");
    Names.equal(client.set(key, "a", SetArgs.Builder.xx()), null);
    Names.equal(client.set(key, "a", SetArgs.Builder.nx().ex(100)), "OK");
    Names.equal(client.set(key, "b", SetArgs.Builder.nx()), null);
    Names.equal(client.setGet(key, "b", SetArgs.Builder.keepttl()), "a");
    Names.check(client.ttl(key) > 90, "KEEPTTL lost the expiry");
  }

  static void incr(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("cart", 101);
    Names.equal(List.of(client.incr(key), client.incrby(key, 10), client.decr(key)), List.of(1L, 11L, 10L));
    Names.equal(client.incrbyfloat(key, 0.5), 10.5);
  }

  static void append_range(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "append");
    Names.equal(List.of(client.append(key, "hello"), client.append(key, " world"), client.strlen(key)), List.of(5L, 11L, 11L));
    Names.equal(client.setrange(key, 6, "redis"), 11L);
    Names.equal(client.getrange(key, 0, -1), "hello redis");
  }

  static void getdel(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "getdel");
    client.set(key, "once");
    Names.equal(Names.list(client.getdel(key), client.getdel(key), client.exists(key)), Names.list("once", null, 0L));
  }

  static void getex(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "getex");
    client.set(key, "v");
    Names.equal(client.getex(key, GetExArgs.Builder.ex(100)), "v");
    Names.check(client.ttl(key) > 90, "no expiry");
    Names.equal(client.getex(key, GetExArgs.Builder.persist()), "v");
    Names.equal(client.ttl(key), -1L);
  }

  static void mset_mget(LettuceRunner t) {
    List<String> keys = new ArrayList<>(), want = new ArrayList<>();
    Map<String, String> pairs = new HashMap<>();
    for (int n = 0; n < 300; n++) {
      keys.add(t.key(Names.FAMILIES.get(n % 4), 2000 + n));
      want.add("m" + n);
      pairs.put(keys.get(n), "m" + n);
    }
    Names.equal(t.client().mset(pairs), "OK");
    keys.add(t.key("user", "absent"));
    want.add(null);
    Names.equal(values(t.client(), keys), want);
  }

  static void msetnx(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "nx1"), two = t.key("user", "nx2");
    Names.equal(List.of(client.msetnx(Map.of(one, "1")), client.msetnx(Map.of(one, "x", two, "x"))), List.of(true, false));
    Names.equal(values(client, List.of(one, two)), Arrays.asList("1", null));
  }

  static void big_value(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "big"), value = "0123456789abcdef".repeat(65536);
    client.set(key, value);
    Names.check(client.get(key).equals(value), "the value differs");
    Names.equal(client.strlen(key), 1L << 20);
  }

  static void binary_safe(LettuceRunner t) {
    t.binary().set(t.binaryKey(), Names.everyByte());
    Names.equal(t.binary().get(t.binaryKey()), Names.everyByte());
    Names.equal(t.binary().exists(t.binaryKey()), 1L);
  }

  static void empty_value(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "empty");
    client.set(key, "");
    Names.equal(List.of(client.get(key), client.exists(key), client.strlen(key)), List.of("", 1L, 0L));
  }

  static void bitfield(LettuceRunner t) {
    BitFieldArgs.BitFieldType u8 = BitFieldArgs.unsigned(8);
    BitFieldArgs steps = new BitFieldArgs().overflow(BitFieldArgs.OverflowType.SAT).set(u8, 0, 250).incrBy(u8, 0, 10).get(u8, 0);
    Names.equal(t.client().bitfield(t.key("user", "bitfield"), steps), List.of(0L, 255L, 255L));
  }

  static void bits(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "bits1"), two = t.key("user", "bits2");
    Names.equal(List.of(client.setbit(one, 7, 1), client.getbit(one, 7), client.bitcount(one), client.bitpos(one, true)), List.of(0L, 1L, 1L, 7L));
    Names.equal(List.of(client.bitopNot(two, one), client.bitcount(two)), List.of(1L, 7L));
  }

  static void hyperloglog(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "hll1"), two = t.key("user", "hll2");
    Names.equal(List.of(client.pfadd(one, "a", "b", "c"), client.pfadd(two, "c", "d"), client.pfcount(one, two)), List.of(1L, 1L, 4L));
    client.pfmerge(one, two);
    Names.equal(client.pfcount(one), 4L);
  }

  static void exists_del_unlink(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String[] keys = Names.FAMILIES.stream().map(family -> t.key(family, 102)).toArray(String[]::new);
    for (String key : keys) client.set(key, "x");
    Names.equal(client.exists(keys[0], keys[1], keys[2], keys[3], keys[0]), 5L);
    Names.equal(List.of(client.del(keys[0], keys[3], keys[0]), client.unlink(keys), client.exists(keys)), List.of(2L, 2L, 0L));
  }

  static void type_encoding(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "encoding");
    Names.equal(client.type(key), "none");
    client.set(key, "12345");
    Names.equal(List.of(client.type(key), client.objectEncoding(key)), List.of("string", "int"));
  }

  static void expire_persist(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "expire");
    client.set(key, "x");
    Names.equal(List.of(client.expire(key, 100), client.expire(key, 100, ExpireArgs.Builder.nx())), List.of(true, false));
    Names.check(client.ttl(key) > 90 && client.pttl(key) > 90000, "wrong TTL");
    Names.check(Math.abs(client.expiretime(key) - System.currentTimeMillis() / 1000 - 100) < 5, "wrong EXPIRETIME");
    Names.equal(List.of(client.persist(key), client.ttl(key)), List.of(true, -1L));
  }

  static void expires(LettuceRunner t) throws Exception {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "short");
    client.psetex(key, 60, "x");
    Names.equal(client.get(key), "x");
    Names.until(() -> client.get(key) == null, "the expiry");
    Names.equal(List.of(client.exists(key), client.ttl(key)), List.of(0L, -2L));
  }

  static void copy(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "copy1"), two = t.key("user", "copy2");
    client.set(one, "x");
    Names.equal(List.of(client.copy(one, two), client.copy(one, two), client.copy(one, two, CopyArgs.Builder.replace(true))), List.of(true, false, true));
    Names.equal(values(client, List.of(one, two)), List.of("x", "x"));
  }

  static void rename(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "rename1"), two = t.key("user", "rename2");
    client.set(one, "x");
    client.rename(one, two);
    Names.equal(values(client, List.of(one, two)), Arrays.asList(null, "x"));
    client.set(one, "y");
    Names.equal(client.renamenx(two, one), false);
    Names.refused("no such key", () -> client.rename(t.key("user", "absent"), two));
  }

  static void dump_restore(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "dump1"), two = t.key("user", "dump2");
    client.rpush(one, "a", "b");
    byte[] payload = client.dump(one);
    client.restore(two, payload, RestoreArgs.Builder.ttl(100000));
    Names.equal(client.lrange(two, 0, -1), List.of("a", "b"));
    Names.check(client.pttl(two) > 90000, "no expiry");
    Names.refused("BUSYKEY", () -> client.restore(two, 0, payload));
  }

  static void sort(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String one = t.key("user", "sort1"), two = t.key("user", "sort2");
    client.rpush(one, "3", "1", "2");
    Names.equal(client.sort(one), List.of("1", "2", "3"));
    Names.equal(client.sortStore(one, SortArgs.Builder.desc(), two), 3L);
    Names.equal(client.lrange(two, 0, -1), List.of("3", "2", "1"));
  }

  static void seeded_string(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "seed-string");
    Names.equal(List.of(client.get(key), client.append(key, "!"), client.get(key)), List.of("seeded", 7L, "seeded!"));
  }

  static void seeded_hash(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "seed-hash");
    Names.equal(client.hset(key, "plan", "paid"), false);
    Names.equal(client.hgetall(key), Map.of("name", "ada", "plan", "paid"));
  }

  static void seeded_list(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "seed-list");
    Names.equal(List.of(client.rpush(key, "d"), client.lpop(key), client.lrange(key, 0, -1)), List.of(4L, "a", List.of("b", "c", "d")));
  }

  static void seeded_ttl(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "seed-ttl");
    Names.check(client.ttl(key) > 500, "the expiry is lost");
    client.append(key, "!");
    Names.check(client.ttl(key) > 500, "the write lost the expiry");
  }

  static void seeded_tx(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("sess", "seed-tx");
    client.multi();
    client.incrby(key, 5);
    client.get(key);
    Names.equal(client.exec().stream().toList(), List.of(15L, "15"));
  }

  static void seeded_mget(LettuceRunner t) {
    List<String> keys = new ArrayList<>(), want = new ArrayList<>();
    for (int n = 0; n < 10; n++) {
      keys.add(t.key("cart", 1000 + n));
      want.add("c" + n);
    }
    Names.equal(values(t.client(), keys), want);
  }

  static void seeded_del(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("cart", 1010);
    Names.equal(Names.list(client.del(key), client.del(key), client.get(key)), Names.list(1L, 0L, null));
  }
}

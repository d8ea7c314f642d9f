import java.util.List;
import java.util.Map;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisMonitor;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.params.ClientKillParams;

/** The connection itself: names, ids, signing in, refusals, RESP3. */
final class JedisConnection {
  static void ping(JedisRunner t) {
    Names.equal(t.client().ping(), "PONG");
    Names.equal(t.client().echo("hello"), "hello");
  }

  static void select(JedisRunner t) {
    Jedis zero = t.client(), one = t.client(JedisRunner.config().database(1));
    String key = t.key("plain", "select");
    zero.set(key, "in 0");
    one.set(key, "in 1");
    Names.equal(List.of(zero.get(key), one.get(key)), List.of("in 0", "in 1"));
    zero.select(1);
    Names.equal(zero.get(key), "in 1");
  }

  static void client_name(JedisRunner t) {
    Jedis one = t.client(JedisRunner.config().clientName("one")), two = t.client();
    two.clientSetname("two");
    Names.equal(List.of(one.clientGetname(), two.clientGetname()), List.of("one", "two"));
  }

  static void client_id_info(JedisRunner t) {
    Jedis client = t.client();
    String head = "id=" + client.clientId() + " ";
    Names.check(client.clientInfo().startsWith(head), "CLIENT INFO has another id");
    Names.check(("\n" + client.clientList()).contains("\n" + head), "CLIENT LIST lacks the id");
  }

  static void info(JedisRunner t) {
    Names.check(t.client().info("server").contains("redis_version:"), "no redis_version");
  }

  static void config_get(JedisRunner t) {
    Names.equal(List.copyOf(t.client().configGet("maxmemory-policy").keySet()), List.of("maxmemory-policy"));
  }

  static void auth_wrong(JedisRunner t) {
    Jedis client = t.client();
    Names.refused("WRONGPASS", () -> client.auth("alice", "wrong"));
    Names.equal(client.ping(), "PONG");
    Names.refused("WRONGPASS", () -> t.client(as("alice", "wrong")).ping());
  }

  private static DefaultJedisClientConfig.Builder as(String user, String password) {
    return JedisRunner.config().user(user).password(password);
  }

  static void auth_user(JedisRunner t) {
    Jedis alice = t.client(as("alice", "secret")), anybody = t.client();
    String key = t.key("user", "alice");
    Names.equal(List.of(alice.aclWhoAmI(), anybody.aclWhoAmI()), List.of("alice", "default"));
    alice.set(key, "hers");
    Names.equal(anybody.get(key), "hers");
  }

  static void acl_refusal(JedisRunner t) {
    Jedis bob = t.client(as("bob", "secret")), anybody = t.client();
    String key = t.key("user", "bob");
    anybody.set(key, "kept");
    Names.equal(bob.get(key), "kept");
    Names.refused("NOPERM", () -> bob.set(key, "changed"));
    Names.equal(anybody.get(key), "kept");
  }

  static void unknown_command(JedisRunner t) {
    Jedis client = t.client();
    Names.refused("ERR unknown command", () -> client.sendCommand(() -> "NOSUCHCOMMAND".getBytes(), "x"));
    Names.equal(client.ping(), "PONG");
  }

  static void wrong_arity(JedisRunner t) {
    Names.refused("wrong number of arguments", () -> t.client().sendCommand(Command.GET));
  }

  static void wrongtype(JedisRunner t) {
    String key = t.key("user", "wrongtype");
    t.client().set(key, "text");
    Names.refused("WRONGTYPE", () -> t.client().lpush(key, "x"));
  }

  static void reconnect_after_kill(JedisRunner t) throws Exception {
    JedisPool pool = t.kept(new JedisPool(new HostAndPort(t.host, t.port), JedisRunner.config().build()));
    String key = t.key("user", "reconnect");
    long id;
    try (Jedis client = pool.getResource()) {
      client.set(key, "before");
      id = client.clientId();
    }
    Names.equal(t.client().clientKill(new ClientKillParams().id(String.valueOf(id))), 1L);
    Names.until(() -> {
      try (Jedis client = pool.getResource()) {
        return client.get(key).equals("before") && client.clientId() != id;
      } catch (JedisConnectionException gone) {
        return false;
      }
    }, "the reconnection");
  }

  static void wait_replicas(JedisRunner t) {
    Jedis client = t.client();
    client.set(t.key("plain", "wait"), "x");
    Names.equal(client.waitReplicas(0, 100), 0L);
  }

  static void monitor(JedisRunner t) {
    String key = t.key("plain", "monitored");
    Jedis watcher = t.client();
    Names.later(() -> t.client().set(key, "seen"));
    watcher.monitor(new JedisMonitor() {
      @Override
      public void onCommand(String line) {
        if (line.contains("\"SET\" \"" + key + "\" \"seen\"")) client.disconnect();
      }
    });
  }

  static void hello3(JedisRunner t) {
    Jedis client = t.resp3();
    @SuppressWarnings("unchecked")
    List<Object> reply = (List<Object>) client.sendCommand(Command.HELLO, "3");
    String text = reply.stream().map(JedisConnection::text).toList().toString();
    Names.check(text.contains("proto=3") && text.contains("server=redis"), text);
  }

  private static String text(Object value) {
    if (value instanceof redis.clients.jedis.util.KeyValue<?, ?> pair) return text(pair.getKey()) + "=" + text(pair.getValue());
    return value instanceof byte[] bytes ? new String(bytes) : String.valueOf(value);
  }

  static void resp3_hash(JedisRunner t) {
    Jedis client = t.resp3();
    String key = t.key("user", "resp3hash");
    client.hset(key, Map.of("a", "1", "b", "2"));
    Names.equal(client.hgetAll(key), Map.of("a", "1", "b", "2"));
    List<?> raw = (List<?>) client.sendCommand(Command.HGETALL, key);
    Names.check(raw.size() == 2 && raw.get(0) instanceof redis.clients.jedis.util.KeyValue, "not a map: " + raw);
  }

  static void resp3_double(JedisRunner t) {
    Jedis client = t.resp3();
    String key = t.key("user", "resp3double");
    client.zadd(key, 1.5, "m");
    Names.equal(client.sendCommand(Command.ZSCORE, key, "m"), 1.5);
  }

  static void resp3_pubsub(JedisRunner t) {
    Names.equal(JedisFlow.received(t, t.resp3(), "subscribe", "resp3:news", () -> t.resp3().publish("resp3:news", "hello")), List.of("resp3:news", "hello"));
  }
}

import io.lettuce.core.KillArgs;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.ObjectOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.ProtocolKeyword;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.CacheFrontend;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The connection itself: names, ids, signing in, refusals, RESP3. */
final class LettuceConnection {
  static final ProtocolKeyword NO_SUCH_COMMAND = () -> "NOSUCHCOMMAND".getBytes();

  static CommandOutput<String, String, String> status() {
    return new StatusOutput<>(StringCodec.UTF8);
  }

  private static CommandOutput<String, String, Object> anything() {
    return new ObjectOutput<>(StringCodec.UTF8);
  }

  private static CommandArgs<String, String> words(String... words) {
    CommandArgs<String, String> made = new CommandArgs<>(StringCodec.UTF8);
    for (String word : words) made.add(word);
    return made;
  }

  static void ping(LettuceRunner t) {
    Names.equal(t.client().ping(), "PONG");
    Names.equal(t.client().echo("hello"), "hello");
  }

  static void select(LettuceRunner t) {
    RedisCommands<String, String> zero = t.client(), one = t.client(t.address().withDatabase(1));
    String key = t.key("plain", "select");
    zero.set(key, "in 0");
    one.set(key, "in 1");
    Names.equal(List.of(zero.get(key), one.get(key)), List.of("in 0", "in 1"));
    zero.select(1);
    Names.equal(zero.get(key), "in 1");
  }

  static void client_name(LettuceRunner t) {
    RedisCommands<String, String> one = t.client(t.address().withClientName("one")), two = t.client();
    two.clientSetname("two");
    Names.equal(List.of(one.clientGetname(), two.clientGetname()), List.of("one", "two"));
  }

  static void client_id_info(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String head = "id=" + client.clientId() + " ";
    Names.check(client.clientInfo().startsWith(head), "CLIENT INFO has another id");
    Names.check(("\n" + client.clientList()).contains("\n" + head), "CLIENT LIST lacks the id");
  }

  static void info(LettuceRunner t) {
    Names.check(t.client().info("server").contains("redis_version:"), "no redis_version");
  }

  static void config_get(LettuceRunner t) {
    Names.equal(List.copyOf(t.client().configGet("maxmemory-policy").keySet()), List.of("maxmemory-policy"));
  }

  static void auth_wrong(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    Names.refused("WRONGPASS", () -> client.auth("alice", "wrong"));
    Names.equal(client.ping(), "PONG");
    Names.refused("WRONGPASS", () -> t.client(t.address().withAuthentication("alice", "wrong")).ping());
  }

  static void auth_user(LettuceRunner t) {
    RedisCommands<String, String> alice = t.client(t.address().withAuthentication("alice", "secret")), anybody = t.client();
    String key = t.key("user", "alice");
    Names.equal(List.of(alice.aclWhoami(), anybody.aclWhoami()), List.of("alice", "default"));
    alice.set(key, "hers");
    Names.equal(anybody.get(key), "hers");
  }

  static void acl_refusal(LettuceRunner t) {
    RedisCommands<String, String> bob = t.client(t.address().withAuthentication("bob", "secret")), anybody = t.client();
    String key = t.key("user", "bob");
    anybody.set(key, "kept");
    Names.equal(bob.get(key), "kept");
    Names.refused("NOPERM", () -> bob.set(key, "changed"));
    Names.equal(anybody.get(key), "kept");
  }

  static void unknown_command(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    Names.refused("ERR unknown command", () -> client.dispatch(NO_SUCH_COMMAND, status(), words("x")));
    Names.equal(client.ping(), "PONG");
  }

  static void wrong_arity(LettuceRunner t) {
    Names.refused("wrong number of arguments", () -> t.client().dispatch(CommandType.GET, status()));
  }

  static void wrongtype(LettuceRunner t) {
    String key = t.key("user", "wrongtype");
    t.client().set(key, "text");
    Names.refused("WRONGTYPE", () -> t.client().lpush(key, "x"));
  }

  static void reconnect_after_kill(LettuceRunner t) throws Exception {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "reconnect");
    client.set(key, "before");
    long id = client.clientId();
    Names.equal(t.client().clientKill(KillArgs.Builder.id(id)), 1L);
    Names.until(() -> {
      try {
        return client.get(key).equals("before");
      } catch (io.lettuce.core.RedisException gone) {
        return false;
      }
    }, "the reconnection");
    Names.check(client.clientId() != id, "the old connection is still there");
  }

  static void wait_replicas(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    client.set(t.key("plain", "wait"), "x");
    Names.equal(client.waitForReplication(0, 100), 0L);
  }

  static void hello3(LettuceRunner t) {
    Map<?, ?> reply = (Map<?, ?>) t.client().dispatch(CommandType.HELLO, anything(), words("3"));
    Names.equal(List.of(reply.get("proto"), reply.get("server")), List.of(3L, "redis"));
  }

  static void resp3_hash(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "resp3hash");
    client.hset(key, Map.of("a", "1", "b", "2"));
    Names.equal(client.dispatch(CommandType.HGETALL, anything(), new CommandArgs<>(StringCodec.UTF8).addKey(key)), Map.of("a", "1", "b", "2"));
  }

  static void resp3_double(LettuceRunner t) {
    RedisCommands<String, String> client = t.client();
    String key = t.key("user", "resp3double");
    client.zadd(key, 1.5, "m");
    CommandOutput<String, String, Object> kind = new CommandOutput<>(StringCodec.UTF8, "no double") {
      @Override
      public void set(double value) {
        output = value;
      }
    };
    Names.equal(client.dispatch(CommandType.ZSCORE, kind, new CommandArgs<>(StringCodec.UTF8).addKey(key).add("m")), 1.5);
  }

  static void resp3_pubsub(LettuceRunner t) throws Exception {
    LettuceFlow.Listener listener = new LettuceFlow.Listener();
    var subscriber = t.subscriber();
    subscriber.addListener(listener);
    subscriber.sync().subscribe("resp3:news");
    subscriber.sync().set(t.key("user", "resp3pubsub"), "x");
    Names.equal(t.client().publish("resp3:news", "hello"), 1L);
    Names.equal(subscriber.sync().get(t.key("user", "resp3pubsub")), "x");
    Names.until(() -> !listener.got.isEmpty(), "the message");
    Names.equal(listener.got.get(0), List.of("resp3:news", "hello"));
  }

  static void tracking(LettuceRunner t) throws Exception {
    String key = t.key("user", "tracked");
    t.client().set(key, "before");
    Map<String, String> cache = new ConcurrentHashMap<>();
    StatefulRedisConnection<String, String> connection = t.connection(t.address());
    CacheFrontend<String, String> reader = ClientSideCaching.enable(CacheAccessor.forMap(cache), connection, TrackingArgs.Builder.enabled());
    Names.equal(reader.get(key), "before");
    Names.equal(cache.get(key), "before");
    t.client().set(key, "after");
    Names.until(() -> !cache.containsKey(key), "the invalidation");
    Names.equal(reader.get(key), "after");
  }
}

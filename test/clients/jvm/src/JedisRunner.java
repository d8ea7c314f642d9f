import java.util.List;
import java.util.Map;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;

/** Runs the scenarios with Jedis. Usage: JedisRunner HOST PORT family=name-with-%s... [only=id,id] */
final class JedisRunner extends Names {
  JedisRunner(String host, int port, Map<String, String> names) {
    super(host, port, names);
  }

  static DefaultJedisClientConfig.Builder config() {
    return DefaultJedisClientConfig.builder().socketTimeoutMillis(6000);
  }

  Jedis client() {
    return client(config());
  }

  Jedis client(DefaultJedisClientConfig.Builder settings) {
    return kept(new Jedis(new HostAndPort(host, port), settings.build()));
  }

  Jedis resp3() {
    return client(config().protocol(RedisProtocol.RESP3));
  }

  /** What Jedis has no call for: id -> reason. */
  static final Map<String, String> UNSUPPORTED =
      Map.of("tracking", "Jedis turns CLIENT TRACKING on for its own cache only, and that wants Redis 7.4 or later");

  public static void main(String[] args) {
    Runner.run(args, JedisRunner::new, UNSUPPORTED, List.of(JedisConnection.class, JedisData.class, JedisStructures.class, JedisFlow.class));
  }
}

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Runs the scenarios with Lettuce, which asks for RESP3 by itself. Usage: LettuceRunner HOST PORT family=name-with-%s... [only=id,id] */
final class LettuceRunner extends Names {
  private static final RedisClient CLIENT = RedisClient.create();

  static {
    CLIENT.setOptions(ClientOptions.builder().autoReconnect(true).build());
  }

  LettuceRunner(String host, int port, Map<String, String> names) {
    super(host, port, names);
  }

  RedisURI.Builder address() {
    return RedisURI.builder().withHost(host).withPort(port).withTimeout(Duration.ofSeconds(6));
  }

  StatefulRedisConnection<String, String> connection(RedisURI.Builder address) {
    return kept(CLIENT.connect(address.build()));
  }

  RedisCommands<String, String> client() {
    return connection(address()).sync();
  }

  RedisCommands<String, String> client(RedisURI.Builder address) {
    return connection(address).sync();
  }

  RedisCommands<byte[], byte[]> binary() {
    return kept(CLIENT.connect(ByteArrayCodec.INSTANCE, address().build())).sync();
  }

  StatefulRedisPubSubConnection<String, String> subscriber() {
    return kept(CLIENT.connectPubSub(address().build()));
  }

  /** What Lettuce has no call for: id -> reason. */
  static final Map<String, String> UNSUPPORTED = Map.of("monitor", "Lettuce has no MONITOR");

  public static void main(String[] args) {
    Runner.run(args, LettuceRunner::new, UNSUPPORTED, List.of(LettuceConnection.class, LettuceData.class, LettuceStructures.class, LettuceFlow.class));
  }
}

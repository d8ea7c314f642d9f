import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

/** What every scenario of both libraries gets: names of keys in the app's view, checks and waiting. */
abstract class Names implements AutoCloseable {
  static final List<String> FAMILIES = List.of("user", "sess", "cart", "plain");
  final String host;
  final int port;
  final Map<String, String> names;
  final List<AutoCloseable> opened = new ArrayList<>();

  Names(String host, int port, Map<String, String> names) {
    this.host = host;
    this.port = port;
    this.names = names;
  }

  interface Call {
    void run() throws Exception;
  }

  String key(String family, Object name) {
    return names.get(family).replace("%s", name.toString());
  }

  List<String> keys(String family, String prefix, int count) {
    return IntStream.range(0, count).mapToObj(n -> key(family, prefix + n)).sorted().toList();
  }

  <T extends AutoCloseable> T kept(T client) {
    synchronized (opened) {
      opened.add(client);
    }
    return client;
  }

  /** Runs a call of another client a little later, while this one blocks. */
  static void later(Call call) {
    Thread thread = new Thread(() -> {
      try {
        Thread.sleep(150);
        call.run();
      } catch (Exception ignored) {
        // the scenario fails by not being woken
      }
    });
    thread.setDaemon(true);
    thread.start();
  }

  static void equal(Object got, Object want) {
    boolean same = got instanceof byte[] bytes ? Arrays.equals(bytes, (byte[]) want) : Objects.equals(got, want);
    if (!same) throw new AssertionError(("got " + got + ", wanted " + want).substring(0, Math.min(400, ("got " + got + ", wanted " + want).length())));
  }

  static void check(boolean condition, String text) {
    if (!condition) throw new AssertionError(text);
  }

  static void refused(String word, Call call) {
    try {
      call.run();
    } catch (Exception error) {
      for (Throwable at = error; at != null; at = at.getCause()) {
        if (String.valueOf(at.getMessage()).contains(word)) return;
      }
      throw new AssertionError("wanted " + word + ", got " + error);
    }
    throw new AssertionError("wanted an error with " + word);
  }

  static void until(Callable<Boolean> condition, String text) throws Exception {
    for (long end = System.nanoTime() + 5_000_000_000L; !condition.call(); Thread.sleep(10)) {
      check(System.nanoTime() < end, "not within the time: " + text);
    }
  }

  static List<Object> list(Object... values) {
    return Arrays.asList(values);
  }

  static byte[] everyByte() {
    byte[] every = new byte[256];
    for (int n = 0; n < 256; n++) every[n] = (byte) n;
    return every;
  }

  /** The name of the family user with every byte in the place of its capture. */
  byte[] binaryKey() {
    String[] around = names.get("user").split("%s", -1);
    byte[] before = around[0].getBytes(), after = around[1].getBytes();
    byte[] key = Arrays.copyOf(before, before.length + 256 + after.length);
    System.arraycopy(everyByte(), 0, key, before.length, 256);
    System.arraycopy(after, 0, key, before.length + 256, after.length);
    return key;
  }

  @Override
  public void close() {
    synchronized (opened) {
      for (AutoCloseable client : opened) {
        try {
          client.close();
        } catch (Exception ignored) {
          // closed by the scenario or by the server
        }
      }
    }
  }
}

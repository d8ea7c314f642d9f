import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Runs every static method of the given classes that takes the context; the method's name is the scenario's id. */
final class Runner {
  interface Open {
    Names context(String host, int port, Map<String, String> names);
  }

  private Runner() {}

  static void run(String[] args, Open open, Map<String, String> unsupported, List<Class<?>> parts) {
    Map<String, String> names = new HashMap<>();
    for (int n = 2; n < args.length; n++) names.put(args[n].split("=", 2)[0], args[n].split("=", 2)[1]);
    List<String> only = names.containsKey("only") ? List.of(names.get("only").split(",")) : List.of();
    ExecutorService threads = Executors.newCachedThreadPool(task -> {
      Thread thread = new Thread(task);
      thread.setDaemon(true);
      return thread;
    });
    for (Class<?> part : parts) {
      for (Method method : part.getDeclaredMethods()) {
        boolean scenario = method.getParameterCount() == 1 && Names.class.isAssignableFrom(method.getParameterTypes()[0]) && !method.isSynthetic();
        if (!scenario || !(only.isEmpty() || only.contains(method.getName()))) continue;
        System.out.println(method.getName() + attempt(threads, method, open.context(args[0], Integer.parseInt(args[1]), names)));
      }
    }
    unsupported.forEach((id, reason) -> {
      if (only.isEmpty() || only.contains(id)) System.out.println(id + " unsupported: " + reason);
    });
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static String attempt(ExecutorService threads, Method method, Names context) {
    method.setAccessible(true);
    try (context) {
      threads.submit(() -> method.invoke(null, context)).get(8, TimeUnit.SECONDS);
      return " pass";
    } catch (ExecutionException wrapped) {
      Throwable error = wrapped.getCause() instanceof InvocationTargetException inner ? inner.getCause() : wrapped.getCause();
      return " fail: " + error.toString().replaceAll("\\s+", " ");
    } catch (Exception error) {
      return " fail: no end after 8 s";
    }
  }
}

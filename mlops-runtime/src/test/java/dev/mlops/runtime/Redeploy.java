package dev.mlops.runtime;

import java.io.File;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Does as an application server: deploys {@link DeployedService} twice, each time in a class loader
 * of its own, on a worker thread that outlives it, and looks what is left of it. Run in a JVM of
 * its own that opens {@code java.lang} to it.
 *
 * <p>Arguments: the folder of a store that holds {@link TwinModel}'s versions, and where ONNX
 * Runtime is: {@code shared}, in a class loader above the service's, or {@code inside} it.
 */
final class Redeploy {
  private Redeploy() {}

  public static void main(String[] args) throws Exception {
    ClassLoader above = ClassLoader.getPlatformClassLoader();
    if (args[1].equals("shared")) {
      above = new URLClassLoader("shared", urls(true), above);
    }
    for (int deployment = 1; deployment <= 2; deployment++) {
      ReferenceQueue<ClassLoader> gone = new ReferenceQueue<>();
      Deployment deployed =
          deploy("service-" + deployment, above, args[1].equals("shared"), args[0], gone);
      System.out.println("deployment " + deployment + ": " + deployed.answer);
      System.out.println("  held by " + holders(deployed.loader));
      displace(deployment);
      boolean collected = collected(gone);
      System.out.println("  collected " + collected);
      if (!collected) {
        hooks(deployed.loader).forEach(hook -> Runtime.getRuntime().removeShutdownHook(hook));
        System.out.println("  collected without the hooks " + collected(gone));
      }
    }
  }

  /** What a deployment answered, and its class loader as long as anything holds it. */
  private record Deployment(String answer, WeakReference<ClassLoader> loader) {}

  private static Deployment deploy(
      String name,
      ClassLoader above,
      boolean shared,
      String folder,
      ReferenceQueue<ClassLoader> gone)
      throws Exception {
    URLClassLoader own = new URLClassLoader(name, shared ? urls(false) : both(), above);
    Thread worker = Thread.currentThread();
    ClassLoader before = worker.getContextClassLoader();
    worker.setContextClassLoader(own);
    String answer;
    try {
      answer = serve(own, folder);
    } finally {
      worker.setContextClassLoader(before);
    }
    own.close();
    return new Deployment(answer, new WeakReference<>(own, gone));
  }

  private static String serve(ClassLoader own, String folder) throws Exception {
    Callable<?> service =
        Class.forName(DeployedService.class.getName(), true, own)
            .asSubclass(Callable.class)
            .getConstructor(String.class)
            .newInstance(folder);
    return String.valueOf(service.call());
  }

  /* Until 19 the JDK keeps the class of the record whose equals was linked last (JDK-8078641); it is
   * one, whoever's it is, so a record of the container's own takes its place. */
  private static void displace(int deployment) {
    boolean ignored =
        deployment == 1
            ? new First("a").equals(new First("b"))
            : new Second("a").equals(new Second("b"));
  }

  private record First(String text) {}

  private record Second(String text) {}

  /** Collects garbage until the loader is gone, but not for ever. */
  private static boolean collected(ReferenceQueue<ClassLoader> gone) throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      System.gc();
      if (gone.remove(50) != null) {
        return true;
      }
    }
    return false;
  }

  // ---------------------------------------------------------------- what holds a loader

  /** Threads, thread-locals of the worker, and shutdown hooks that lead to a class loader. */
  private static Set<String> holders(WeakReference<ClassLoader> reference) throws Exception {
    Set<String> holders = new TreeSet<>();
    // a thread that was told to end does so in its own time
    for (int i = 0; i < 1_000 && threads(reference, holders); i++) {
      holders.clear();
      new ReferenceQueue<>().remove(20);
    }
    for (Object local : threadLocals()) {
      if (leads(local, reference)) {
        holders.add("thread-local " + local.getClass().getName());
      }
    }
    for (Thread hook : hooks(reference)) {
      holders.add("shutdown hook " + target(hook).getClass().getName());
    }
    return holders;
  }

  private static boolean threads(WeakReference<ClassLoader> reference, Set<String> holders) {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("mlops")
          || thread.getContextClassLoader() == reference.get()) {
        holders.add("thread " + thread.getName());
      }
    }
    return !holders.isEmpty();
  }

  /** Keys and values of the worker's thread-locals, and what a reference among them refers to. */
  private static List<Object> threadLocals() throws ReflectiveOperationException {
    List<Object> found = new ArrayList<>();
    Object map = field(Thread.class, "threadLocals").get(Thread.currentThread());
    if (map != null) {
      Object table = field(map.getClass(), "table").get(map);
      for (int i = 0; i < Array.getLength(table); i++) {
        Object entry = Array.get(table, i);
        if (entry != null) {
          add(found, ((Reference<?>) entry).get());
          add(found, field(entry.getClass(), "value").get(entry));
        }
      }
    }
    return found;
  }

  private static void add(List<Object> found, @Nullable Object each) {
    if (each != null) {
      found.add(each);
      if (each instanceof Reference<?> reference && reference.get() != null) {
        found.add(reference.get());
      }
    }
  }

  private static boolean leads(Object object, WeakReference<ClassLoader> reference) {
    return object.getClass().getClassLoader() == reference.get();
  }

  private static List<Thread> hooks(WeakReference<ClassLoader> reference) throws Exception {
    Field hooks = field(Class.forName("java.lang.ApplicationShutdownHooks"), "hooks");
    List<Thread> found = new ArrayList<>();
    for (Object hook : ((Map<?, ?>) hooks.get(null)).keySet()) {
      Thread thread = (Thread) hook;
      if (leads(target(thread), reference)
          || thread.getContextClassLoader() == reference.get()
          || inherits(thread, reference)) {
        found.add(thread);
      }
    }
    return found;
  }

  /** Whether it keeps a protection domain of the loader; since 24 there are none. */
  private static boolean inherits(Thread thread, WeakReference<ClassLoader> reference)
      throws ReflectiveOperationException {
    Object context;
    try {
      context = field(Thread.class, "inheritedAccessControlContext").get(thread);
    } catch (NoSuchFieldException e) {
      return false;
    }
    Object domains = context == null ? null : field(context.getClass(), "context").get(context);
    for (int i = 0; domains != null && i < Array.getLength(domains); i++) {
      ProtectionDomain domain = (ProtectionDomain) Array.get(domains, i);
      if (domain.getClassLoader() == reference.get()) {
        return true;
      }
    }
    return false;
  }

  private static Object target(Thread thread) throws ReflectiveOperationException {
    Object holder = thread;
    Field target;
    try {
      target = field(Thread.class, "target");
    } catch (NoSuchFieldException e) { // since 19
      holder = field(Thread.class, "holder").get(thread);
      target = field(holder.getClass(), "task");
    }
    Object task = target.get(holder);
    return task == null ? thread : task;
  }

  private static Field field(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  // ---------------------------------------------------------------- class paths

  private static URL[] urls(boolean onnxRuntime) throws MalformedURLException {
    return Arrays.stream(both())
        .filter(url -> url.getPath().contains("/onnxruntime-") == onnxRuntime)
        .toArray(URL[]::new);
  }

  private static URL[] both() throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : List.of(System.getProperty("java.class.path").split(File.pathSeparator))) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }
}

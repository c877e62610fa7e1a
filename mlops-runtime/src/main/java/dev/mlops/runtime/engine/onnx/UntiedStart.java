package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;

/**
 * Starts ONNX Runtime so that nothing it keeps leads to us, where it lies in a class loader above
 * ours and outlives us.
 *
 * <p>It registers a shutdown hook as it starts. Until 23 a JDK's thread keeps the protection
 * domains, and so the class loaders, of all code on the stack that makes it, and those its maker
 * had kept: ours and our callers', for ever. So the hook is made by a thread that was made by a
 * thread of the JDK's own, and none of the three runs code of ours: only handles of methods.
 */
final class UntiedStart {
  private UntiedStart() {}

  /** Creates the environment. */
  static Callable<OrtEnvironment> environment() {
    try {
      return callable(
          MethodHandles.publicLookup()
              .findStatic(
                  OrtEnvironment.class,
                  "getEnvironment",
                  MethodType.methodType(OrtEnvironment.class)));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** A thread for a task, not started. */
  static Thread thread(Runnable task, String name, long stackBytes) {
    ForkJoinPool maker = new ForkJoinPool(1); // its threads keep nothing of who asks for them
    try {
      MethodHandle constructor =
          MethodHandles.publicLookup()
              .findConstructor(
                  Thread.class,
                  MethodType.methodType(
                      void.class,
                      ThreadGroup.class,
                      Runnable.class,
                      String.class,
                      long.class,
                      boolean.class));
      Callable<Thread> make =
          callable(
              MethodHandles.insertArguments(constructor, 0, null, task, name, stackBytes, false));
      return maker.submit(make).join();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    } finally {
      maker.shutdown();
    }
  }

  @SuppressWarnings("unchecked") // a handle's type is what is asked of it
  private static <T> Callable<T> callable(MethodHandle handle) {
    return MethodHandleProxies.asInterfaceInstance(Callable.class, handle);
  }
}

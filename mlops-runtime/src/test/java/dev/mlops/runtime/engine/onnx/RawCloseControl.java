package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * What this library exists to prevent: a session of ONNX Runtime is closed while two threads run
 * it. Started in a JVM of its own, which it should end; it says how far it came.
 *
 * <p>Arguments: a model with one float input {@code x [batch, n]}, n, and the number of rounds.
 * Each round opens a session, waits until both threads have run it once, and closes it under them.
 */
public final class RawCloseControl {
  private RawCloseControl() {}

  /** Closes sessions under load until the JVM is gone or the rounds are over. */
  public static void main(String[] args) throws Exception {
    int columns = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (int round = 1; round <= rounds; round++) {
      OrtSession session = environment.createSession(args[0]);
      CountDownLatch running = new CountDownLatch(2);
      Thread[] callers = new Thread[2];
      for (int i = 0; i < callers.length; i++) {
        callers[i] = new Thread(() -> call(environment, session, columns, running));
        callers[i].start();
      }
      running.await();
      System.out.println("round " + round + ": closing a session that two threads run");
      session.close();
      for (Thread caller : callers) {
        caller.join();
      }
    }
    System.out.println("survived " + rounds + " rounds");
  }

  private static void call(
      OrtEnvironment environment, OrtSession session, int columns, CountDownLatch running) {
    try (OnnxTensor x = OnnxTensor.createTensor(environment, new float[8][columns])) {
      while (true) {
        session.run(Map.of("x", x)).close();
        running.countDown();
      }
    } catch (IllegalStateException | OrtException e) {
      running.countDown(); // closed between two runs, where it does no harm
    }
  }
}

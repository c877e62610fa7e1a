package dev.mlops.samples.operations;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.model.MlopsException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Two threads that ask the model, about a thousand times a second each. */
final class Load {
  private static final long PACE_NANOS = 1_000_000;

  private final ModelHandle<Storm, Forecast> storms;
  private final Answers answers;
  private final Timeline timeline;
  private final ExecutorService threads;
  private final List<Future<?>> callers;
  private volatile boolean enough;

  private Load(ModelHandle<Storm, Forecast> storms, Answers answers, Timeline timeline) {
    this.storms = storms;
    this.answers = answers;
    this.timeline = timeline;
    this.threads = Executors.newFixedThreadPool(2, Load::daemon);
    this.callers =
        Stream.<Runnable>of(this::call, this::call).<Future<?>>map(threads::submit).toList();
  }

  private static Thread daemon(Runnable task) {
    Thread caller = new Thread(task, "caller");
    caller.setDaemon(true);
    return caller;
  }

  static Load on(ModelHandle<Storm, Forecast> storms, Answers answers, Timeline timeline) {
    return new Load(storms, answers, timeline);
  }

  private void call() {
    while (!enough) {
      // region turned-away
      try {
        Prediction<Forecast> forecast = storms.predict(Storm.SEPTEMBER);
        answers.answered(forecast.version().toString(), 1);
      } catch (OverloadedException e) { // the service closes; another instance may answer
        timeline.add("caller", "is turned away: " + e.getMessage());
        return;
      } catch (MlopsException e) {
        answers.missed();
      }
      // endregion
      LockSupport.parkNanos(PACE_NANOS);
    }
  }

  /** Calls no more. */
  void stop() throws Exception {
    enough = true;
    awaitEnd();
  }

  /** Waits until both are turned away. */
  void awaitEnd() throws Exception {
    for (Future<?> caller : callers) {
      caller.get(); // throws what no caller should see
    }
    threads.shutdown();
  }
}

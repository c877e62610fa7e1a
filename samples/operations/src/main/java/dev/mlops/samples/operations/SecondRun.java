package dev.mlops.samples.operations;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.Prediction;
import dev.mlops.observe.LifecycleEvent.Swapped;
import dev.mlops.runtime.ModelRuntime;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The service after its restart: still rolled back, until a person says otherwise. */
record SecondRun(
    ModelRuntime runtime, Answers answers, Timeline timeline, Counted counted, long pause) {
  private static final int BATCH = 300_000;

  void tell() throws Exception {
    ModelHandle<Storm, Forecast> storms =
        runtime.model("storms@champion", Storm.class, Forecast.class);
    Load load = Load.on(storms, answers, timeline);
    staysBack();
    clears();
    leases(storms);
    shutsDown(storms, load);
  }

  private void staysBack() throws Exception {
    timeline.until(Swapped.class);
    String problem = runtime.health().routes().get(0).problem().orElse("none");
    timeline.tell("health", problem);
    answers.awaitMore(pause);
  }

  private void clears() throws Exception {
    timeline.tell("anna", "found the fault elsewhere, and ends the rollback");
    runtime.clearOverride("storms@champion");
    timeline.until(Swapped.class);
    answers.awaitMore(pause);
  }

  private void leases(ModelHandle<Storm, Forecast> storms) throws Exception {
    timeline.tell("bob", "leases " + storms.version().number() + ", then overrides it");
    // region lease
    try (ModelLease<Storm, Forecast> lease = storms.lease(Duration.ofSeconds(30))) {
      Prediction<Forecast> first = lease.predict(Storm.SEPTEMBER);
      runtime.override("storms@champion", "1.0.0", "to compare");
      Prediction<Forecast> second = lease.predict(Storm.SEPTEMBER); // of the same version still
      leased(first, second);
    }
    // endregion
    answers.awaitMore(pause);
  }

  private void leased(Prediction<Forecast> first, Prediction<Forecast> second) throws Exception {
    answers.answered(first.version().toString(), 1);
    answers.answered(second.version().toString(), 1);
    timeline.until(Swapped.class);
    timeline.tell("lease", "is answered by " + second.version().number() + " as before");
  }

  private void shutsDown(ModelHandle<Storm, Forecast> storms, Load load) throws Exception {
    CompletableFuture<List<Prediction<Forecast>>> batch =
        CompletableFuture.supplyAsync(
            () -> storms.predictAll(Collections.nCopies(BATCH, Storm.SEPTEMBER)));
    counted.awaitBatch();
    timeline.tell("anna", "shuts down; a batch of %,d storms runs".formatted(BATCH));
    // region shutdown
    runtime.close(Duration.ofSeconds(10)); // for calls and batches that run
    // endregion
    load.awaitEnd();
    timeline.tell("anna", "has nothing left to wait for");
    List<Prediction<Forecast>> all = batch.get();
    answers.answered(all.get(0).version().toString(), all.size());
    timeline.tell("batch", "had all its %,d answers".formatted(all.size()));
  }
}

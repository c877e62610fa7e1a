package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.runtime.onnx.OnnxSamples;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Loads and runs that fail at each native thing they open, in turn: all that was opened is closed.
 */
final class NativeFaultsTest {
  @TempDir Path folder;

  /** Remembers what was opened and fails at one of them. */
  private static final class Fault implements Consumer<AutoCloseable> {
    final List<AutoCloseable> opened = new ArrayList<>();
    private final int at;
    private final Supplier<Throwable> failure;
    private boolean met;
    private boolean over;

    Fault(int at, Supplier<Throwable> failure) {
      this.at = at;
      this.failure = failure;
    }

    @Override
    public void accept(AutoCloseable thing) {
      if (thing instanceof Natives) {
        return;
      }
      opened.add(thing);
      if (opened.size() == at && !over) {
        met = true;
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) thrown;
      }
    }

    /** By ONNX Runtime's own word. */
    List<AutoCloseable> open() {
      return opened.stream().filter(thing -> !isClosed(thing)).toList();
    }
  }

  private static boolean isClosed(AutoCloseable thing) {
    if (thing instanceof OnnxValue value) {
      return value.isClosed();
    }
    try {
      if (thing instanceof OrtSession session) {
        session.run(Map.of(), Set.of("none"));
      } else if (thing instanceof OrtSession.Result result) {
        result.size();
        return result.get(0).isClosed();
      } else if (thing instanceof OrtSession.RunOptions options) {
        options.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      } else {
        ((OrtSession.SessionOptions) thing)
            .setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      }
      return false;
    } catch (IllegalStateException e) {
      return true;
    } catch (Exception e) {
      return false;
    }
  }

  private static Stream<Arguments> faults() {
    List<Named<Supplier<Throwable>>> failures =
        List.of(
            Named.of("exception", () -> new IllegalStateException("injected")),
            Named.of("end of the stack", () -> new StackOverflowError("injected")),
            Named.of("no memory", () -> new OutOfMemoryError("injected")));
    return Stream.of(
            Named.of("maps", OnnxSamples.zipMap()),
            Named.of("texts", OnnxSamples.applicants()),
            Named.of("a state and a scalar", OnnxSamples.voice()),
            Named.of("a text for each row", OnnxSamples.letters()))
        .flatMap(model -> failures.stream().map(failure -> Arguments.of(model, failure)));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void loadAndRun_failingAtEachThingOpened_leaveNothingOpenAndTheSlotUsable(
      byte[] model, Supplier<Throwable> failure) {
    TestVersion version = TestVersion.of(folder, model);
    boolean met = true;
    for (int at = 1; met; at++) {
      Fault fault = new Fault(at, failure);
      OnnxSession session = null;
      try {
        session =
            OnnxSession.open(
                OrtEnvironment.getEnvironment(),
                OrtEnvironment.getEnvironment()::createSession,
                ModelFiles.of(version),
                2,
                new Natives("faults", fault));
        use(session.slot(1), version);
      } catch (IllegalStateException | StackOverflowError | OutOfMemoryError e) {
        assertThat(e).hasMessage("injected");
        assertThat(e.getSuppressed()).isEmpty();
      }
      fault.over = true;
      met = fault.met;
      if (session == null) {
        assertThat(fault.open()).as("after a load that failed at %d", at).isEmpty();
      } else {
        use(session.slot(1), version); // whatever failed before
        session.close();
        assertThat(fault.open()).as("after the close, failed at %d", at).isEmpty();
      }
    }
  }

  @Test
  void run_onlyOutputsOfAKnownShape_opensNothing() {
    ModelSchema scoresOnly =
        ModelSchema.builder()
            .input("pixels", ElementType.INT64, Shape.perRow(16))
            .output("scores", ElementType.FLOAT, Shape.perRow(26))
            .build();
    TestVersion version = TestVersion.of(folder, OnnxSamples.letters(), scoresOnly);
    Fault watch = new Fault(-1, () -> new IllegalStateException("injected"));
    try (OnnxSession session =
        OnnxSession.open(
            OrtEnvironment.getEnvironment(),
            OrtEnvironment.getEnvironment()::createSession,
            ModelFiles.of(version),
            1,
            new Natives("watched", watch))) {
      Slot slot = session.slot(0);
      slot.input(0, 1);
      int before = watch.opened.size();
      slot.run(1);
      assertThat(watch.opened).hasSize(before);
    }
    assertThat(watch.open()).isEmpty();
  }

  /** Single rows, more row counts than are kept, more rows than there is memory for. */
  private static void use(Slot slot, TestVersion version) {
    for (int rows : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1_500}) {
      List<TensorSpec> inputs = version.schema().inputs();
      for (int i = 0; i < inputs.size(); i++) {
        Tensor tensor = slot.input(i, rows);
        if (inputs.get(i).type() == ElementType.TEXT) {
          Arrays.fill(tensor.texts(), "yes");
        }
      }
      slot.run(rows);
      for (int i = 0; i < version.schema().outputs().size(); i++) {
        assertThat(slot.output(i).shape()).isNotNull();
      }
    }
  }
}

package dev.mlops.benchmarks;

import dev.mlops.drift.DriftMonitor;
import dev.mlops.drift.Window;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.runtime.ModelRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One prediction, and a batch of 64, four ways: see {@code benchmarks/README.md}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PredictBenchmark {
  /** Rows in turn, each thread from a place of its own. */
  public abstract static class Turn {
    private static final AtomicInteger THREADS = new AtomicInteger();

    private int at = THREADS.getAndIncrement() * 1000;

    final int next() {
      return at++ & (Subject.ROWS - 1);
    }

    final int nextBatch() {
      return at++ & (Subject.ROWS / Subject.BATCH - 1);
    }
  }

  static <T> List<List<T>> batches(List<T> all) {
    List<List<T>> batches = new ArrayList<>();
    for (int from = 0; from < all.size(); from += Subject.BATCH) {
      batches.add(List.copyOf(all.subList(from, from + Subject.BATCH)));
    }
    return batches;
  }

  @SuppressWarnings("unchecked") // the subject's own records go into it
  static Subject<Object> subject(String model) {
    return (Subject<Object>) Subject.of(model);
  }

  /** The bare engine with its defaults: one session for all threads. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the setup first
  public static class TypicalState {
    @Param({"logistic", "forest", "network", "columns"})
    String model;

    List<Object> records;
    List<List<Object>> batches;
    ByHand<Object> typical;

    /** Opens. */
    @Setup
    public void open() {
      Subject<Object> subject = subject(model);
      records = subject.records;
      batches = batches(records);
      typical = subject.typical();
    }

    /** Closes. */
    @TearDown
    public void close() {
      typical.close();
    }
  }

  /** The bare engine tuned by hand: a session a thread. */
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // JMH calls the setup first
  public static class TunedState extends Turn {
    @Param({"logistic", "forest", "network", "columns"})
    String model;

    List<Object> records;
    List<List<Object>> batches;
    ByHand<Object> tuned;

    /** Opens. */
    @Setup
    public void open() {
      Subject<Object> subject = subject(model);
      records = subject.records;
      batches = batches(records);
      tuned = subject.tuned();
    }

    /** Closes. */
    @TearDown
    public void close() {
      tuned.close();
    }
  }

  /** Our handle by record. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the setup first
  public static class RecordState {
    @Param({"logistic", "forest", "network", "columns"})
    String model;

    List<Object> records;
    List<List<Object>> batches;
    ModelRuntime runtime;
    ModelHandle<Object, Forecast> handle;

    /** Opens. */
    @Setup
    public void open() {
      Subject<Object> subject = subject(model);
      records = subject.records;
      batches = batches(records);
      runtime = subject.runtime(Engines.of(Engines.ONNX_RUNTIME));
      handle = subject.handle(runtime, subject.type);
      handle.predictAll(batches.get(0));
    }

    /** Closes. */
    @TearDown
    public void close() {
      runtime.close();
    }
  }

  /** Our handle by record, its predictions counted for drift. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the setup first
  public static class RecordedState {
    @Param({"logistic", "forest", "network", "columns"})
    String model;

    List<Object> records;
    DriftMonitor drift;
    ModelRuntime runtime;
    ModelHandle<Object, Forecast> handle;

    /** Opens. */
    @Setup
    public void open() {
      Subject<Object> subject = subject(model);
      records = subject.records;
      drift = DriftMonitor.builder().window(Window.rows(100_000)).build();
      runtime = subject.recorded(drift, Engines.of(Engines.ONNX_RUNTIME));
      handle = subject.handle(runtime, subject.type);
    }

    /** Closes. */
    @TearDown
    public void close() {
      runtime.close();
      drift.close();
    }
  }

  /** Our handle by column names. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the setup first
  public static class RowState {
    @Param({"logistic", "forest", "network", "columns"})
    String model;

    /** Rows in turn: thousands of maps lie in no cache; one that was just made, as 32, does. */
    @Param("4096")
    int rowsInTurn;

    List<Map<String, @Nullable Object>> maps;
    List<Row> rows;
    List<List<Row>> batches;
    ModelRuntime runtime;
    ModelHandle<Row, Forecast> handle;

    /** Opens. */
    @Setup
    public void open() {
      Subject<Object> subject = subject(model);
      maps = subject.maps;
      rows = subject.rows();
      batches = batches(rows);
      runtime = subject.runtime(Engines.of(Engines.ONNX_RUNTIME));
      handle = subject.handle(runtime, Row.class);
      handle.predictAll(batches.get(0));
    }

    /** Closes. */
    @TearDown
    public void close() {
      runtime.close();
    }
  }

  /** Where a thread is, for states that all threads share. */
  @State(Scope.Thread)
  public static class Place extends Turn {}

  /** {@code createTensor(float[][])}, {@code run}, {@code getValue}. */
  @Benchmark
  public Object typical(TypicalState state, Place place) {
    return state.typical.predict(state.records.get(place.next()));
  }

  /** The same answers by reused, pinned buffers. */
  @Benchmark
  public Object tuned(TunedState state) {
    return state.tuned.predict(state.records.get(state.next()));
  }

  /** Our handle, by record. */
  @Benchmark
  public Prediction<Forecast> record(RecordState state, Place place) {
    return state.handle.predict(state.records.get(place.next()));
  }

  /** The same, and the values are counted for drift. */
  @Benchmark
  public Prediction<Forecast> recorded(RecordedState state, Place place) {
    return state.handle.predict(state.records.get(place.next()));
  }

  /** Our handle, by a row that is there. */
  @Benchmark
  public Prediction<Forecast> row(RowState state, Place place) {
    return state.handle.predict(state.rows.get(place.next() & (state.rowsInTurn - 1)));
  }

  /** Our handle, by a row that is made of a map first. */
  @Benchmark
  public Prediction<Forecast> rowOfMap(RowState state, Place place) {
    return state.handle.predict(Row.of(state.maps.get(place.next() & (state.rowsInTurn - 1))));
  }

  /** 64 at once. */
  @Benchmark
  public List<Forecast> typical64(TypicalState state, Place place) {
    return state.typical.predictAll(state.batches.get(place.nextBatch()));
  }

  /** 64 at once. */
  @Benchmark
  public List<Forecast> tuned64(TunedState state) {
    return state.tuned.predictAll(state.batches.get(state.nextBatch()));
  }

  /** 64 at once. */
  @Benchmark
  public List<Prediction<Forecast>> record64(RecordState state, Place place) {
    return state.handle.predictAll(state.batches.get(place.nextBatch()));
  }

  /** 64 at once. */
  @Benchmark
  public List<Prediction<Forecast>> row64(RowState state, Place place) {
    return state.handle.predictAll(state.batches.get(place.nextBatch()));
  }
}

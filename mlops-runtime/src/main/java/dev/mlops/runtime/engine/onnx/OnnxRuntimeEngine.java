package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Runs ONNX models on ONNX Runtime, version 1.24.1 to 1.28.x, on the CPU. Later versions report to
 * their vendor by default and are refused unless {@code ORT_DISABLE_TELEMETRY=1} stands in the
 * JVM's environment or the builder allows it.
 *
 * <p>Without ONNX Runtime on the class path the engine can be made and asked, and declines every
 * version with the dependency to add.
 *
 * <p>ONNX Runtime has one environment in a process. The engine takes the one that is there, or
 * makes it at the first load with ONNX Runtime's defaults. A library that insists on making it
 * itself, as DJL's engine for ONNX Runtime does, has to start first.
 *
 * <p>A run that is cancelled ends between two of the model's operators; one operator that takes
 * long goes on to its end.
 *
 * <p>A model runs on the thread that calls it: no threads of its own, no spinning. Text with U+0000
 * or characters beyond U+FFFF is refused as invalid input, since ONNX Runtime's Java interface
 * garbles it; a model's own such labels come out garbled. Safe for all threads.
 */
public final class OnnxRuntimeEngine implements Engine {
  private final OnnxRuntimeLibrary library;

  private OnnxRuntimeEngine(boolean telemetrySettled) {
    this.library = new OnnxRuntimeLibrary(telemetrySettled);
  }

  /** The engine with its defaults. */
  public static OnnxRuntimeEngine create() {
    return builder().build();
  }

  /** Starts an engine that differs from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects what differs from the defaults. */
  public static final class Builder {
    private boolean telemetry;

    private Builder() {}

    /**
     * Agrees that ONNX Runtime 1.29 or later may report to its vendor. It does so by itself; this
     * only lets such a version be used.
     */
    public Builder allowTelemetry() {
      telemetry = true;
      return this;
    }

    /** The engine. Nothing native is loaded before the first model is. */
    public OnnxRuntimeEngine build() {
      return new OnnxRuntimeEngine(telemetry || "1".equals(System.getenv("ORT_DISABLE_TELEMETRY")));
    }
  }

  @Override
  public String name() {
    return "onnxruntime";
  }

  @Override
  public Set<String> formats() {
    return Set.of("onnx");
  }

  @Override
  public Optional<String> declines(StoredVersion version) {
    return ModelFiles.otherFormat(version).or(library::problem).or(() -> unsupported(version));
  }

  /** What the contracts can say and this engine does not do yet. */
  private static Optional<String> unsupported(StoredVersion version) {
    ModelSchema schema = version.schema();
    List<TensorSpec> tensors = new ArrayList<>(schema.inputs());
    tensors.addAll(schema.outputs());
    for (TensorSpec tensor : tensors) {
      if (tensor.type() == ElementType.FLOAT16) {
        return Optional.of(
            version.version()
                + ": tensor '"
                + tensor.name()
                + "' is FLOAT16, which is not supported yet; export the model with a Cast to float");
      }
    }
    for (TensorSpec tensor : schema.inputs()) {
      if (tensor.shape().dims().contains(Shape.ANY)) {
        return Optional.of(
            version.version()
                + ": input '"
                + tensor.name()
                + "' is "
                + tensor.shape()
                + ", and inputs whose length differs from call to call are not supported yet; give"
                + " every axis but the rows a fixed length");
      }
    }
    return Optional.empty();
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    return ModelFiles.of(version).describe();
  }

  @Override
  public long memory(StoredVersion version, int slots) {
    return MemoryEstimate.of(ModelFiles.of(version), slots);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    if (slots < 1) {
      throw new IllegalArgumentException("slots was " + slots + " but must be at least 1");
    }
    Optional<String> declined = declines(version);
    if (declined.isPresent()) {
      throw new ModelFailedException(declined.get(), null);
    }
    ModelFiles files = ModelFiles.of(version);
    files.check();
    return OnnxSession.open(library.environment(), files, slots);
  }
}

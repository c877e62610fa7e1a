package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.MapInfo;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.ModelFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A version in ONNX Runtime: for a small model a native session a slot, else one for all. */
final class OnnxSession implements EngineSession {
  /*
   * Two threads on one native session are slower together than one alone (419,000 calls a second
   * become 285,000), with one each they are twice as fast (805,000): what they fight for is a few
   * microseconds a call, which only short runs notice. A session costs the resident memory of its
   * weights about 1.5 times for networks (2.2 MB of file: 3.3 MiB) and 6 times for forests (0.13
   * MB: 0.73 MiB, 24 MB: 163 MiB), and its time to load, once a slot. At 4 MB that is at most some
   * 25 MiB and 50 ms a slot, and a network of that size runs for a tenth of a millisecond.
   */
  private static final long LARGEST_FOR_EACH_SLOT = 4L << 20;

  /** Opens one native session. */
  interface Opener {
    OrtSession open(String path, SessionOptions options) throws OrtException;
  }

  private final List<OnnxSlot> slots;
  private final Natives natives;

  private OnnxSession(List<OnnxSlot> slots, Natives natives) {
    this.slots = slots;
    this.natives = natives;
  }

  static OnnxSession open(OrtEnvironment environment, ModelFiles files, int slots) {
    return open(environment, environment::createSession, files, slots);
  }

  static OnnxSession open(OrtEnvironment environment, Opener opener, ModelFiles files, int slots) {
    return open(environment, opener, files, slots, new Natives(files.label()));
  }

  /**
   * Opens a version.
   *
   * @param natives none yet; closed by the session, or by a failure to open it
   */
  static OnnxSession open(
      OrtEnvironment environment, Opener opener, ModelFiles files, int slots, Natives natives) {
    String label = files.label();
    try {
      SessionOptions options = natives.add(new SessionOptions());
      set(options);
      int sessions = sessions(files, slots);
      List<OrtSession> opened = new ArrayList<>();
      for (int i = 0; i < sessions; i++) {
        // by its path, since weights in other files are found beside it
        opened.add(natives.add(opener.open(files.file().toString(), options)));
      }
      List<Port> inputs = inputs(files, opened.get(0));
      List<Port> outputs = outputs(files, opened.get(0));
      List<OnnxSlot> made = new ArrayList<>();
      for (int i = 0; i < slots; i++) {
        OrtSession session = opened.get(Math.min(i, sessions - 1));
        made.add(new OnnxSlot(environment, session, label, inputs, outputs, natives.child()));
      }
      return new OnnxSession(List.copyOf(made), natives);
    } catch (OrtException e) {
      ModelFailedException failure = Failures.of(label + " could not be loaded", e, files);
      natives.closeAfter(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      natives.closeAfter(e);
      throw e;
    }
  }

  /** How many native sessions there are for that many slots. */
  static int sessions(ModelFiles files, int slots) {
    return files.bytes() <= LARGEST_FOR_EACH_SLOT ? slots : 1;
  }

  private static void set(SessionOptions options) throws OrtException {
    // The calling thread does the work: default threads spin and burn a core at 200 calls a second.
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    options.addConfigEntry("session.inter_op.allow_spinning", "0");
    // The arena's lock is what threads on one session meet at, and it keeps what it once had.
    options.setCPUArenaAllocator(false);
    options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
    // Every failure is thrown; ONNX Runtime would print it to standard error as well.
    options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
  }

  private static List<Port> inputs(ModelFiles files, OrtSession session) throws OrtException {
    Map<String, NodeInfo> graph = session.getInputInfo();
    List<Port> ports = new ArrayList<>();
    for (TensorSpec spec : files.schema().inputs()) {
      ValueInfo info = info(files, "input", spec, graph);
      if (!(info instanceof TensorInfo)) {
        throw new ModelFailedException(
            files.label() + ": input '" + spec.name() + "' is no tensor but " + info, null);
      }
      ports.add(Port.input(files.label(), spec, info));
    }
    return List.copyOf(ports);
  }

  private static List<Port> outputs(ModelFiles files, OrtSession session) throws OrtException {
    Map<String, NodeInfo> graph = session.getOutputInfo();
    List<Port> ports = new ArrayList<>();
    for (TensorSpec spec : files.schema().outputs()) {
      ValueInfo info = info(files, "output", spec, graph);
      if (info instanceof TensorInfo) {
        ports.add(Port.output(files.label(), spec, info));
      } else if (info instanceof SequenceInfo sequence && sequence.isSequenceOfMaps()) {
        MapInfo map = sequence.mapInfo;
        ports.add(Port.maps(files.label(), spec, files.mapKeys(spec.name()), map.keyType));
      } else {
        throw new ModelFailedException(
            files.label()
                + ": output '"
                + spec.name()
                + "' is neither a tensor nor a sequence of maps but "
                + info,
            null);
      }
    }
    return List.copyOf(ports);
  }

  private static ValueInfo info(
      ModelFiles files, String side, TensorSpec spec, Map<String, NodeInfo> graph) {
    NodeInfo node = graph.get(spec.name());
    if (node == null) {
      throw new ModelFailedException(
          files.label()
              + ": "
              + side
              + " '"
              + spec.name()
              + "' of the schema is not in the graph, whose "
              + side
              + "s are "
              + graph.keySet(),
          null);
    }
    return node.getInfo();
  }

  @Override
  public Slot slot(int index) {
    return slots.get(index);
  }

  @Override
  public void close() {
    natives.close();
  }
}

package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.SlotTensor;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/** Outputs that ONNX Runtime made, held against the schema and copied to the heap. */
final class Outputs {
  private Outputs() {}

  static SlotTensor read(Port port, OnnxValue value, int rows) throws OrtException {
    if (port.form == Port.Form.MAPS && value instanceof OnnxSequence sequence) {
      return maps(port, sequence, rows);
    }
    if (port.form == Port.Form.OPEN && value instanceof OnnxTensor tensor) {
      port.check(tensor.getInfo(), rows);
      long[] shape = tensor.getInfo().getShape();
      return port.type == ElementType.TEXT
          ? SlotTensor.of(port.name, shape, Texts.read(tensor))
          : SlotTensor.of(port.name, port.type, shape, Elements.copy(port.type, tensor));
    }
    throw new ModelFailedException(
        port.label() + ": output '" + port.name + "' came as " + value.getType(), null);
  }

  private static SlotTensor maps(Port port, OnnxSequence sequence, int rows) throws OrtException {
    List<? extends OnnxValue> maps = sequence.getValue();
    try {
      if (maps.size() != rows) {
        throw wrong(port, maps.size() + " maps for " + rows + (rows == 1 ? " row" : " rows"));
      }
      FloatBuffer values = FloatBuffer.allocate(port.elements(rows));
      for (int row = 0; row < rows; row++) {
        if (!(maps.get(row) instanceof OnnxMap map)) {
          throw wrong(port, "a sequence of " + maps.get(row).getType());
        }
        put(port, map.getValue(), values);
      }
      return SlotTensor.of(port.name, port.type, port.shape(rows), values.rewind());
    } finally {
      maps.forEach(OnnxValue::close);
    }
  }

  private static void put(Port port, Map<?, ?> map, FloatBuffer to) {
    for (Object key : port.keys) {
      if (!(map.get(key) instanceof Float value)) {
        throw wrong(port, "maps with the keys " + map.keySet());
      }
      to.put(value);
    }
    if (map.size() != port.keys.size()) {
      throw wrong(port, "maps with the keys " + map.keySet());
    }
  }

  private static ModelFailedException wrong(Port port, String came) {
    return new ModelFailedException(
        port.label()
            + ": output '"
            + port.name
            + "' came as "
            + came
            + "; the schema wants a map a row with the keys "
            + port.keys
            + ". Publish the model with a schema that fits it",
        null);
  }
}

package dev.mlops.runtime.engine.tabular;

import java.util.List;

/**
 * A model made ready: its values and the steps between them. Immutable; safe for all threads.
 *
 * @param values by register
 * @param inputs in the schema's order, as outputs
 * @param scratch how many places steps keep something in
 */
record Plan(
    List<Value> values, List<Step> steps, List<Value> inputs, List<Value> outputs, int scratch) {
  Registers registers() {
    return new Registers(values, scratch);
  }
}

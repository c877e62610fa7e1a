package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.observe.Observation;
import dev.mlops.observe.Traffic;
import dev.mlops.runtime.codec.Frame;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What belongs to one slot beside its buffers. Used by the thread that holds the claim; shown to
 * observers as it is.
 */
final class SlotState implements Observation {
  private static final int IDS_AT_ONCE = 4096;

  final Frame frame;
  private final int slot;
  private final AtomicLong ids;
  private long nextId;
  private long idEnd;
  private Call call = Call.with();
  private Facts[] facts = new Facts[1];

  SlotState(int slot, Frame frame, AtomicLong ids) {
    this.slot = slot;
    this.frame = frame;
    this.ids = ids;
  }

  /**
   * The next id; taken from the runtime's by the block, so that slots do not meet on one counter at
   * each call.
   */
  long nextId() {
    if (nextId == idEnd) {
      nextId = ids.getAndAdd(IDS_AT_ONCE);
      idEnd = nextId + IDS_AT_ONCE;
    }
    return nextId++;
  }

  void begin(Call call, int rows) {
    this.call = call;
    if (facts.length < rows) {
      facts = new Facts[rows];
    }
  }

  void facts(int row, Facts facts) {
    this.facts[row] = facts;
  }

  Facts facts(int row) {
    return facts[row];
  }

  @Override
  public Traffic traffic() {
    return Traffic.LIVE;
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public int rows() {
    return frame.rows();
  }

  @Override
  public double number(int row, int column) {
    return frame.number(row, column);
  }

  @Override
  public boolean missing(int row, int column) {
    return frame.missing(row, column);
  }

  @Override
  public String text(int row, int column) {
    return frame.text(row, column);
  }

  @Override
  public double element(int row, int column, int index) {
    return frame.element(row, column, index);
  }

  @Override
  public int size(int row, int column) {
    return frame.size(row, column);
  }

  @Override
  public double score(int row) {
    return frame.score(row);
  }

  @Override
  public Optional<String> key() {
    return call.key();
  }

  @Override
  public Optional<String> segment() {
    return call.segment();
  }

  @Override
  public String receipt(int row) {
    return facts[row].get();
  }
}

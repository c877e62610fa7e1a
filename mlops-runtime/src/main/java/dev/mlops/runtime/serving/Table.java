package dev.mlops.runtime.serving;

import dev.mlops.runtime.codec.BoundCodec;
import java.util.List;

/**
 * What a route serves, whole and unchanging: the version, and each handle's codec for it. Published
 * by one write of the route's field; a call reads that field once.
 */
final class Table {
  final ServedVersion served;
  private final BoundCodec<?, ?>[] codecs;

  Table(ServedVersion served, List<BoundCodec<?, ?>> codecs) {
    this.served = served;
    this.codecs = codecs.toArray(new BoundCodec<?, ?>[0]);
  }

  /** The codec of the handle with this index. */
  BoundCodec<?, ?> codec(int index) {
    return codecs[index];
  }

  /** The codecs, by the index of their handle. */
  List<BoundCodec<?, ?>> codecs() {
    return List.of(codecs);
  }
}

package dev.mlops.runtime.serving;

import dev.mlops.runtime.codec.BoundCodec;
import java.util.Arrays;

/**
 * What a route serves, whole and unchanging: the version, and each handle's codec for it. Published
 * by one write of the route's field; a call reads that field once.
 */
final class Table {
  final LoadedVersion version;
  private final BoundCodec<?, ?>[] codecs;

  /** A table that owns the array from now on. */
  Table(LoadedVersion version, BoundCodec<?, ?>[] codecs) {
    this.version = version;
    this.codecs = codecs;
  }

  /** The codec of the handle with this index. */
  BoundCodec<?, ?> codec(int index) {
    return codecs[index];
  }

  /** The same with one handle more, whose index is the number there were. */
  Table with(BoundCodec<?, ?> codec) {
    BoundCodec<?, ?>[] more = Arrays.copyOf(codecs, codecs.length + 1);
    more[codecs.length] = codec;
    return new Table(version, more);
  }

  /** The same codecs for another version with the same schema. */
  Table of(LoadedVersion other) {
    return new Table(other, codecs);
  }
}

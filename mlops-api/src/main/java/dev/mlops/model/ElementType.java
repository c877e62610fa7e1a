package dev.mlops.model;

/** The type of a tensor's elements. */
public enum ElementType {
  /** IEEE 754 binary32. */
  FLOAT,
  /** IEEE 754 binary64. */
  DOUBLE,
  /** IEEE 754 binary16, carried as its bits in 16-bit words. */
  FLOAT16,
  /** Signed 8-bit integer. */
  INT8,
  /** Signed 16-bit integer. */
  INT16,
  /** Signed 32-bit integer. */
  INT32,
  /** Signed 64-bit integer. */
  INT64,
  /** Unsigned 8-bit integer. */
  UINT8,
  /** True or false, one byte each. */
  BOOL,
  /** Text of any length. */
  TEXT;

  /** Whether values may have a fraction: FLOAT, DOUBLE and FLOAT16. */
  public boolean floating() {
    return this == FLOAT || this == DOUBLE || this == FLOAT16;
  }

  /** Whether values are whole numbers: the five integer types. */
  public boolean integral() {
    return !floating() && this != BOOL && this != TEXT;
  }
}

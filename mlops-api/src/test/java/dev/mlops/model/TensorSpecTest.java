package dev.mlops.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class TensorSpecTest {
  private static ColumnSpec column(String name) {
    return new ColumnSpec(name, ElementType.FLOAT, false, false);
  }

  private static TensorSpec tensor(Shape shape, String... columns) {
    return new TensorSpec(
        "t", ElementType.FLOAT, shape, List.of(columns).stream().map(c -> column(c)).toList());
  }

  @Test
  void column_withABlankName_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> column(" "))
        .withMessage("column name is blank; every column needs a name");
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void column_optional_onlyWhereItsTypeHasAMissingValue(ElementType type) {
    if (type.floating() || type == ElementType.TEXT) {
      assertThat(new ColumnSpec("x", type, true, false).optional()).isTrue();
    } else {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ColumnSpec("x", type, true, false))
          .withMessage(
              "column 'x' is %s and cannot be optional: only FLOAT, DOUBLE, FLOAT16 and TEXT can be"
                  + " missing",
              type);
    }
  }

  @Test
  void column_ofText_isAlwaysCategorical() {
    assertThat(new ColumnSpec("plan", ElementType.TEXT, false, false))
        .isEqualTo(new ColumnSpec("plan", ElementType.TEXT, false, true));
    assertThat(new ColumnSpec("age", ElementType.INT64, false, false).categorical()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void type_isFloatingIntegralOrNeither(ElementType type) {
    assertThat(type.floating() && type.integral()).isFalse();
    assertThat(type.floating() || type.integral())
        .isEqualTo(type != ElementType.BOOL && type != ElementType.TEXT);
  }

  @Test
  void tensor_whoseColumnsDoNotFit_saysWhatIsWanted() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tensor(Shape.perRow(3), "a", "b"))
        .withMessage("tensor 't' has 2 columns but shape [rows, 3]; wanted [rows, 2]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tensor(Shape.perRow()))
        .withMessage("tensor 't' has no columns; a tensor is at least one column");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new TensorSpec("t", ElementType.INT64, Shape.perRow(), List.of(column("a"))))
        .withMessage("column 'a' is FLOAT but its tensor 't' is INT64");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new TensorSpec("", ElementType.FLOAT, Shape.perRow(), List.of(column("a"))))
        .withMessage("tensor name is blank; every tensor needs the name it has in the model");
  }

  @Test
  void scalarColumns_areThoseOfOneElementARow() {
    assertThat(tensor(Shape.perRow(), "a").scalarColumns()).isTrue();
    assertThat(tensor(Shape.perRow(1), "a").scalarColumns()).isTrue();
    assertThat(tensor(Shape.of(1, Shape.ROWS, 1), "a").scalarColumns()).isTrue();
    assertThat(tensor(Shape.perRow(2), "a", "b").scalarColumns()).isTrue();

    assertThat(tensor(Shape.perRow(2), "a").scalarColumns()).isFalse();
    assertThat(tensor(Shape.perRow(0), "a").scalarColumns()).isFalse();
    assertThat(tensor(Shape.perRow(Shape.ANY), "a").scalarColumns()).isFalse();
    assertThat(tensor(Shape.perCall(), "a").scalarColumns()).isFalse();
    assertThat(tensor(Shape.perCall(1), "a").scalarColumns()).isFalse();
    assertThat(tensor(Shape.perRow(1L << 40, 1L << 40), "a").scalarColumns()).isFalse();
  }
}

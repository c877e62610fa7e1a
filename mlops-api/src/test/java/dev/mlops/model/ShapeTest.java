package dev.mlops.model;

import static dev.mlops.model.Shape.ANY;
import static dev.mlops.model.Shape.ROWS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ShapeTest {
  @Test
  void perRow_ofAxes_putsTheRowsFirst() {
    assertThat(Shape.perRow(1, 8, 8))
        .isEqualTo(Shape.of(ROWS, 1, 8, 8))
        .hasToString("[rows, 1, 8, 8]");
    assertThat(Shape.perRow()).isEqualTo(Shape.of(ROWS)).hasToString("[rows]");
    assertThat(Shape.perRow(1, 8, 8).rowAxis()).isZero();
  }

  @Test
  void perCall_withoutAxes_isAScalar() {
    assertThat(Shape.perCall().dims()).isEmpty();
    assertThat(Shape.perCall().rowAxis()).isEqualTo(-1);
    assertThat(Shape.perCall().elements()).isEqualTo(1);
    assertThat(Shape.perCall()).hasToString("[]");
  }

  @Test
  void perCall_withARowAxis_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shape.perCall(2, ROWS))
        .withMessage("shape [2, rows] has a row axis; perCall is for tensors without one");
  }

  @Test
  void of_aStateWhoseRowsAreSecond_findsTheRowAxis() {
    Shape state = Shape.of(2, ROWS, 128);
    assertThat(state.rowAxis()).isEqualTo(1);
    assertThat(state.elements()).isEqualTo(256);
  }

  @Test
  void elements_withAnOpenAxis_areNotKnown() {
    assertThat(Shape.perRow(ANY, 3).elements()).isEqualTo(-1);
    assertThat(Shape.perRow(ANY, 3)).hasToString("[rows, ?, 3]");
  }

  @Test
  void elements_beyondALong_throwRatherThanWrap() {
    Shape huge = Shape.perRow(1L << 32, 1L << 32);
    assertThatExceptionOfType(ArithmeticException.class).isThrownBy(huge::elements);
  }

  @Test
  void of_badAxes_saysWhatIsWanted() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shape.of(3, -3))
        .withMessage("axis length -3 is not valid: wanted 0 or more, Shape.ROWS or Shape.ANY");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shape.of(ROWS, 2, ROWS))
        .withMessage("shape [rows, 2, rows] has 2 row axes; at most one can count the rows");
  }

  @Test
  void dims_areACopyAndStayAsTheyAre() {
    List<Long> axes = new ArrayList<>(List.of(ROWS, 2L));
    Shape shape = new Shape(axes);
    axes.set(1, 3L);
    assertThat(shape.dims()).containsExactly(ROWS, 2L).isUnmodifiable();
  }
}

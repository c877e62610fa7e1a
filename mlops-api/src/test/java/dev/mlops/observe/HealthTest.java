package dev.mlops.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class HealthTest {
  @Test
  void new_copiesTheRoutes() {
    List<Health.Route> routes = new ArrayList<>();
    Health health = new Health(true, routes, 0);
    routes.add(
        new Health.Route(
            "storms@champion", Optional.empty(), false, Optional.of("store down"), List.of()));
    assertThat(health.routes()).isEmpty();
  }
}

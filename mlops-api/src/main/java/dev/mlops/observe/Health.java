package dev.mlops.observe;

import dev.mlops.model.Version;
import java.util.List;
import java.util.Optional;

/**
 * How a runtime is, at one moment.
 *
 * @param ready whether every route serves a version
 * @param routes in alphabetical order
 */
public record Health(boolean ready, List<Route> routes) {
  /** Copies the list. */
  public Health {
    routes = List.copyOf(routes);
  }

  /**
   * How one route is.
   *
   * @param route such as {@code storms@champion}
   * @param serving the version it answers with
   * @param overridden whether this process serves something else than the alias says, on purpose
   * @param problem what a person should know: a refused version, a store that is down
   */
  public record Route(
      String route, Optional<Version> serving, boolean overridden, Optional<String> problem) {}
}

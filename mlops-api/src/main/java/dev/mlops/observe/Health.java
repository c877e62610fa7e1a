package dev.mlops.observe;

import dev.mlops.model.Version;
import java.util.List;
import java.util.Optional;

/**
 * How a runtime is, at one moment.
 *
 * @param ready whether every route serves a version. Nothing else makes a runtime unready: drift, a
 *     refused version or a store that is down are details of a route
 * @param routes in alphabetical order
 * @param droppedEvents how many events listeners were not told of, as they were too slow
 */
public record Health(boolean ready, List<Route> routes, long droppedEvents) {
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
   * @param versions each that is loaded, being loaded, refused or banned
   */
  public record Route(
      String route,
      Optional<Version> serving,
      boolean overridden,
      Optional<String> problem,
      List<Loaded> versions) {
    /** Copies the list. */
    public Route {
      versions = List.copyOf(versions);
    }
  }

  /**
   * A version of a route.
   *
   * @param predictions how many rows it has answered on this route
   */
  public record Loaded(Version version, VersionState state, long predictions) {}
}

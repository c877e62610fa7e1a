/**
 * The contracts of the model lifecycle: what a model is, where versions live, what runs one, what
 * using one looks like, and what is told about it.
 */
module dev.mlops.api {
  requires static transitive org.jspecify;

  exports dev.mlops.engine;
  exports dev.mlops.inference;
  exports dev.mlops.model;
  exports dev.mlops.observe;
  exports dev.mlops.rollout;
  exports dev.mlops.store;
}

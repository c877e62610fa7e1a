package dev.mlops.store;

import java.util.List;
import java.util.Optional;

/**
 * The revisions of one alias: numbered from 1 without gaps, only ever added, the last one in force.
 */
public interface AliasLog {
  /** The revision in force; empty if the alias was never set. */
  Optional<Revision> head();

  /** All revisions, oldest first. */
  List<Revision> history();

  /**
   * Moves the alias, whatever it names now.
   *
   * @param number of a version the store holds
   * @param actor who moves it
   * @param reason why, in words for people
   * @throws ModelNotFoundException if the store holds no such version
   * @throws AliasConflictException if others kept moving it at the same time; nothing was moved by
   *     this call
   */
  Revision moveTo(String number, String actor, String reason);

  /**
   * Moves the alias only if nobody moved it since.
   *
   * @param seen the number of the revision the mover looked at; 0 for none
   * @throws ModelNotFoundException if the store holds no such version
   * @throws AliasConflictException if {@code seen} is no longer in force; the exception holds what
   *     is
   */
  Revision moveTo(long seen, String number, String actor, String reason);
}

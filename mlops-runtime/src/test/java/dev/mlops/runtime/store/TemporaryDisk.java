package dev.mlops.runtime.store;

import java.nio.file.Path;

/** A disk whose temporary folder is a test's. */
class TemporaryDisk extends Disk {
  private final Path temporary;

  TemporaryDisk(Path temporary) {
    this.temporary = temporary;
  }

  @Override
  Path temporary() {
    return temporary;
  }
}

package dev.mlops.runtime.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process of its own that makes scratch folders. */
final class ScratchHolder {
  private ScratchHolder() {}

  /**
   * Arguments: the temporary folder, and how many folders to use one after the other; without the
   * number, one is made, told and held until the input ends.
   */
  public static void main(String[] arguments) throws IOException {
    Path temporary = Path.of(arguments[0]);
    if (arguments.length > 1) {
      int times = Integer.parseInt(arguments[1]);
      use(temporary, times);
      System.out.println(times + " used");
      return;
    }
    try (ScratchFolder scratch = ScratchFolder.make(new TemporaryDisk(temporary))) {
      System.out.println(scratch.content());
      System.out.println("ended by " + System.in.read());
    }
  }

  /** Makes folders and writes to each; fails if one is taken away meanwhile. */
  static void use(Path temporary, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (ScratchFolder scratch = ScratchFolder.make(new TemporaryDisk(temporary))) {
        Path file = Files.writeString(scratch.content().resolve("file"), "x");
        if (!Files.readString(file).equals("x")) {
          throw new IOException(file + " changed");
        }
      }
    }
  }
}

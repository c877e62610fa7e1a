package dev.mlops.runtime.serving;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@link SlotsRaces} under jcstress, in a JVM that starts more of them.
 *
 * <p>jcstress wants a processor for each actor, so with two processors the races of three are left
 * out; {@link SlotsLoopTest} has those at any number.
 */
@Tag("proof")
class SlotsRacesTest {
  @Test
  void races_underStress_noForbiddenOutcome(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-t",
                SlotsRaces.class.getSimpleName(),
                "-r",
                folder.resolve("report").toString(),
                "-v",
                "-sc",
                "false",
                "-f",
                "1",
                "-iters",
                "3",
                "-time",
                "300",
                "-jvmArgs",
                "-Xmx256m")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(4, MINUTES)).as("it ends").isTrue();
    String said = Files.readString(output);
    List<String> passed =
        said.lines()
            .filter(line -> line.contains("[OK]") && line.contains(SlotsRaces.class.getName()))
            .map(line -> line.substring(line.lastIndexOf('.') + 1))
            .distinct()
            .toList();
    assertThat(said).contains("Failed tests: No matches.", "Error tests: No matches.");
    assertThat(process.exitValue()).isZero();
    assertThat(passed)
        .contains(
            "ClaimAgainstClaim",
            "ClaimAgainstClaimOfWhatWasLost",
            "ReleaseAgainstAppend",
            "HandOverAgainstTimeout",
            "HandOverAgainstHandOver",
            "CallAgainstClose",
            "SecondClaimAgainstClose",
            "HoldAgainstClose",
            "CallAgainstLeaving");
  }
}

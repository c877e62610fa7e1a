import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/** Prints how many minutes each suite took, the longest first, from the reports of its tests. */
final class SuiteMinutes {
  private record Suite(String name, int tests, double minutes) {}

  private SuiteMinutes() {}

  public static void main(String[] args) throws Exception {
    Path reports = Path.of(args[0]);
    if (!Files.isDirectory(reports)) {
      return; // a module without tests of this tier
    }
    DocumentBuilder xml = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    List<Suite> suites = new ArrayList<>();
    try (var files = Files.newDirectoryStream(reports, "TEST-*.xml")) {
      for (Path file : files) {
        Element suite = xml.parse(file.toFile()).getDocumentElement();
        suites.add(
            new Suite(
                suite.getAttribute("name"),
                Integer.parseInt(suite.getAttribute("tests")),
                Double.parseDouble(suite.getAttribute("time").replace(",", "")) / 60));
      }
    }
    suites.removeIf(suite -> suite.tests() == 0);
    suites.sort(Comparator.comparingDouble(Suite::minutes).reversed());
    for (Suite suite : suites) {
      System.out.printf(
          Locale.ROOT, "%6.2f min  %s (%d)%n", suite.minutes(), suite.name(), suite.tests());
    }
    System.out.printf(
        Locale.ROOT,
        "%6.2f min  in all%n",
        suites.stream().mapToDouble(Suite::minutes).sum());
  }
}

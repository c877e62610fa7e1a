package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.store.PackageCorruptException;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DescriptionTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void describe_saysWhatServesWhatIsKeptWhatFailedAndWhatHappened() {
    Routes routes = test.serving("1", "2", "3");
    model(routes).predict(ONE);
    model(routes).predictAll(Collections.nCopies(3, ONE));
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.corrupt("3");
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(PackageCorruptException.class);
    String text = routes.describe();
    assertThat(text)
        .contains(
            "mlops runtime",
            ", ready",
            "engines [scripted]",
            "slots 2, within PT20S, keepWarm PT1H, drain PT10S, follow PT0S",
            "route m@champion",
            "serving m:2 sha256:",
            "revision 2 decided, 3 seen; 1 handles, batches of at most 3",
            "problem: m:3: a byte of model.fake is not what the manifest says",
            "engine scripted",
            "m:2 ACTIVE, 0 rows",
            "m:1 RETAINED, 4 rows",
            "m@champion ALIAS from m:1 to m:2 on scripted in",
            "last events, 0 dropped",
            "package-corrupt");
  }
}

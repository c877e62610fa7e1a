/**
 * What a runtime does, as events of the JDK's Flight Recorder. The one package that meets {@code
 * jdk.jfr}, which a JDK made by jlink may lack: {@link dev.mlops.runtime.jfr.JfrListener} is all
 * that others see, and does nothing there.
 */
@NullMarked
package dev.mlops.runtime.jfr;

import org.jspecify.annotations.NullMarked;

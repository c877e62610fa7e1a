package dev.mlops.runtime.serving;

import java.util.concurrent.ThreadFactory;

/** Makes threads of one name that keep no JVM from ending. */
record DaemonThreads(String name) implements ThreadFactory {
  @Override
  public Thread newThread(Runnable task) {
    Thread created = new Thread(task, name);
    created.setDaemon(true);
    return created;
  }
}

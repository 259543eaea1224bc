package dev.steer.client;

import io.grpc.Context;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

final class SystemClock implements Clock {
  static final Clock INSTANCE = new SystemClock();

  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
    Thread thread = new Thread(task, "steer-deadlines");
    thread.setDaemon(true);
    return thread;
  });

  private SystemClock() {
    timer.setRemoveOnCancelPolicy(true); // else a timer keeps its stream until the deadline
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, Duration wait) throws InterruptedException {
    return queue.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public Context.CancellableContext limit(Duration time) {
    return Context.current().withDeadlineAfter(time.toNanos(), TimeUnit.NANOSECONDS, timer);
  }

  @Override
  public double random() {
    return ThreadLocalRandom.current().nextDouble();
  }
}

package dev.steer.client;

import io.grpc.Context;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;

/** Time and randomness of this package, replaced by tests. */
interface Clock {
  /** The head of the queue; null if none arrives in time. */
  <T> T poll(BlockingQueue<T> queue, Duration wait) throws InterruptedException;

  /** A context below the current one that is cancelled after this time, like by a deadline. */
  Context.CancellableContext limit(Duration time);

  /** Uniform in [0, 1). */
  double random();
}

package dev.steer.client;

import io.grpc.Context;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;

/** All waiting and all randomness of this package; tests hold both. */
interface Clock {
  /** The head of the queue, or null once the time has passed without one. */
  <T> T poll(BlockingQueue<T> queue, Duration wait) throws InterruptedException;

  /** A context below the current one that ends after the time, as by a deadline. */
  Context.CancellableContext limit(Duration time);

  /** Uniform in [0, 1). */
  double random();
}

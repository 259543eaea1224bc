package dev.steer.client;

import dev.steer.v1.AttemptNotice;
import java.time.Duration;
import java.util.function.Consumer;

/** How a stream is read. Unset: no deadline, and three heartbeats are the longest silence. */
public final class ReadOptions {
  Duration deadline;
  Duration deliveryTimeout;
  Duration silence;
  Consumer<Reconnect> onReconnect = reconnect -> {};
  Consumer<Boolean> onDurability = isDurable -> {};
  Consumer<AttemptNotice> onDiscard = notice -> {};

  /** Ends everything. A deadline of the current {@link io.grpc.Context} does so, too. */
  public ReadOptions deadline(Duration duration) {
    deadline = duration;
    return this;
  }

  /** Deadline of each call: a delivery that reaches it is resumed by the next. */
  public ReadOptions deliveryTimeout(Duration duration) {
    deliveryTimeout = duration;
    return this;
  }

  /** Longest silence of a live connection. Zero: no limit. */
  public ReadOptions silence(Duration duration) {
    silence = duration;
    return this;
  }

  /** Told before each wait. */
  public ReadOptions onReconnect(Consumer<Reconnect> listener) {
    onReconnect = listener;
    return this;
  }

  /** Told when the service's store goes away (false) or comes back (true). */
  public ReadOptions onDurability(Consumer<Boolean> listener) {
    onDurability = listener;
    return this;
  }

  /**
   * Told of each {@code attempt_notice} with {@code discard_output}, before the event is handed on: all
   * output so far is void, and a user interface clears its answer.
   */
  public ReadOptions onDiscard(Consumer<AttemptNotice> listener) {
    onDiscard = listener;
    return this;
  }
}

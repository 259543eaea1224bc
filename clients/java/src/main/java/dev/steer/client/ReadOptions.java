package dev.steer.client;

import dev.steer.v1.AttemptNotice;
import java.time.Duration;
import java.util.function.Consumer;

/** How a stream is read. Default: no deadline, and a longest silence of three heartbeats. */
public final class ReadOptions {
  Duration deadline;
  Duration deliveryTimeout;
  Duration silence;
  Consumer<Reconnect> onReconnect = reconnect -> {};
  Consumer<Boolean> onDurability = isDurable -> {};
  Consumer<AttemptNotice> onDiscard = notice -> {};

  /**
   * Deadline of everything. A deadline of the current {@link io.grpc.Context} has the same effect.
   */
  public ReadOptions deadline(Duration duration) {
    deadline = duration;
    return this;
  }

  /** Deadline of each call. A delivery that reaches it is resumed by the next call. */
  public ReadOptions deliveryTimeout(Duration duration) {
    deliveryTimeout = duration;
    return this;
  }

  /** Longest silence of a live connection. Default: three heartbeats. Zero: no limit. */
  public ReadOptions silence(Duration duration) {
    silence = duration;
    return this;
  }

  /** Called before each wait. */
  public ReadOptions onReconnect(Consumer<Reconnect> listener) {
    onReconnect = listener;
    return this;
  }

  /** Called when the service's store goes away (false) or comes back (true). */
  public ReadOptions onDurability(Consumer<Boolean> listener) {
    onDurability = listener;
    return this;
  }

  /**
   * Called with each {@code attempt_notice} that has {@code discard_output}, before the event is
   * returned. All output so far is void; a user interface clears its answer.
   */
  public ReadOptions onDiscard(Consumer<AttemptNotice> listener) {
    onDiscard = listener;
    return this;
  }
}

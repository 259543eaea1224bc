package dev.steer.client;

import static io.grpc.Status.Code.*;

import io.grpc.Status;
import java.time.Duration;
import java.util.Set;

/** When a call is repeated, and after which wait: one rule for unary calls and streams. */
final class Repetition {
  /** Most failures in a row without a new event between them. */
  static final int MAX_TRIES = 10;
  private static final long FIRST_WAIT_MS = 100;
  private static final long MAX_WAIT_MS = 5_000;
  /** Codes with which libraries and proxies report a lost connection. */
  private static final Set<Status.Code> LOST = Set.of(UNAVAILABLE, ABORTED, CANCELLED, INTERNAL);

  private Repetition() {}

  /**
   * True if the service asks for a repetition, or if the call was lost before the service answered.
   */
  static boolean isWanted(SteerException cause) {
    Long pushback = cause.pushback();
    if (pushback != null) return pushback >= 0 && cause.code() == UNAVAILABLE;
    return LOST.contains(cause.code()) && !cause.isFromGateway();
  }

  /**
   * The wait before repetition number {@code tries}: random within a range that doubles, and at
   * least as long as the service asks for.
   */
  static Duration waitAfter(SteerException cause, int tries, double random) {
    long most = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS << tries);
    Long pushback = cause.pushback();
    long asked = Math.max(cause.retryDelay().toMillis(), pushback == null ? 0 : pushback);
    return Duration.ofMillis(Math.max(asked, Math.round(random * most)));
  }
}

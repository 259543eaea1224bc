package dev.steer.client;

import java.time.Duration;

/**
 * A delivery broke off, and the reader is about to go on.
 *
 * @param tries how often it has tried since the last new event
 */
public record Reconnect(StreamCursor cursor, int tries, Duration delay, SteerException cause) {}

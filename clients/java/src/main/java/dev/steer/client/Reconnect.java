package dev.steer.client;

import java.time.Duration;

/**
 * A delivery broke off, and the reader is about to resume.
 * @param tries number of tries since the last new event
 */
public record Reconnect(StreamCursor cursor, int tries, Duration delay, SteerException cause) {}

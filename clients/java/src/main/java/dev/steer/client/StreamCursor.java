package dev.steer.client;

/**
 * How far a reader has come; enough to go on, also in another process.
 *
 * @param streamId empty until the stream is known
 * @param sequence of the last event processed
 * @param writer as that event named it; 0 leaves the position unverified
 */
public record StreamCursor(String streamId, int sequence, int writer) {}

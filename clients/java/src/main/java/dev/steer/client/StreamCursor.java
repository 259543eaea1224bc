package dev.steer.client;

/**
 * Position of a reader, sufficient to resume, also in another process.
 * @param streamId empty until the stream is known
 * @param sequence of the last event processed
 * @param writer of that event; 0: the position is not verified
 */
public record StreamCursor(String streamId, int sequence, int writer) {}

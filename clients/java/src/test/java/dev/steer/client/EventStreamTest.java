package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.steer.v1.StreamGenerateRequest;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EventStreamTest {
  private static final String START =
      "{sequence: 1, writer: 7, kind: start, stream_id: s.1, resumable: true}";

  private static String heartbeat(boolean isUndurable) {
    return "{sequence: 1, kind: heartbeat, undurable: " + isUndurable + "}";
  }

  private static Vector vector(String... calls) {
    return Vector.parse("{random: 0, calls: [" + String.join(",", calls) + "]}");
  }

  private static String call(String end, String... events) {
    return "{events: [" + String.join(",", events) + "], end: " + end + "}";
  }

  @Test
  void aCallThatFallsSilentIsGivenUpAndResumed() throws IOException {
    Vector vector =
        vector(call("open", START), call("ok", "{sequence: 2, writer: 7, kind: complete}"));
    Play play = Play.of(vector, new ReadOptions());
    assertEquals(List.of(1, 2), play.applied);
    assertEquals(List.of(true, false), play.cancelled);
    assertEquals(1, play.reconnects.size());
    assertEquals("SILENCE", play.reconnects.get(0).cause().reason());
    assertTrue(play.polls.contains(Duration.ofSeconds(45)));
  }

  @Test
  void aStoreThatGoesAwayIsToldOnceAndOnceWhenItIsBack() throws IOException {
    Vector vector =
        vector(
            call(
                "ok",
                START,
                heartbeat(false),
                heartbeat(true),
                heartbeat(true),
                heartbeat(false),
                "{sequence: 2, writer: 7, kind: complete}"));
    Play play = Play.of(vector);
    assertEquals(List.of(false, true), play.durability);
    assertEquals(List.of(1, 2), play.applied);
  }

  @Test
  void anErrorEventEndsTheStreamWhateverTheStatusIs() throws IOException {
    String failure = "{code: INTERNAL, reason: DEFECT, retryable: true}";
    Vector vector =
        vector(
            call(
                "{code: UNAVAILABLE}",
                START,
                "{sequence: 2, writer: 7, kind: error, error: " + failure + "}"));
    Play play = Play.of(vector);
    assertEquals(List.of(1, 2), play.applied);
    assertEquals("DEFECT", play.error.reason());
    assertEquals(List.of(), play.reconnects);
  }

  @Test
  void aCallMayEndByItselfAfterItsLastEvent() throws IOException {
    Vector vector = vector(call("open", START, "{sequence: 2, writer: 7, kind: complete}"));
    Play play = Play.of(vector);
    assertEquals(Duration.ofSeconds(1), play.polls.get(play.polls.size() - 1));
    assertEquals("complete", play.ended);
  }

  @Test
  @Timeout(60)
  void closingFromAnotherThreadWakesAReaderThatWaits() throws IOException {
    Vector vector = vector(call("{code: UNAVAILABLE, pushback_ms: 600000}", START));
    CompletableFuture<Void> waits = new CompletableFuture<>();
    var options = new ReadOptions().onReconnect(reconnect -> waits.complete(null));
    Play.serve(
        new ScriptedService(vector),
        SystemClock.INSTANCE,
        client -> {
          EventStream events = client.streamGenerate(StreamGenerateRequest.getDefaultInstance(), options);
          waits.thenRunAsync(events::close);
          events.next();
          assertEquals(
              Status.Code.CANCELLED, assertThrows(SteerException.class, events::hasNext).code());
        });
  }
}

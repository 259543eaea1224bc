package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.steer.v1.Generation;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** the reader of a stream, tested with the vectors of all languages. */
class ResumeVectorsTest {
  static List<Vector> vectors() throws IOException {
    return Vector.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("vectors")
  void reads(Vector vector) throws IOException {
    Play play = Play.of(vector);
    var expected =
        vector.calls().stream()
            .map(
                call ->
                    new ScriptedService.Made(
                        call.method(), call.streamId(), call.lastSequence(), call.lastWriter()))
            .toList();
    assertEquals(expected, play.service.made);
    assertFlags(vector, play);
    if (vector.discards() != null) assertEquals(vector.discards(), play.discards);
    assertEquals(vector.applied(), play.applied);
    assertEquals(vector.outcome().ended(), play.ended);
    if (vector.outcome().code() != null) {
      assertEquals(vector.outcome().code(), play.error.code().name());
    }
    if (vector.outcome().reason() != null) {
      assertEquals(vector.outcome().reason(), play.error.reason());
    }
    assertEquals(vector.waitsMs(), play.waitsMs);
    for (int call = 0; call < vector.calls().size(); call++) {
      // A call that ended by itself cannot be cancelled.
      assertEquals(vector.calls().get(call).cancelled(), play.cancelled.get(call));
    }
    assertEquals(List.of(), play.service.leftOpen);
    assertOneRequestId(vector, play);
    if (play.error != null) assertEquals(position(vector, play), play.error.cursor());
  }

  static List<Vector> outputs() throws IOException {
    return Vector.all().stream()
        .filter(vector -> vector.text() != null || vector.textError() != null)
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("outputs")
  void readsOutput(Vector vector) throws IOException {
    assertText(vector, vector.textError(), EventStream::text);
    String failure = vector.collectError() == null ? vector.textError() : vector.collectError();
    assertText(vector, failure, events -> textOf(events.collect()));
    assertText(vector, failure, events -> events.collect().getOutputText());
  }

  private static void assertText(
      Vector vector, String failure, Function<EventStream, String> take) throws IOException {
    if (failure == null) {
      assertEquals(vector.text(), Play.take(vector, take));
    } else {
      var error = assertThrows(SteerException.class, () -> Play.take(vector, take));
      assertEquals(failure, error.reason());
    }
  }

  private static String textOf(Generation generation) {
    return generation.getMessage().getPartsList().stream()
        .map(part -> part.getText().getText())
        .collect(Collectors.joining());
  }

  private static void assertFlags(Vector vector, Play play) {
    for (int call = 0; call < vector.calls().size(); call++) {
      Vector.Call expected = vector.calls().get(call);
      var flags = play.service.flags.get(call);
      if (expected.acceptsDiscard() != null) {
        assertEquals(expected.acceptsDiscard(), flags.acceptsDiscard());
      }
      if (expected.midStreamRecovery() != null) {
        assertEquals("MID_STREAM_RECOVERY_" + expected.midStreamRecovery(), flags.recovery());
      }
    }
  }

  private static void assertOneRequestId(Vector vector, Play play) {
    var ids = play.service.requestIds;
    assertTrue(ids.stream().distinct().count() <= 1);
    if (ids.isEmpty()) return;
    assertEquals(Boolean.FALSE.equals(vector.repeatable()), ids.get(0).isEmpty());
  }

  /** The reader's position according to the vector's calls. */
  private static StreamCursor position(Vector vector, Play play) {
    StreamCursor position = new StreamCursor("", 0, 0);
    if (vector.cursor() != null) {
      var from = vector.cursor();
      position = new StreamCursor(from.streamId(), from.sequence(), from.writer());
    }
    for (Vector.Call call : vector.calls()) {
      for (Vector.Event event : call.events()) {
        if (event.sequence() != position.sequence() + 1 || event.kind().equals("heartbeat")) continue;
        String id = event.kind().equals("start") ? event.streamId() : position.streamId();
        position = new StreamCursor(id, event.sequence(), event.writer());
      }
    }
    return position;
  }
}

package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** the reader of a stream, by the vectors that every language has to pass. */
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
      // A call that has ended by itself cannot be cancelled any more.
      assertEquals(vector.calls().get(call).cancelled(), play.cancelled.get(call));
    }
    assertEquals(List.of(), play.service.leftOpen);
    assertOneRequestId(vector, play);
    if (play.error != null) assertEquals(position(vector, play), play.error.cursor().orElseThrow());
  }

  private static void assertOneRequestId(Vector vector, Play play) {
    var ids = play.service.requestIds;
    assertTrue(ids.stream().distinct().count() <= 1);
    if (ids.isEmpty()) return;
    assertEquals(Boolean.FALSE.equals(vector.repeatable()), ids.get(0).isEmpty());
  }

  /** Where the vector's own calls say that its reader stood. */
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

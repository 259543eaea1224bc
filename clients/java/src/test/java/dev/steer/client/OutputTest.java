package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.steer.v1.Annotation;
import dev.steer.v1.AttemptNotice;
import dev.steer.v1.Generation;
import dev.steer.v1.GenerationSpec;
import dev.steer.v1.Message;
import dev.steer.v1.MidStreamRecovery;
import dev.steer.v1.Part;
import dev.steer.v1.PartEnd;
import dev.steer.v1.ProviderData;
import dev.steer.v1.ReasoningDelta;
import dev.steer.v1.ReasoningPart;
import dev.steer.v1.Role;
import dev.steer.v1.StreamComplete;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.TextDelta;
import dev.steer.v1.TextPart;
import dev.steer.v1.TokenLogprob;
import dev.steer.v1.ToolCall;
import dev.steer.v1.ToolCallDelta;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The valid text and the result, from events alone. */
class OutputTest {
  private static final Part CALL =
      Part.newBuilder().setToolCall(ToolCall.newBuilder().setName("weather")).build();
  private static final StreamEvent.Builder DONE = complete(Generation.newBuilder());
  /** Expected for a stream whose text cannot be known. */
  private static final String INCOMPLETE = null;

  private static StreamEvent.Builder text(int part, String words) {
    var delta = TextDelta.newBuilder().setPartIndex(part).setText(words);
    return StreamEvent.newBuilder().setTextDelta(delta);
  }

  private static StreamEvent.Builder reasoning(int part, String words) {
    var delta = ReasoningDelta.newBuilder().setPartIndex(part).setText(words);
    return StreamEvent.newBuilder().setReasoningDelta(delta);
  }

  private static StreamEvent.Builder notice(boolean discards) {
    var notice = AttemptNotice.newBuilder().setDiscardOutput(discards);
    return StreamEvent.newBuilder().setAttemptNotice(notice);
  }

  private static StreamEvent.Builder end(int part, Part whole) {
    var end = PartEnd.newBuilder().setPartIndex(part);
    if (whole != null) end.setPart(whole);
    return StreamEvent.newBuilder().setPartEnd(end);
  }

  private static StreamEvent.Builder complete(Generation.Builder generation) {
    return StreamEvent.newBuilder()
        .setComplete(StreamComplete.newBuilder().setGeneration(generation));
  }

  private static Part words(String said) {
    return Part.newBuilder().setText(TextPart.newBuilder().setText(said)).build();
  }

  private static Output outputOf(int first, List<StreamEvent.Builder> events) {
    Output output = new Output();
    int sequence = first;
    for (var event : events) output.add(event.setSequence(sequence++).build());
    return output;
  }

  private static Arguments known(
      String name, int first, String text, StreamEvent.Builder... events) {
    return Arguments.of(name, first, text, List.of(events));
  }

  static Stream<Arguments> streams() {
    var message = Message.newBuilder().addParts(words("whole")).addParts(CALL);
    var whole = Generation.newBuilder().setMessage(message.addParts(words(" text")));
    var said = Generation.newBuilder().setOutputText("all");
    return Stream.of(
        known("voided output", 1, "new", text(0, "old"), notice(true), text(0, "new"), DONE),
        known("a notice that voids nothing", 1, "ab", text(0, "a"), notice(false), text(0, "b"), DONE),
        known("voided twice", 1, "c",
            text(0, "a"), notice(true), text(1, "b"), notice(true), text(0, "c"), DONE),
        known("parts in their order", 1, "ABb", text(1, "B"), text(0, "A"), text(1, "b"), DONE),
        known("parts that are no text", 1, "AB",
            reasoning(0, "hm"), text(1, "A"), end(1, null), end(2, CALL), text(3, "B"), DONE),
        known("a part replaced at its end", 1, "B", text(0, "A"), end(0, words("B")), DONE),
        known("the message of the last event", 7, "whole text", text(0, "tail"), complete(whole)),
        known("output_text of the last event", 7, "all", text(0, "tail"), complete(said)),
        known("from the middle on", 7, INCOMPLETE, text(0, "tail"), DONE),
        known("from the middle on, then voided", 7, "new",
            text(0, "tail"), notice(true), text(0, "new"), DONE),
        known("no event at all", 7, INCOMPLETE),
        known("nothing was said", 1, "", notice(true), DONE));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("streams")
  void hasTheTextThatStands(
      String name, int first, String text, List<StreamEvent.Builder> events) {
    Output output = outputOf(first, events);
    if (text != INCOMPLETE) {
      assertEquals(text, output.text());
    } else {
      assertEquals(
          "OUTPUT_INCOMPLETE", assertThrows(SteerException.class, output::text).reason());
    }
  }

  @Test
  void collectsAResultWithItsMessage() {
    var done = complete(Generation.newBuilder().setProvider("simulator"));
    var events = List.of(text(0, "old"), notice(true), text(1, "new"), end(0, CALL), done);
    Generation generation = outputOf(1, events).generation();
    assertEquals("simulator", generation.getProvider());
    assertEquals(Role.ROLE_ASSISTANT, generation.getMessage().getRole());
    assertEquals(List.of(CALL, words("new")), generation.getMessage().getPartsList());
  }

  @Test
  void completesTheRemainderOfAPartByItsDeltas() {
    var signed = ReasoningPart.newBuilder().setSignature(ByteString.copyFromUtf8("s"));
    var events = List.of(
        reasoning(0, "void"), called("void"), notice(true),
        reasoning(0, "h"), reasoning(0, "m"), cut(0, Part.newBuilder().setReasoning(signed).build()),
        called("{\"a\""), called(":1}"), cut(1, CALL), DONE);
    var whole = CALL.toBuilder();
    whole.getToolCallBuilder().setArgumentsJson("{\"a\":1}");
    assertEquals(
        List.of(Part.newBuilder().setReasoning(signed.setText("hm")).build(), whole.build()),
        outputOf(1, events).generation().getMessage().getPartsList());
  }

  private static TokenLogprob token(String word) {
    return TokenLogprob.newBuilder().setToken(word).setLogprob(-0.5).build();
  }

  private static StreamEvent.Builder piece(String word) {
    var delta = TextDelta.newBuilder().setPartIndex(1).setText(word).addLogprobs(token(word));
    return StreamEvent.newBuilder().setTextDelta(delta);
  }

  private static ProviderData data(String json) {
    return ProviderData.newBuilder()
        .setProviderType("openai").setApi("responses").setJson(json).build();
  }

  private static Part cited(String words, TokenLogprob... tokens) {
    var source = Annotation.newBuilder()
        .setUri("https://example.com").setProviderData(data("{\"n\":1}"));
    var text = TextPart.newBuilder()
        .setText(words).addAnnotations(source).addAllLogprobs(List.of(tokens));
    return Part.newBuilder().setText(text).build();
  }

  @Test
  void whatAProviderAddsIsPartOfTheMessage() {
    Part search = Part.newBuilder().setProviderPart(data("{\"type\":\"web_search_call\"}")).build();
    var complete = StreamComplete.newBuilder()
        .setMessageOmitted(true).setProviderData(data("{\"id\":\"m\"}"));
    for (var last : List.of(end(1, cited("It is.")), cut(1, cited("")))) {
      var events = List.of(
          piece("void"), notice(true), end(0, search), piece("It "), piece("is."), last,
          StreamEvent.newBuilder().setComplete(complete));
      Message message = outputOf(1, events).generation().getMessage();
      assertEquals(
          List.of(search, cited("It is.", token("It "), token("is."))), message.getPartsList());
      assertEquals(data("{\"id\":\"m\"}"), message.getProviderData());
    }
  }

  private static StreamEvent.Builder called(String fragment) {
    var delta = ToolCallDelta.newBuilder().setPartIndex(1).setArgumentsFragment(fragment);
    return StreamEvent.newBuilder().setToolCallDelta(delta);
  }

  private static StreamEvent.Builder cut(int part, Part remainder) {
    return StreamEvent.newBuilder()
        .setPartEnd(PartEnd.newBuilder().setPartIndex(part).setRemainder(remainder));
  }

  @Test
  void aStreamThatFailsHasNoText() throws IOException {
    String failure = "{code: UNAVAILABLE, reason: OWNER_LOST, retryable: true}";
    Vector vector = Vector.parse("{random: 0, calls: [{end: ok, events: ["
        + "{sequence: 1, writer: 7, kind: start, stream_id: s.1, resumable: true},"
        + "{sequence: 2, writer: 7, kind: text},"
        + "{sequence: 3, writer: 7, kind: error, error: " + failure + "}]}]}");
    for (Function<EventStream, Object> take :
        List.<Function<EventStream, Object>>of(EventStream::text, EventStream::collect)) {
      var error = assertThrows(SteerException.class, () -> Play.take(vector, take));
      assertEquals("OWNER_LOST", error.reason());
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void aRecoveryThatTheCallerNamesStays(MidStreamRecovery named) throws IOException {
    Vector vector = Vector.parse("{random: 0, calls: ["
        + "{end: ok, events: [{sequence: 1, writer: 7, kind: start, stream_id: s.1, resumable: true}]},"
        + "{end: ok, events: [{sequence: 2, writer: 7, kind: complete}]}]}");
    var service = new ScriptedService(vector);
    var spec = GenerationSpec.newBuilder();
    spec.getRoutingBuilder().setMidStreamRecovery(named);
    var request = StreamGenerateRequest.newBuilder().setSpec(spec).build();
    Play.serve(service, SystemClock.INSTANCE, client -> {
      try (EventStream events = client.streamGenerate(request)) {
        events.text();
      }
    });
    var unspecified = MidStreamRecovery.MID_STREAM_RECOVERY_UNSPECIFIED;
    var asked = named == unspecified ? MidStreamRecovery.MID_STREAM_RECOVERY_RESTART : named;
    assertEquals(
        List.of(
            new ScriptedService.Flags(true, asked.name()), new ScriptedService.Flags(true, null)),
        service.flags);
  }
}

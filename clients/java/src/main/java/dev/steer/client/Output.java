package dev.steer.client;

import dev.steer.v1.Generation;
import dev.steer.v1.Message;
import dev.steer.v1.Part;
import dev.steer.v1.ReasoningPart;
import dev.steer.v1.Role;
import dev.steer.v1.StreamComplete;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.TextPart;
import dev.steer.v1.TokenLogprob;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The valid output of a stream, without output that a notice voided. */
final class Output {
  /** A part, built from deltas or received whole at its end. */
  private static final class Draft {
    final StringBuilder text = new StringBuilder();
    final List<TokenLogprob> logprobs = new ArrayList<>();
    boolean isReasoning;
    Part whole;

    Part part() {
      if (whole != null) return withLogprobs();
      String said = text.toString();
      var part = Part.newBuilder();
      return isReasoning
          ? part.setReasoning(ReasoningPart.newBuilder().setText(said)).build()
          : part.setText(TextPart.newBuilder().setText(said).addAllLogprobs(logprobs)).build();
    }

    /** A text that came whole, with the token probabilities of its deltas. */
    private Part withLogprobs() {
      if (logprobs.isEmpty() || !whole.hasText() || whole.getText().getLogprobsCount() > 0) {
        return whole;
      }
      var part = whole.toBuilder();
      part.getTextBuilder().addAllLogprobs(logprobs);
      return part.build();
    }
  }

  /** Completes a part whose `part_end` left out its text with the text of its deltas. */
  private static Part completed(Part remainder, String text) {
    var part = remainder.toBuilder();
    if (part.hasToolCall()) part.getToolCallBuilder().setArgumentsJson(text);
    else if (part.hasText()) part.getTextBuilder().setText(text);
    else if (part.hasReasoning()) part.getReasoningBuilder().setText(text);
    return part.build();
  }

  private final SortedMap<Integer, Draft> drafts = new TreeMap<>();
  /** Arguments of tool calls, for `part_end` events without them. */
  private final SortedMap<Integer, StringBuilder> arguments = new TreeMap<>();
  /**
   * Sequence of the first event received. 1 after a discard, because earlier output is void. 0
   * before the first event.
   */
  private int firstSeen;
  private StreamComplete complete = StreamComplete.getDefaultInstance();

  void add(StreamEvent event) {
    if (firstSeen == 0) firstSeen = event.getSequence();
    switch (event.getEventCase()) {
      case TEXT_DELTA -> {
        var delta = event.getTextDelta();
        Draft draft = draft(delta.getPartIndex());
        draft.text.append(delta.getText());
        draft.logprobs.addAll(delta.getLogprobsList());
      }
      case REASONING_DELTA -> {
        var delta = event.getReasoningDelta();
        Draft draft = draft(delta.getPartIndex());
        draft.isReasoning = true;
        draft.text.append(delta.getText());
      }
      case TOOL_CALL_DELTA -> {
        var delta = event.getToolCallDelta();
        arguments
            .computeIfAbsent(delta.getPartIndex(), unused -> new StringBuilder())
            .append(delta.getArgumentsFragment());
      }
      case PART_END -> {
        var end = event.getPartEnd();
        Draft draft = end.hasPart() || end.hasRemainder() ? draft(end.getPartIndex()) : null;
        if (end.hasPart()) draft.whole = end.getPart();
        else if (end.hasRemainder()) {
          var text = arguments.getOrDefault(end.getPartIndex(), draft.text);
          draft.whole = completed(end.getRemainder(), text.toString());
        }
      }
      case ATTEMPT_NOTICE -> {
        if (event.getAttemptNotice().getDiscardOutput()) {
          drafts.clear();
          arguments.clear();
          firstSeen = 1;
        }
      }
      case COMPLETE -> complete = event.getComplete();
      default -> {}
    }
  }

  String text() {
    Generation result = complete.getGeneration();
    boolean isAlone = !result.hasMessage() && !result.getOutputText().isEmpty();
    return isAlone ? result.getOutputText() : textOf(message());
  }

  Generation generation() {
    var result = complete.getGeneration().toBuilder().setMessage(message());
    if (result.getOutputText().isEmpty()) result.setOutputText(textOf(result.getMessage()));
    return result.build();
  }

  private static String textOf(Message message) {
    StringBuilder text = new StringBuilder();
    for (Part part : message.getPartsList()) text.append(part.getText().getText());
    return text.toString();
  }

  /** True if every event of the valid output was received. An older service sends 0. */
  private boolean isWhole() {
    return firstSeen > 0 && firstSeen <= Math.max(1, complete.getFirstOutputSequence());
  }

  private Draft draft(int index) {
    return drafts.computeIfAbsent(index, unused -> new Draft());
  }

  private Message message() {
    Generation result = complete.getGeneration();
    if (result.hasMessage()) return result.getMessage();
    if (!isWhole()) {
      String text = "the stream was read from its middle on, and its last event has no message";
      throw SteerException.of(
          Status.FAILED_PRECONDITION.withDescription(text), "OUTPUT_INCOMPLETE");
    }
    var message = Message.newBuilder().setRole(Role.ROLE_ASSISTANT);
    drafts.values().forEach(draft -> message.addParts(draft.part()));
    if (complete.hasProviderData()) message.setProviderData(complete.getProviderData());
    return message.build();
  }
}

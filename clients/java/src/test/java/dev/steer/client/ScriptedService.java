package dev.steer.client;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import dev.steer.v1.AttemptNotice;
import dev.steer.v1.GatewayError;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.Heartbeat;
import dev.steer.v1.Part;
import dev.steer.v1.PartEnd;
import dev.steer.v1.ReasoningDelta;
import dev.steer.v1.ResumeStreamRequest;
import dev.steer.v1.StreamComplete;
import dev.steer.v1.StreamError;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamStart;
import dev.steer.v1.TextDelta;
import dev.steer.v1.TextPart;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/** Plays the calls of a vector, one after another, over real gRPC. */
final class ScriptedService extends GenerationServiceGrpc.GenerationServiceImplBase {
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  /** A value of no current enum. */
  private static final int NEWER = 99;

  /** A received call; its stream id is set if it resumes a stream. */
  record Made(String method, String streamId, int lastSequence, int lastWriter) {}

  final List<Made> made = new ArrayList<>();
  /** Flags of each call beside its position; the recovery is set if the call opens a stream. */
  record Flags(boolean acceptsDiscard, String recovery) {}

  final List<Flags> flags = new ArrayList<>();
  final List<String> requestIds = new ArrayList<>();
  final List<Boolean> cancelled = new ArrayList<>();
  /** Calls that were still open at the reader's next call. */
  final List<Integer> leftOpen = new ArrayList<>();
  private final List<Vector.Call> script;

  ScriptedService(Vector vector) {
    script = vector.calls();
  }

  @Override
  public void streamGenerate(StreamGenerateRequest request, StreamObserver<StreamEvent> events) {
    requestIds.add(request.getRequestId());
    var recovery = request.getSpec().getRouting().getMidStreamRecovery();
    flags.add(new Flags(request.getAcceptsDiscard(), recovery.name()));
    play(new Made("StreamGenerate", null, 0, 0), events);
  }

  @Override
  public void resumeStream(ResumeStreamRequest request, StreamObserver<StreamEvent> events) {
    flags.add(new Flags(request.getAcceptsDiscard(), null));
    int sequence = request.getLastSequence();
    play(new Made("ResumeStream", request.getStreamId(), sequence, request.getLastWriter()), events);
  }

  private void play(Made call, StreamObserver<StreamEvent> events) {
    int index = made.size();
    for (int before = 0; before < index; before++) {
      if (script.get(before).endsWith("open") && !cancelled.get(before)) leftOpen.add(before);
    }
    made.add(call);
    cancelled.add(false);
    Vector.Call played = script.get(index);
    ((ServerCallStreamObserver<StreamEvent>) events)
        .setOnCancelHandler(() -> cancelled.set(index, true));
    played.events().forEach(event -> events.onNext(toEvent(event)));
    if (played.endsWith("ok")) events.onCompleted();
    else if (!played.endsWith("open")) events.onError(toException(played.status()));
  }

  private static StreamEvent toEvent(Vector.Event event) {
    var built =
        StreamEvent.newBuilder().setSequence(event.sequence()).setWriter(event.writer());
    int newer = event.newer() ? NEWER : 0;
    switch (event.kind()) {
      case "start" -> built.setStart(
          StreamStart.newBuilder().setStreamId(event.streamId()).setResumable(event.resumable())
              .setDurabilityValue(newer));
      case "text" -> built.setTextDelta(
          TextDelta.newBuilder().setPartIndex(event.part()).setText(textOf(event)));
      case "reasoning" -> built.setReasoningDelta(
          ReasoningDelta.newBuilder().setPartIndex(event.part()).setText(textOf(event)));
      case "notice" -> built.setAttemptNotice(
          AttemptNotice.newBuilder().setDiscardOutput(event.discardOutput())
              .setActionValue(newer));
      case "part_end" -> built.setPartEnd(
          PartEnd.newBuilder().setPartIndex(event.part()).setPart(Part.getDefaultInstance()));
      case "heartbeat" -> built.setHeartbeat(
          Heartbeat.newBuilder().setUndurable(event.undurable()));
      case "complete" -> {
        var complete = StreamComplete.newBuilder().setMessageOmitted(event.messageOmitted())
            .setFirstOutputSequence(event.firstOutputSequence());
        var generation = complete.getGenerationBuilder().setFinishReasonValue(newer);
        if (event.outputText() != null) generation.setOutputText(event.outputText());
        if (event.messageText() != null) {
          var text = TextPart.newBuilder().setText(event.messageText());
          generation.getMessageBuilder().addParts(Part.newBuilder().setText(text));
        }
        built.setComplete(complete);
      }
      case "error" -> built.setError(
          StreamError.newBuilder().setError(
              toError(event.error(), event.error().code()).toBuilder().setCategoryValue(newer)));
      case "unknown" -> {}
      default -> throw new IllegalArgumentException(event.kind());
    }
    return built.build();
  }

  private static String textOf(Vector.Event event) {
    return event.text() == null ? event.sequence() + " " : event.text();
  }

  private static GatewayError toError(Vector.Failure error, String code) {
    return GatewayError.newBuilder()
        .setCode(Code.valueOf(code).getNumber())
        .setReason(error.reason())
        .setRetryable(error.retryable())
        .build();
  }

  private static StatusRuntimeException toException(Vector.Status status) {
    var built = com.google.rpc.Status.newBuilder().setCode(Code.valueOf(status.code()).getNumber());
    if (status.gatewayError() != null) {
      built.addDetails(Any.pack(toError(status.gatewayError(), status.code())));
    }
    if (status.retryInfoMs() != null) {
      long ms = status.retryInfoMs();
      Duration delay =
          Duration.newBuilder().setSeconds(ms / 1000).setNanos((int) (ms % 1000) * 1_000_000).build();
      built.addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
    }
    Metadata trailers = new Metadata();
    if (status.pushbackMs() != null) trailers.put(PUSHBACK, status.pushbackMs().toString());
    return StatusProto.toStatusRuntimeException(built.build(), trailers);
  }
}

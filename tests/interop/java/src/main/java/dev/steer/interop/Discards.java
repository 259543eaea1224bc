package dev.steer.interop;

import com.google.gson.JsonObject;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.steer.client.EventStream;
import dev.steer.client.ReadOptions;
import dev.steer.client.SteerClient;
import dev.steer.client.SteerException;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.GenerationServiceGrpc.GenerationServiceBlockingStub;
import dev.steer.v1.ResumeStreamRequest;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamOptions;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.util.Iterator;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** Streams whose output is voided: by the helper, by plain stubs, and by both together. */
final class Discards {
  private Discards() {}

  /** What a plain stub was given by one call, and how the call has ended. */
  private static final class Given {
    final StringBuilder text = new StringBuilder();
    String code = "OK";
    String reason = "";
    /** Where a reader can go on whose output was voided. */
    ResumeStreamRequest position;

    Given(Iterator<StreamEvent> call) throws InvalidProtocolBufferException {
      try {
        call.forEachRemaining(event -> text.append(event.getTextDelta().getText()));
      } catch (StatusRuntimeException e) {
        code = e.getStatus().getCode().name();
        for (Any detail : StatusProto.fromThrowable(e).getDetailsList()) {
          if (detail.is(ErrorInfo.class)) note(detail.unpack(ErrorInfo.class));
        }
      }
    }

    private void note(ErrorInfo info) {
      reason = info.getReason();
      if (!reason.equals("OUTPUT_DISCARDED")) return;
      var at = info.getMetadataMap();
      position =
          ResumeStreamRequest.newBuilder()
              .setStreamId(at.get("stream_id"))
              .setLastSequence(Integer.parseInt(at.get("last_sequence")))
              .setLastWriter(Integer.parseUnsignedInt(at.get("last_writer")))
              .build();
    }

    JsonObject answer() {
      JsonObject result = new JsonObject();
      result.addProperty("raw_text", text.toString());
      result.addProperty("raw_code", code);
      result.addProperty("raw_reason", reason);
      return result;
    }
  }

  private static GenerationServiceBlockingStub stubOf(SteerClient steer) {
    return GenerationServiceGrpc.newBlockingStub(steer.channel());
  }

  private static StreamGenerateRequest request() throws IOException {
    String id = UUID.randomUUID().toString();
    return Calls.streamRequest(StreamOptions.newBuilder()).toBuilder().setRequestId(id).build();
  }

  static JsonObject lostOwner() throws IOException {
    AtomicInteger discards = new AtomicInteger();
    var options = new ReadOptions().onDiscard(notice -> discards.incrementAndGet());
    JsonObject result = new JsonObject();
    try (SteerClient steer = Calls.connect();
        EventStream events =
            steer.streamGenerate(Calls.streamRequest(StreamOptions.newBuilder()), options)) {
      result.addProperty("text", events.text());
    }
    result.addProperty("discards", discards.get());
    return result;
  }

  /** A plain stub reads a stream of its own. */
  static JsonObject raw() throws IOException {
    try (SteerClient steer = Calls.connect()) {
      return new Given(stubOf(steer).streamGenerate(request())).answer();
    }
  }

  /** A plain stub joins a stream of the helper, and goes on behind what was voided. */
  static JsonObject rawJoins() throws IOException {
    StreamGenerateRequest request = request();
    try (SteerClient steer = Calls.connect();
        EventStream events = steer.streamGenerate(request)) {
      String text = events.text();
      Given joined = new Given(stubOf(steer).streamGenerate(request));
      JsonObject result = joined.answer();
      result.addProperty("text", text);
      if (joined.position != null) {
        Given rest = new Given(stubOf(steer).resumeStream(joined.position));
        result.addProperty("rest", rest.text.toString());
      }
      return result;
    }
  }

  /** The helper joins a stream of a plain stub. */
  static JsonObject joinsRaw() throws IOException {
    StreamGenerateRequest request = request();
    try (SteerClient steer = Calls.connect()) {
      Iterator<StreamEvent> call = stubOf(steer).streamGenerate(request);
      call.next(); // The stream exists.
      StringBuilder text = new StringBuilder();
      String reason = "";
      try (EventStream events = steer.streamGenerate(request)) {
        for (StreamEvent event : events) text.append(event.getTextDelta().getText());
      } catch (SteerException e) {
        reason = e.reason();
      }
      JsonObject result = new Given(call).answer();
      result.addProperty("text", text.toString());
      result.addProperty("reason", reason);
      return result;
    }
  }
}

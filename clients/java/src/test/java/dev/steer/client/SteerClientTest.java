package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.steer.v1.Attempt;
import dev.steer.v1.GatewayError;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamStart;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The channel of {@code connect}, over a socket. */
class SteerClientTest {
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Pushbacks of the refused calls before the first accepted one. */
  private final Queue<String> pushbacks = new ConcurrentLinkedQueue<>();
  private final Queue<String> requestIds = new ConcurrentLinkedQueue<>();
  private final Queue<String> keys = new ConcurrentLinkedQueue<>();
  private Server server;

  private final class Service extends GenerationServiceGrpc.GenerationServiceImplBase {
    @Override
    public void streamGenerate(
        StreamGenerateRequest request, StreamObserver<StreamEvent> answer) {
      stream(answer);
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> answer) {
      requestIds.add(request.getRequestId());
      String pushback = pushbacks.poll();
      if (pushback == null) {
        answer.onNext(GenerateResponse.getDefaultInstance());
        answer.onCompleted();
        return;
      }
      Metadata trailers = new Metadata();
      trailers.put(PUSHBACK, pushback);
      answer.onError(StatusProto.toStatusRuntimeException(refusal(), trailers));
    }
  }

  /** The rest of it never comes. */
  private static void stream(StreamObserver<StreamEvent> answer) {
    var start = StreamStart.newBuilder().setStreamId("s.1").setResumable(true);
    answer.onNext(StreamEvent.newBuilder().setSequence(1).setWriter(7).setStart(start).build());
  }

  private final class Keys implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      keys.add(String.valueOf(headers.get(AUTHORIZATION)));
      return next.startCall(call, headers);
    }
  }

  private static com.google.rpc.Status refusal() {
    var error =
        GatewayError.newBuilder()
            .setReason("ATTEMPTS_EXHAUSTED")
            .setRetryable(true)
            .addAttempts(Attempt.newBuilder().setProvider("simulator"));
    var info = ErrorInfo.newBuilder().setReason("ATTEMPTS_EXHAUSTED").setDomain("steer");
    return com.google.rpc.Status.newBuilder()
        .setCode(Code.UNAVAILABLE_VALUE)
        .addDetails(Any.pack(info.build()))
        .addDetails(Any.pack(error.build()))
        .build();
  }

  @BeforeEach
  void start() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(ServerInterceptors.intercept(new Service(), new Keys()))
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
  }

  private void generate() {
    try (SteerClient client = SteerClient.connect("127.0.0.1:" + server.getPort(), "a-key")) {
      client.generate(GenerateRequest.getDefaultInstance());
    }
  }

  @Test
  void repeatsWhatWasRefusedWithTheSameRequestId() {
    pushbacks.add("1");
    generate();
    assertEquals(2, requestIds.size());
    assertEquals(1, requestIds.stream().distinct().count());
    assertFalse(requestIds.element().isEmpty());
  }

  @Test
  void doesNotRepeatWhatTheServiceHasGivenUp() {
    pushbacks.add("-1");
    SteerException error = assertThrows(SteerException.class, this::generate);
    assertEquals(1, requestIds.size());
    assertEquals(Status.Code.UNAVAILABLE, error.code());
    assertEquals("ATTEMPTS_EXHAUSTED", error.reason());
    assertEquals("simulator", error.detail().getAttempts(0).getProvider());
  }

  @Test
  void sendsTheKeyOfTheCaller() {
    generate();
    assertEquals("Bearer a-key", keys.element());
  }

  @Test
  void tellsOfACallThatNobodyHasAnswered() {
    try (SteerClient client = SteerClient.connect("127.0.0.1:1", "a-key")) {
      SteerException error = assertThrows(SteerException.class,
          () -> client.generate(GenerateRequest.getDefaultInstance(), Duration.ofMillis(1)));
      assertFalse(error.isFromGateway());
      assertEquals(0, error.detail().getAttemptsCount());
      assertNull(error.cursor());
    }
  }

  @Test
  void asksForTheKeyBeforeEachCall() {
    Queue<String> tokens = new ConcurrentLinkedQueue<>(List.of("first", "", "two words"));
    try (SteerClient client =
        SteerClient.connect("127.0.0.1:" + server.getPort(), null, tokens::remove)) {
      for (int call = 0; call < 2; call++) {
        client.generate(GenerateRequest.getDefaultInstance(), Duration.ofMinutes(1));
      }
      SteerException error = assertThrows(SteerException.class,
          () -> client.generate(GenerateRequest.getDefaultInstance(), Duration.ofMinutes(1)));
      assertEquals("KEY_INVALID", error.reason());
    }
    assertEquals(List.of("Bearer first", "null"), List.copyOf(keys));
  }

  @Test
  void endsAStreamOfAClientThatIsClosedWithItsPosition() {
    SteerClient client = SteerClient.connect("127.0.0.1:" + server.getPort(), "a-key");
    EventStream events = client.streamGenerate(StreamGenerateRequest.getDefaultInstance());
    assertEquals(1, events.next().getSequence());
    client.close();
    SteerException error = assertThrows(SteerException.class, events::next);
    assertEquals(Status.Code.CANCELLED, error.code());
    assertEquals(new StreamCursor("s.1", 1, 7), error.cursor());
  }
}

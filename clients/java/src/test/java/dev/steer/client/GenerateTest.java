package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.steer.v1.GatewayError;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.GenerationServiceGrpc;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Repeated unary calls, over a socket. */
@Timeout(60)
class GenerateTest {
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
  private static final Duration DEADLINE = Duration.ofSeconds(50);
  private static final Consumer<StreamObserver<GenerateResponse>> ANSWERS =
      answer -> {
        answer.onNext(GenerateResponse.getDefaultInstance());
        answer.onCompleted();
      };

  private final Queue<Server> servers = new ConcurrentLinkedQueue<>();
  private final Queue<String> requestIds = new ConcurrentLinkedQueue<>();

  /** Waits exactly as long as the service asks for. */
  private static final class Hurried implements Clock {
    @Override
    public <T> T poll(BlockingQueue<T> queue, Duration wait) throws InterruptedException {
      return SystemClock.INSTANCE.poll(queue, wait);
    }

    @Override
    public Context.CancellableContext limit(Duration time) {
      return SystemClock.INSTANCE.limit(time);
    }

    @Override
    public double random() {
      return 0;
    }
  }

  /** A replica's answer to each call. */
  private final class Replica extends GenerationServiceGrpc.GenerationServiceImplBase {
    private final Consumer<StreamObserver<GenerateResponse>> say;

    Replica(Consumer<StreamObserver<GenerateResponse>> say) {
      this.say = say;
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> answer) {
      requestIds.add(request.getRequestId());
      say.accept(answer);
    }
  }

  private Server start(int port, Consumer<StreamObserver<GenerateResponse>> say)
      throws IOException {
    var builder = Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create());
    Server server = builder.addService(new Replica(say)).build().start();
    servers.add(server);
    return server;
  }

  @AfterEach
  void stop() {
    servers.forEach(Server::shutdownNow);
  }

  private static StatusRuntimeException refusal(int code, String pushback) {
    var error = GatewayError.newBuilder().setReason("DRAINING").setRetryable(true).build();
    var info = ErrorInfo.newBuilder().setReason("DRAINING").setDomain("steer").build();
    var status = com.google.rpc.Status.newBuilder().setCode(code);
    status.addDetails(Any.pack(info)).addDetails(Any.pack(error));
    Metadata trailers = new Metadata();
    if (pushback != null) trailers.put(PUSHBACK, pushback);
    return StatusProto.toStatusRuntimeException(status.build(), trailers);
  }

  private static Consumer<StreamObserver<GenerateResponse>> refusing(String pushback) {
    return answer -> answer.onError(refusal(Code.UNAVAILABLE_VALUE, pushback));
  }

  private static GenerateResponse generate(SteerClient client) {
    return client.generate(GenerateRequest.getDefaultInstance(), DEADLINE);
  }

  private static SteerClient clientOf(Server server) {
    return SteerClient.connect("127.0.0.1:" + server.getPort(), null);
  }

  /** Makes this many calls at once over one channel. Throws the error of a failed one. */
  private static void generateTogether(SteerClient client, int calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(calls);
    try {
      Callable<GenerateResponse> task = () -> generate(client);
      var tasks = Collections.nCopies(calls, task);
      for (Future<GenerateResponse> call : threads.invokeAll(tasks)) call.get();
    } finally {
      threads.shutdownNow();
    }
  }

  /** Runs beside the test, which waits for its end. */
  private static Thread beside(Callable<?> work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    thread.start();
    return thread;
  }

  @Test
  void fieldE25NoCallOfManyFailsWhenTheirReplicaIsLost() throws Exception {
    int calls = 40;
    CountDownLatch arrived = new CountDownLatch(calls);
    Server lost = start(0, answer -> arrived.countDown());
    int port = lost.getPort();
    Thread fate =
        beside(
            () -> {
              arrived.await();
              lost.shutdownNow().awaitTermination();
              return start(port, ANSWERS);
            });
    try (SteerClient client = clientOf(lost)) {
      // More calls than the channel's own retries would allow.
      generateTogether(client, calls);
    }
    fate.join();
    assertEquals(calls, requestIds.stream().distinct().count());
  }

  @Test
  void fieldE25CallsThatADrainingReplicaRefusesWaitForItsGoAway() throws Exception {
    Server draining = start(0, refusing("200"));
    int port = draining.getPort();
    Thread fate =
        beside(
            () -> {
              // The replica refuses calls on its connection for two seconds before GOAWAY.
              TimeUnit.SECONDS.sleep(2);
              draining.shutdown().awaitTermination();
              return start(port, ANSWERS);
            });
    try (SteerClient client = clientOf(draining)) {
      generateTogether(client, 8);
    }
    fate.join();
    assertEquals(8, requestIds.stream().distinct().count());
  }

  @Test
  void aRefusedCallIsMadeTenTimesMoreAtMost() throws Exception {
    Server server = start(0, refusing("1"));
    try (SteerClient client = new SteerClient(clientOf(server).channel(), new Hurried())) {
      var error = assertThrows(SteerException.class, () -> generate(client));
      assertEquals("DRAINING", error.reason());
    }
    assertEquals(11, requestIds.size());
    assertEquals(1, requestIds.stream().distinct().count());
  }

  @Test
  void whatTheServiceHasAnsweredIsNotAskedAgain() throws Exception {
    var answers =
        List.of(
            refusal(Code.UNAVAILABLE_VALUE, "-1"),
            refusal(Code.UNAVAILABLE_VALUE, null),
            refusal(Code.RESOURCE_EXHAUSTED_VALUE, "1"),
            Status.INVALID_ARGUMENT.asRuntimeException(),
            Status.UNKNOWN.asRuntimeException());
    for (StatusRuntimeException said : answers) {
      requestIds.clear();
      Server server = start(0, answer -> answer.onError(said));
      try (SteerClient client = clientOf(server)) {
        var error = assertThrows(SteerException.class, () -> generate(client));
        assertEquals(said.getStatus().getCode(), error.code());
      }
      assertEquals(1, requestIds.size());
    }
  }

  @Test
  void theDeadlineHoldsOverAllRepetitions() throws Exception {
    Server server = start(0, refusing("600000"));
    try (SteerClient client = clientOf(server)) {
      var error = assertThrows(SteerException.class, () -> generate(client));
      // The reason is the service's, not a deadline that was never reached.
      assertEquals("DRAINING", error.reason());
    }
    assertEquals(1, requestIds.size());
  }

  @Test
  void aCallerThatCancelsIsNotKeptWaiting() throws Exception {
    Context.CancellableContext caller = Context.current().withCancellation();
    Server server =
        start(
            0,
            answer -> {
              answer.onError(refusal(Code.UNAVAILABLE_VALUE, "40000"));
              beside(() -> caller.cancel(null));
            });
    long began = System.nanoTime();
    try (SteerClient client = clientOf(server)) {
      var error =
          assertThrows(SteerException.class, () -> caller.run(() -> generate(client)));
      assertEquals(Status.Code.CANCELLED, error.code());
    }
    assertTrue(Duration.ofNanos(System.nanoTime() - began).toSeconds() < 40);
  }

  @Test
  void aClientThatIsClosedRepeatsNothing() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    Server server = start(0, answer -> arrived.countDown());
    SteerClient client = clientOf(server);
    beside(
        () -> {
          arrived.await();
          client.close();
          return null;
        });
    assertThrows(SteerException.class, () -> generate(client));
    assertEquals(1, requestIds.size());
  }
}

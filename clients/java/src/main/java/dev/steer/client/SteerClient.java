package dev.steer.client;

import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.MidStreamRecovery;
import dev.steer.v1.StreamGenerateRequest;
import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A channel with the settings that Steer needs, and the calls that need more than a stub. */
public final class SteerClient implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  /** A call that is silent for this many heartbeats is dead. */
  private static final int MISSED_HEARTBEATS = 3;
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final int MAX_ANSWER_BYTES = 4 << 20;
  private static final String SERVICE = GenerationServiceGrpc.SERVICE_NAME;

  /**
   * The channel repeats only calls that generate nothing. This class repeats calls of
   * GenerationService, because it fills `request_id` and can read the service's errors.
   */
  private static final Map<String, ?> SERVICE_CONFIG = Map.of(
      "methodConfig", List.of(Map.of(
          "name", List.of(
              Map.of("service", SERVICE, "method", "CountTokens"),
              Map.of("service", "steer.v1.ModelService")),
          "retryPolicy", Map.of(
              "maxAttempts", 5.0,
              "initialBackoff", "0.1s",
              "maxBackoff", "2s",
              "backoffMultiplier", 2.0,
              "retryableStatusCodes", List.of("UNAVAILABLE")))),
      "retryThrottling", Map.of("maxTokens", 10.0, "tokenRatio", 0.1));

  private final ManagedChannel channel;
  private final Clock clock;

  SteerClient(ManagedChannel channel, Clock clock) {
    this.channel = channel;
    this.clock = clock;
  }

  /**
   * Uses the environment: the address STEER_ADDRESS (default 127.0.0.1:50051) and the key
   * STEER_API_KEY.
   */
  public static SteerClient connect() {
    return connect(null, (String) null);
  }

  /** Uses the key STEER_API_KEY of the environment, if it is set. */
  public static SteerClient connect(String address) {
    return connect(address, (String) null);
  }

  /**
   * {@code address} is {@code host:port} or {@code http://host:port} for clear text, or {@code
   * https://host:port} for TLS with the authorities of the JVM; null: the environment's. {@code
   * token} is the caller's key; null: the environment's; an empty key is not sent. Throws {@link
   * SteerException} ADDRESS_INVALID or KEY_INVALID.
   */
  public static SteerClient connect(String address, String token) {
    return connect(Settings.of(address, token, System::getenv), null);
  }

  /**
   * {@code credentials} replace those that the address implies, unless null. {@code token} is
   * called before each call; null or an empty key is not sent.
   */
  public static SteerClient connect(
      String address, ChannelCredentials credentials, Supplier<String> token) {
    Settings settings = token == null
        ? Settings.of(address, (String) null, System::getenv)
        : Settings.of(address, token, System::getenv);
    return connect(settings, credentials);
  }

  private static SteerClient connect(Settings settings, ChannelCredentials given) {
    ServiceAddress address = settings.address();
    if (given == null) settings.warnOfClearKey();
    ChannelCredentials transport = given != null ? given
        : address.isSecure() ? TlsChannelCredentials.create() : InsecureChannelCredentials.create();
    ChannelCredentials all = !settings.hasKey() ? transport
        : CompositeChannelCredentials.create(transport, new Bearer(settings.key()));
    ManagedChannel channel = Grpc.newChannelBuilderForAddress(address.host(), address.port(), all)
        .defaultServiceConfig(SERVICE_CONFIG)
        // If a connection does not answer a ping, its calls are resumed over another.
        .keepAliveTime(60, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .build();
    return new SteerClient(channel, SystemClock.INSTANCE);
  }

  /** For any stub, for example {@code ModelServiceGrpc.newBlockingStub(client.channel())}. */
  public ManagedChannel channel() {
    return channel;
  }

  /**
   * Generates the whole answer within the deadline, repetitions included. The call is repeated up
   * to ten times if a connection or a replica was lost before the answer, or if the service refused
   * the call and asks for a repetition. A repetition joins a generation that still runs, or gets
   * its stored answer. If the lost connection cancelled the generation, the answer is generated
   * again, and a provider can be paid twice.
   */
  public GenerateResponse generate(GenerateRequest request, Duration deadline) {
    GenerateRequest whole = request.getRequestId().isEmpty()
        ? request.toBuilder().setRequestId(newId()).build() : request;
    Deadline end = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
    for (int tries = 1; ; tries++) {
      try {
        return GenerationServiceGrpc.newBlockingStub(channel).withDeadline(end).generate(whole);
      } catch (StatusRuntimeException e) {
        waitAfter(SteerException.of(e.getStatus(), e.getTrailers()), tries, end);
      }
    }
  }

  /** The same with a deadline of one hour, the service's default maximum. */
  public GenerateResponse generate(GenerateRequest request) {
    return generate(request, LONGEST);
  }

  /** Waits before a unary call is repeated. Throws if it must not be repeated. */
  private void waitAfter(SteerException cause, int tries, Deadline end) {
    if (channel.isShutdown()) throw cause.orClosed();
    if (tries > Repetition.MAX_TRIES || !Repetition.isWanted(cause)) throw cause;
    Duration wait = Repetition.waitAfter(cause, tries, clock.random());
    if (end.timeRemaining(TimeUnit.NANOSECONDS) <= wait.toNanos()) throw cause;
    BlockingQueue<Context> stops = new LinkedBlockingQueue<>();
    Context context = Context.current();
    Context.CancellationListener listener = stops::add;
    context.addListener(listener, Runnable::run);
    try {
      clock.poll(stops, wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw SteerException.of(Status.CANCELLED.withCause(e), "INTERRUPTED");
    } finally {
      context.removeListener(listener);
    }
    if (context.isCancelled()) throw SteerException.of(Contexts.statusFromCancelled(context), "");
    channel.resetConnectBackoff(); // these waits replace the channel's longer backoff
  }

  /**
   * Generates and streams. Resumes by itself if a connection or a replica is lost. Accepts
   * discards, and asks for MID_STREAM_RECOVERY_RESTART if the request names no recovery.
   */
  public EventStream streamGenerate(StreamGenerateRequest request, ReadOptions options) {
    var whole = request.toBuilder().setAcceptsDiscard(true);
    boolean isNamed = !request.getRequestId().isEmpty() || request.getOptions().getEphemeral();
    if (!isNamed) whole.setRequestId(newId());
    if (request.hasSpec() && request.getSpec().getRouting().getMidStreamRecoveryValue() == 0) {
      whole.getSpecBuilder().getRoutingBuilder()
          .setMidStreamRecovery(MidStreamRecovery.MID_STREAM_RECOVERY_RESTART);
    }
    var interval = request.getOptions().getHeartbeatInterval();
    Duration heartbeat = request.getOptions().hasHeartbeatInterval()
        ? Duration.ofSeconds(interval.getSeconds(), interval.getNanos()) : HEARTBEAT;
    Duration silence = options.silence == null
        ? heartbeat.multipliedBy(MISSED_HEARTBEATS) : options.silence;
    StreamCursor start = new StreamCursor("", 0, 0);
    return new EventStream(channel, clock, whole.build(), start, silence, options);
  }

  /** The same with the default options. */
  public EventStream streamGenerate(StreamGenerateRequest request) {
    return streamGenerate(request, new ReadOptions());
  }

  /** Resumes a stream at a stored position. */
  public EventStream resumeStream(StreamCursor cursor, ReadOptions options) {
    // The heartbeat interval is that of the first call, which is unknown here: no limit by default.
    Duration silence = options.silence == null ? Duration.ZERO : options.silence;
    return new EventStream(channel, clock, null, cursor, silence, options);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }

  private static final class Bearer extends CallCredentials {
    private final Supplier<String> key;

    Bearer(Supplier<String> key) {
      this.key = key;
    }

    @Override
    public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier result) {
      executor.execute(() -> {
        try {
          Metadata headers = new Metadata();
          String found = key.get();
          if (!found.isEmpty()) headers.put(AUTHORIZATION, "Bearer " + found);
          result.apply(headers);
        } catch (SteerException e) {
          result.fail(e.getStatus().withCause(e));
        } catch (RuntimeException e) {
          result.fail(Status.UNAUTHENTICATED.withCause(e));
        }
      });
    }
  }
}

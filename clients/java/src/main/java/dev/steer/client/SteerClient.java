package dev.steer.client;

import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.StreamGenerateRequest;
import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A channel with the settings that Steer asks for, and the calls that need more than a stub. */
public final class SteerClient implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  /** Three heartbeats: a call that is silent for so long is dead. */
  private static final int MISSED_HEARTBEATS = 3;
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final int MAX_ANSWER_BYTES = 4 << 20;
  private static final String SERVICE = GenerationServiceGrpc.SERVICE_NAME;

  /** Safe for all: `request_id` is always filled, and the service's pushback decides. */
  private static final Map<String, ?> SERVICE_CONFIG = Map.of(
      "methodConfig", List.of(
          methodConfig(3, "0.2s",
              Map.of("service", SERVICE, "method", "Generate"),
              Map.of("service", SERVICE, "method", "StreamGenerate")),
          methodConfig(5, "0.1s",
              Map.of("service", SERVICE, "method", "ResumeStream"),
              Map.of("service", SERVICE, "method", "CountTokens"),
              Map.of("service", "steer.v1.ModelService"))),
      "retryThrottling", Map.of("maxTokens", 10.0, "tokenRatio", 0.1));

  private final ManagedChannel channel;
  private final Clock clock;

  SteerClient(ManagedChannel channel, Clock clock) {
    this.channel = channel;
    this.clock = clock;
  }

  /** In clear text; {@code token} is the caller's key, or null. */
  public static SteerClient connect(String address, String token) {
    return connect(
        address, InsecureChannelCredentials.create(), token == null ? null : () -> token);
  }

  /** {@code token} is asked before each call, or null. */
  public static SteerClient connect(
      String address, ChannelCredentials credentials, Supplier<String> token) {
    ChannelCredentials all = token == null ? credentials
        : CompositeChannelCredentials.create(credentials, new Bearer(token));
    ManagedChannel channel = Grpc.newChannelBuilder(address, all)
        .defaultServiceConfig(SERVICE_CONFIG)
        // A connection that does not answer a ping is dead; its calls are resumed over another.
        .keepAliveTime(60, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .build();
    return new SteerClient(channel, SystemClock.INSTANCE);
  }

  /** For every stub, as in {@code ModelServiceGrpc.newBlockingStub(client.channel())}. */
  public ManagedChannel channel() {
    return channel;
  }

  /** Generates the whole answer within the deadline. */
  public GenerateResponse generate(GenerateRequest request, Duration deadline) {
    GenerateRequest whole = request.getRequestId().isEmpty()
        ? request.toBuilder().setRequestId(newId()).build() : request;
    try {
      return GenerationServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS).generate(whole);
    } catch (StatusRuntimeException e) {
      throw SteerException.of(e.getStatus(), e.getTrailers());
    }
  }

  /** Generates and streams; goes on by itself where a connection or a replica is lost. */
  public EventStream stream(StreamGenerateRequest request, ReadOptions options) {
    boolean isWhole = !request.getRequestId().isEmpty() || request.getOptions().getEphemeral();
    return read(isWhole ? request : request.toBuilder().setRequestId(newId()).build(), options);
  }

  /** Goes on with a stream whose position was kept elsewhere. */
  public EventStream resume(StreamCursor cursor, ReadOptions options) {
    // The heartbeat is the first call's, which is not known here: no limit unless one is given.
    Duration silence = options.silence == null ? Duration.ZERO : options.silence;
    return new EventStream(channel, clock, null, cursor, silence, options);
  }

  /** Streams the request as it is, with a `request_id` or without. */
  EventStream read(StreamGenerateRequest request, ReadOptions options) {
    var interval = request.getOptions().getHeartbeatInterval();
    Duration heartbeat = request.getOptions().hasHeartbeatInterval()
        ? Duration.ofSeconds(interval.getSeconds(), interval.getNanos()) : HEARTBEAT;
    Duration silence = options.silence == null
        ? heartbeat.multipliedBy(MISSED_HEARTBEATS) : options.silence;
    StreamCursor start = new StreamCursor("", 0, 0);
    return new EventStream(channel, clock, request, start, silence, options);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }

  @SafeVarargs
  private static Map<String, ?> methodConfig(
      double attempts, String backoff, Map<String, String>... names) {
    return Map.of("name", List.of(names), "retryPolicy", Map.of(
        "maxAttempts", attempts,
        "initialBackoff", backoff,
        "maxBackoff", "2s",
        "backoffMultiplier", 2.0,
        "retryableStatusCodes", List.of("UNAVAILABLE")));
  }

  private static final class Bearer extends CallCredentials {
    private final Supplier<String> token;

    Bearer(Supplier<String> token) {
      this.token = token;
    }

    @Override
    public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier result) {
      executor.execute(() -> {
        try {
          Metadata headers = new Metadata();
          headers.put(AUTHORIZATION, "Bearer " + token.get());
          result.apply(headers);
        } catch (RuntimeException e) {
          result.fail(Status.UNAUTHENTICATED.withCause(e));
        }
      });
    }
  }
}

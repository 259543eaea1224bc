package dev.steer.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.steer.v1.GatewayError;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.time.Duration;
import java.util.Optional;

/** A failed call, with the service's description of the failure. */
public final class SteerException extends StatusRuntimeException {
  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final transient GatewayError detail;
  private final transient StreamCursor cursor;
  private final String reason;

  private SteerException(
      Status status, Metadata trailers, GatewayError detail, String reason, StreamCursor cursor) {
    super(status, trailers);
    this.detail = detail;
    this.reason = reason;
    this.cursor = cursor;
  }

  /** The error of a call's status, also for calls of plain stubs. */
  public static SteerException of(Status status, Metadata trailers) {
    // An error that this package threw inside a call.
    if (status.getCause() instanceof SteerException own) return own;
    Metadata all = trailers == null ? new Metadata() : trailers;
    GatewayError detail = find(all, GatewayError.class).orElse(null);
    String reason = detail == null ? "" : detail.getReason();
    reason = find(all, ErrorInfo.class).map(ErrorInfo::getReason).orElse(reason);
    return new SteerException(status, all, detail, reason, null);
  }

  /** The error of a stream's terminal event. */
  static SteerException of(GatewayError detail) {
    Status status = Status.fromCodeValue(detail.getCode()).withDescription(detail.getMessage());
    return new SteerException(status, new Metadata(), detail, detail.getReason(), null);
  }

  /** An error of the reader itself. */
  static SteerException of(Status status, String reason) {
    return new SteerException(status, new Metadata(), null, reason, null);
  }

  /** The same error with the reader's position. */
  SteerException at(StreamCursor position) {
    return new SteerException(getStatus(), getTrailers(), detail, reason, position);
  }

  public Status.Code code() {
    return getStatus().getCode();
  }

  /** Stable cause in UPPER_SNAKE_CASE; empty if the status comes from a library or a proxy. */
  public String reason() {
    return reason;
  }

  /**
   * The gateway's complete error: category, attempts, usage. Empty, never null, if the gateway sent
   * none: {@link #isFromGateway}.
   */
  public GatewayError detail() {
    return detail == null ? GatewayError.getDefaultInstance() : detail;
  }

  /** True if the same call can succeed later. */
  public boolean retryable() {
    if (detail != null) return detail.getRetryable();
    return !isFromGateway() && code() == Status.Code.UNAVAILABLE;
  }

  /** True if the gateway answered; otherwise the status comes from a library or a proxy. */
  public boolean isFromGateway() {
    if (detail != null) return true;
    var domain = find(getTrailers(), ErrorInfo.class).map(ErrorInfo::getDomain);
    return domain.filter("steer"::equals).isPresent();
  }

  /** Shortest sensible wait before a repetition. */
  public Duration retryDelay() {
    var delay = find(getTrailers(), RetryInfo.class).map(RetryInfo::getRetryDelay);
    return delay
        .or(() -> Optional.ofNullable(detail).map(GatewayError::getRetryDelay))
        .map(found -> Duration.ofSeconds(found.getSeconds(), found.getNanos()))
        .orElse(Duration.ZERO);
  }

  /**
   * Position of the stream's reader, sufficient to resume later. Null if the call was not a stream.
   */
  public StreamCursor cursor() {
    return cursor;
  }

  /**
   * Milliseconds, or null. A negative value forbids automatic repetitions, any other asks for one.
   */
  Long pushback() {
    String text = getTrailers().get(PUSHBACK);
    if (text == null) return null;
    // A value that is not a number forbids a repetition, as in gRPC.
    return text.matches("\\d{1,9}") ? Long.parseLong(text) : -1L;
  }

  /** True if the service forbids automatic repetitions. */
  boolean isFinal() {
    Long pushback = pushback();
    return pushback != null && pushback < 0 || detail != null && !detail.getRetryable();
  }

  /** The error of a call on a closed client, if it has that status. */
  SteerException orClosed() {
    if (isFromGateway()) return this;
    return of(Status.CANCELLED.withDescription("the client is closed").withCause(this), "");
  }

  private static <T extends Message> Optional<T> find(Metadata trailers, Class<T> type) {
    try {
      com.google.rpc.Status details = trailers.get(DETAILS);
      if (details == null) return Optional.empty();
      for (Any any : details.getDetailsList()) {
        if (any.is(type)) return Optional.of(any.unpack(type));
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      // Broken or foreign details: only the status counts.
    }
    return Optional.empty();
  }
}

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

/** A call that did not succeed, with what the service says of it. */
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

  /** The error of a call's status; for calls of a plain stub as well. */
  public static SteerException of(Status status, Metadata trailers) {
    // What this package has thrown inside of a call.
    if (status.getCause() instanceof SteerException own) return own;
    Metadata all = trailers == null ? new Metadata() : trailers;
    GatewayError detail = find(all, GatewayError.class).orElse(null);
    String reason = detail == null ? "" : detail.getReason();
    reason = find(all, ErrorInfo.class).map(ErrorInfo::getReason).orElse(reason);
    return new SteerException(status, all, detail, reason, null);
  }

  /** The error that ends a stream, as its last event tells it. */
  static SteerException of(GatewayError detail) {
    Status status = Status.fromCodeValue(detail.getCode()).withDescription(detail.getMessage());
    return new SteerException(status, new Metadata(), detail, detail.getReason(), null);
  }

  /** An error of the reader's own. */
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

  /** Stable cause in UPPER_SNAKE_CASE; empty where the status comes from a library or a proxy. */
  public String reason() {
    return reason;
  }

  /**
   * The gateway's error in full: category, attempts, usage. Empty, and never null, where the gateway has
   * said nothing: {@link #isFromGateway}.
   */
  public GatewayError detail() {
    return detail == null ? GatewayError.getDefaultInstance() : detail;
  }

  /** Repeating the same call later can succeed. */
  public boolean retryable() {
    if (detail != null) return detail.getRetryable();
    return !isFromGateway() && code() == Status.Code.UNAVAILABLE;
  }

  /** The service has answered; else the status is a library's or a proxy's. */
  public boolean isFromGateway() {
    if (detail != null) return true;
    var domain = find(getTrailers(), ErrorInfo.class).map(ErrorInfo::getDomain);
    return domain.filter("steer"::equals).isPresent();
  }

  /** Earliest sensible moment for that. */
  public Duration retryDelay() {
    var delay = find(getTrailers(), RetryInfo.class).map(RetryInfo::getRetryDelay);
    return delay
        .or(() -> Optional.ofNullable(detail).map(GatewayError::getRetryDelay))
        .map(found -> Duration.ofSeconds(found.getSeconds(), found.getNanos()))
        .orElse(Duration.ZERO);
  }

  /** Where the reader of a stream stood: enough to go on later. Null where the call was none of a stream. */
  public StreamCursor cursor() {
    return cursor;
  }

  /** Milliseconds, or null; negative forbids a repetition that nobody decides, others ask for one. */
  Long pushback() {
    String text = getTrailers().get(PUSHBACK);
    if (text == null) return null;
    // What is no number forbids a repetition, as gRPC has it.
    return text.matches("\\d{1,9}") ? Long.parseLong(text) : -1L;
  }

  /** Whether the service has said that nobody is to repeat the call. */
  boolean isFinal() {
    Long pushback = pushback();
    return pushback != null && pushback < 0 || detail != null && !detail.getRetryable();
  }

  /** What a call of a closed client ends with: this, if the service has said it. */
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
      // Broken, or another's: the status alone counts.
    }
    return Optional.empty();
  }
}

package dev.steer.client;

import static io.grpc.Status.Code.*;

import dev.steer.v1.Generation;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.ResumeStreamRequest;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The events of a stream, each once and in order, over as many calls as necessary:
 * docs/resuming.md. Ends after {@code complete}. Returns an {@code error} event and then throws it.
 * Use it in try-with-resources: closing ends the call. Only {@code close} may be called from
 * another thread.
 */
public final class EventStream
    implements Iterator<StreamEvent>, Iterable<StreamEvent>, AutoCloseable {
  /** Time for a call to end by itself. Leaving at once would look like a cancel. */
  private static final Duration END = Duration.ofSeconds(1);
  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);
  /** Codes that a repetition cannot change. */
  private static final Set<Status.Code> FINAL =
      Set.of(INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, NOT_FOUND,
          OUT_OF_RANGE, DATA_LOSS, FAILED_PRECONDITION, ALREADY_EXISTS);

  private final ManagedChannel channel;
  private final Clock clock;
  private final ReadOptions options;
  private final StreamGenerateRequest request;
  private final Duration silence;
  /**
   * Parent context of all calls. It ends with the caller's context and deadline, or by {@code
   * close}.
   */
  private final Context.CancellableContext scope;
  /** Wakes a reader that waits between two calls. */
  private final BlockingQueue<Context> stops = new LinkedBlockingQueue<>();

  private Delivery delivery;
  /** Position of the last event received. */
  private StreamCursor cursor;
  /** Received and not yet returned. */
  private StreamEvent next;
  private boolean isOver;
  private SteerException failure;
  private boolean isResumable = true;
  private boolean isDurable = true;
  private boolean hasProgress;
  private int tries;

  /** If the cursor names a stream, {@code request} is not used. */
  EventStream(ManagedChannel channel, Clock clock, StreamGenerateRequest request,
      StreamCursor from, Duration silence, ReadOptions options) {
    this.channel = channel;
    this.clock = clock;
    this.request = request;
    this.cursor = from;
    this.silence = silence.isZero() ? FOREVER : silence;
    this.options = options;
    boolean isLimited = options.deadline != null;
    scope = isLimited ? clock.limit(options.deadline) : Context.current().withCancellation();
    scope.addListener(stops::add, Runnable::run);
  }

  @Override
  public Iterator<StreamEvent> iterator() {
    return this;
  }

  @Override
  public boolean hasNext() {
    if (next == null && !isOver) next = read();
    return next != null;
  }

  @Override
  public StreamEvent next() {
    if (!hasNext()) throw new NoSuchElementException();
    StreamEvent event = next;
    next = null;
    return event;
  }

  /**
   * Reads to the end and returns the valid text: the text parts in the order of their index,
   * joined, without voided output. Throws the error of a failed stream. Throws OUTPUT_INCOMPLETE if
   * the events began after the first valid output and the last event has no message.
   */
  public String text() {
    return rest().text();
  }

  /**
   * Reads to the end and returns the result, always with its message and its {@code output_text},
   * which are assembled from the events if the last event leaves them out. Throws like {@link
   * #text}.
   */
  public Generation collect() {
    return rest().generation();
  }

  private Output rest() {
    Output rest = new Output();
    while (hasNext()) rest.add(next());
    return rest;
  }

  @Override
  public void close() {
    scope.cancel(null);
  }

  /** The next event to return, or null after the last one. */
  private StreamEvent read() {
    if (failure != null) throw failure;
    boolean isWhole = false;
    try {
      while (!isOver) {
        throwIfStopped();
        if (delivery == null) delivery = startDelivery();
        Delivery.Word word = clock.poll(delivery.words, silence);
        throwIfStopped();
        if (word == null) {
          goOn(lost("SILENCE", "no event and no heartbeat for " + silence));
        } else if (word.event() == null) {
          endDelivery(word);
        } else {
          delivery.taken();
          isWhole = accept(word.event());
          if (isWhole) return word.event();
        }
      }
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure = SteerException.of(Status.CANCELLED.withCause(e), "INTERRUPTED").at(cursor);
      throw failure;
    } catch (SteerException e) {
      failure = e.at(cursor);
      throw failure;
    } finally {
      if (!isWhole) close();
    }
  }

  private Delivery startDelivery() {
    if (cursor.streamId().isEmpty()) {
      return startCall(GenerationServiceGrpc.getStreamGenerateMethod(), request);
    }
    ResumeStreamRequest resume = ResumeStreamRequest.newBuilder().setStreamId(cursor.streamId())
        .setLastSequence(cursor.sequence()).setLastWriter(cursor.writer())
        .setAcceptsDiscard(true).build();
    return startCall(GenerationServiceGrpc.getResumeStreamMethod(), resume);
  }

  private <Q> Delivery startCall(MethodDescriptor<Q, StreamEvent> method, Q message) {
    Duration timeout = options.deliveryTimeout;
    CallOptions call = timeout == null ? CallOptions.DEFAULT
        : CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    Context outer = scope.attach();
    try {
      return new Delivery(channel.newCall(method, call), message);
    } finally {
      scope.detach(outer);
    }
  }

  /** Returns whether the event is to be returned to the caller. */
  private boolean accept(StreamEvent event) throws InterruptedException {
    if (event.hasHeartbeat()) {
      boolean wasDurable = isDurable;
      isDurable = !event.getHeartbeat().getUndurable();
      if (isDurable != wasDurable) options.onDurability.accept(isDurable);
      return false;
    }
    if (event.getSequence() <= cursor.sequence()) return false;
    if (event.getSequence() != cursor.sequence() + 1) {
      String gap = "event " + event.getSequence() + " follows " + cursor.sequence();
      goOn(lost("SEQUENCE_GAP", gap));
      return false;
    }
    if (event.hasStart()) isResumable = event.getStart().getResumable();
    String id = event.hasStart() ? event.getStart().getStreamId() : cursor.streamId();
    cursor = new StreamCursor(id, event.getSequence(), event.getWriter());
    tries = 0;
    hasProgress = true;
    if (event.getAttemptNotice().getDiscardOutput()) {
      options.onDiscard.accept(event.getAttemptNotice());
    }
    if (event.hasComplete() || event.hasError()) {
      clock.poll(delivery.words, END);
      isOver = event.hasComplete();
      if (event.hasError()) failure = SteerException.of(event.getError().getError()).at(cursor);
      close();
    }
    return true;
  }

  /** Handles the end of a call without a terminal event. */
  private void endDelivery(Delivery.Word end) throws InterruptedException {
    if (!end.status().isOk()) {
      goOn(SteerException.of(end.status(), end.trailers()));
    } else if (cursor.streamId().isEmpty() || hasProgress) {
      goOn(lost("STREAM_CUT", "the call ended before the stream did"));
    } else {
      isOver = true; // the given position was the end of a successful stream
    }
  }

  /** Waits before the next call. Throws if there must be none. */
  private void goOn(SteerException cause) throws InterruptedException {
    delivery.cancel();
    delivery = null;
    if (channel.isShutdown()) throw cause.orClosed();
    if (FINAL.contains(cause.code()) || cause.isFinal()) throw cause;
    // Without a `request_id`, a second call starts a second generation, unless nothing was
    // executed.
    boolean isSafe = !cursor.streamId().isEmpty() ? isResumable
        : !request.getRequestId().isEmpty() || cause.pushback() != null;
    if (!isSafe) {
      String text = "the stream broke off and cannot be resumed: " + cause.getMessage();
      Status status = Status.FAILED_PRECONDITION.withDescription(text).withCause(cause);
      throw SteerException.of(status, "STREAM_NOT_RESUMABLE");
    }
    if (tries >= Repetition.MAX_TRIES) throw cause;
    tries++;
    Duration wait = Repetition.waitAfter(cause, tries, clock.random());
    options.onReconnect.accept(new Reconnect(cursor, tries, wait, cause));
    clock.poll(stops, wait);
    channel.resetConnectBackoff(); // these waits replace the channel's longer backoff
  }

  private void throwIfStopped() {
    if (scope.isCancelled()) throw SteerException.of(Contexts.statusFromCancelled(scope), "");
    if (scope.getDeadline() != null && scope.getDeadline().isExpired()) {
      throw SteerException.of(Status.DEADLINE_EXCEEDED, "");
    }
  }

  private static SteerException lost(String reason, String text) {
    return SteerException.of(Status.UNAVAILABLE.withDescription(text), reason);
  }
}

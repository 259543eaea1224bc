package dev.steer.client;

import dev.steer.v1.GenerationSpec;
import dev.steer.v1.MidStreamRecovery;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import io.grpc.Context;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Plays a vector to its end: the real reader over a real channel, on one thread, with virtual time.
 */
final class Play implements Clock {
  final List<Integer> applied = new ArrayList<>();
  /** Sequences of the events before which a discard was reported. */
  final List<Integer> discards = new ArrayList<>();
  final List<Long> waitsMs = new ArrayList<>();
  final List<Reconnect> reconnects = new ArrayList<>();
  final List<Boolean> durability = new ArrayList<>();
  final ScriptedService service;
  /** By call: the reader ended it. */
  List<Boolean> cancelled;
  String ended = "complete";
  SteerException error;
  /** Waits that the reader requested from the clock, in order. */
  final List<Duration> polls = new ArrayList<>();

  private final Vector vector;
  private final Context.CancellableContext caller = Context.current().withCancellation();
  private Context.CancellableContext limited;

  private Play(Vector vector) {
    this.vector = vector;
    this.service = new ScriptedService(vector);
  }

  static Play of(Vector vector) throws IOException {
    return of(vector, new ReadOptions().silence(Duration.ZERO));
  }

  static Play of(Vector vector, ReadOptions options) throws IOException {
    Play play = new Play(vector);
    serve(
        play.service,
        play,
        client -> {
          play.caller.run(() -> play.read(client, options));
          // Copied now, because the end of the channel cancels everything.
          play.cancelled = List.copyOf(play.service.cancelled);
        });
    return play;
  }

  /** The result of {@code text} or {@code collect} for the vector's stream. */
  static <T> T take(Vector vector, Function<EventStream, T> take) throws IOException {
    Play play = new Play(vector);
    List<T> taken = new ArrayList<>();
    serve(
        play.service,
        play,
        client -> {
          try (EventStream events = play.open(client, new ReadOptions().silence(Duration.ZERO))) {
            taken.add(take.apply(events));
          }
        });
    return taken.get(0);
  }

  /** A client of the service while {@code use} runs. */
  static void serve(ScriptedService service, Clock clock, Consumer<SteerClient> use)
      throws IOException {
    String name = InProcessServerBuilder.generateName();
    var server = InProcessServerBuilder.forName(name).directExecutor().addService(service).build();
    var channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    server.start();
    try (SteerClient client = new SteerClient(channel, clock)) {
      use.accept(client);
    } finally {
      server.shutdownNow();
    }
  }

  private void read(SteerClient client, ReadOptions options) {
    options.onReconnect(this::told).onDurability(durability::add);
    options.onDiscard(notice -> discards.add(position() + 1));
    if (is("deadline")) options.deadline(Duration.ofHours(1));
    try (EventStream events = open(client, options)) {
      for (StreamEvent event : events) {
        applied.add(event.getSequence());
        if (is("leave") && vector.stop().afterSequence() == event.getSequence()) {
          ended = "left";
          break;
        }
      }
    } catch (SteerException e) {
      error = e;
      boolean isOurs = caller.isCancelled() || (limited != null && limited.isCancelled());
      ended = !isOurs || vector.stop() == null ? "error" : is("deadline") ? "deadline" : "cancelled";
    }
  }

  private EventStream open(SteerClient client, ReadOptions options) {
    if (vector.cursor() != null) {
      var from = vector.cursor();
      var cursor = new StreamCursor(from.streamId(), from.sequence(), from.writer());
      return client.resumeStream(cursor, options);
    }
    var spec = GenerationSpec.newBuilder().setModel("simulator").setPrompt("Hello");
    if (vector.request() != null) {
      String recovery = "MID_STREAM_RECOVERY_" + vector.request().midStreamRecovery();
      spec.getRoutingBuilder().setMidStreamRecovery(MidStreamRecovery.valueOf(recovery));
    }
    // The client gives each request an id, unless the stream is ephemeral and cannot be joined.
    boolean isEphemeral = Boolean.FALSE.equals(vector.repeatable());
    var request = StreamGenerateRequest.newBuilder().setSpec(spec);
    request.getOptionsBuilder().setEphemeral(isEphemeral);
    return client.streamGenerate(request.build(), options);
  }

  /** Sequence of the last event returned, or the position at which the reader started. */
  private int position() {
    if (!applied.isEmpty()) return applied.get(applied.size() - 1);
    return vector.cursor() == null ? 0 : vector.cursor().sequence();
  }

  private boolean is(String how) {
    return vector.stop() != null && vector.stop().how().equals(how);
  }

  private void told(Reconnect reconnect) {
    reconnects.add(reconnect);
    waitsMs.add(reconnect.delay().toMillis());
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, Duration wait) {
    if (queue.isEmpty() && isTimeToStop()) {
      if (is("cancel")) caller.cancel(null);
      // Like a context whose deadline passes.
      if (is("deadline")) limited.cancel(new TimeoutException("context timed out"));
    }
    polls.add(wait);
    return queue.poll();
  }

  private boolean isTimeToStop() {
    if (vector.stop() == null) return false;
    if (vector.stop().inWait() != null) return vector.stop().inWait() == waitsMs.size();
    int last = applied.isEmpty() ? 0 : applied.get(applied.size() - 1);
    return vector.stop().afterSequence() == last;
  }

  @Override
  public Context.CancellableContext limit(Duration time) {
    limited = Context.current().withCancellation();
    return limited;
  }

  @Override
  public double random() {
    return vector.random();
  }
}

package dev.steer.client;

import dev.steer.v1.StreamEvent;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** One call that delivers events. Its messages wait in a queue until the reader takes them. */
final class Delivery extends ClientCall.Listener<StreamEvent> {
  /** Events requested before the reader takes them, to hide the thread switch. */
  private static final int AHEAD = 16;

  /** An event, or the end of the call. */
  record Word(StreamEvent event, Status status, Metadata trailers) {}

  final BlockingQueue<Word> words = new LinkedBlockingQueue<>();
  private final ClientCall<?, StreamEvent> call;

  <Q> Delivery(ClientCall<Q, StreamEvent> call, Q request) {
    this.call = call;
    call.start(this, new Metadata());
    call.request(AHEAD);
    call.sendMessage(request);
    call.halfClose();
  }

  @Override
  public void onMessage(StreamEvent event) {
    words.add(new Word(event, null, null));
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    words.add(new Word(null, status, trailers));
  }

  /** Call when the reader has taken an event. */
  void taken() {
    call.request(1);
  }

  void cancel() {
    call.cancel("the reader has left", null);
  }
}

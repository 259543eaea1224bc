package dev.steer.client;

import dev.steer.v1.StreamEvent;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** One call that delivers events. What it says waits in a queue until the reader comes for it. */
final class Delivery extends ClientCall.Listener<StreamEvent> {
  /** Events asked for before the reader has taken those before: hides the switch of threads. */
  private static final int AHEAD = 16;

  /** An event, or how the call has ended. */
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

  /** The reader has taken an event. */
  void taken() {
    call.request(1);
  }

  void cancel() {
    call.cancel("the reader has left", null);
  }
}

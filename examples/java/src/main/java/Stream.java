import dev.steer.client.EventStream;
import dev.steer.client.SteerClient;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;

/** The answer as it comes, token by token. */
public final class Stream {
  public static void main(String[] arguments) {
    var request =
        StreamGenerateRequest.newBuilder().setSpec(Service.spec("Tell me of the sea.")).build();
    // However the block is left, the call is over then.
    try (SteerClient steer = Service.connect();
        EventStream events = steer.streamGenerate(request)) {
      for (StreamEvent event : events) {
        if (event.hasTextDelta()) System.out.print(event.getTextDelta().getText());
        // The last event has the whole result: message, usage, cost, attempts.
        if (event.hasComplete()) {
          System.err.println(event.getComplete().getGeneration().getAttemptsCount() + " attempt");
        }
      }
      System.out.println();
    }
  }
}

import com.google.protobuf.Value;
import dev.steer.client.EventStream;
import dev.steer.client.ReadOptions;
import dev.steer.client.Reconnect;
import dev.steer.client.SteerClient;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;

/**
 * A stream whose connection breaks, and which loses and repeats nothing. Restart the service or
 * pull the cable while it runs.
 */
public final class Survive {
  public static void main(String[] arguments) {
    // One word a tenth of a second, where the simulator answers: time to break something.
    var pace = Service.simulator("pace_ms", Value.newBuilder().setNumberValue(100));
    var spec =
        Service.spec("Tell me a long story of the sea.").putProviderOptions("simulator", pace);
    var request = StreamGenerateRequest.newBuilder().setSpec(spec).build();
    StringBuilder text = new StringBuilder();
    try (SteerClient steer = Service.connect();
        EventStream events =
            steer.stream(request, new ReadOptions().onReconnect(Survive::report))) {
      for (StreamEvent event : events) {
        if (event.hasTextDelta()) text.append(event.getTextDelta().getText());
        // An attempt failed and the next one begins anew: what was said does not count.
        if (event.hasAttemptNotice() && event.getAttemptNotice().getDiscardOutput()) {
          text.setLength(0);
        }
      }
    }
    System.out.println(text);
  }

  private static void report(Reconnect reconnect) {
    System.err.printf(
        "after event %d: %s; goes on in %d ms%n",
        reconnect.cursor().sequence(),
        reconnect.cause().getMessage(),
        reconnect.delay().toMillis());
  }
}

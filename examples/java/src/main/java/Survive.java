import com.google.protobuf.Value;
import dev.steer.client.EventStream;
import dev.steer.client.ReadOptions;
import dev.steer.client.Reconnect;
import dev.steer.client.SteerClient;
import dev.steer.v1.AttemptNotice;
import dev.steer.v1.ModelTarget;
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
    // Tried in this order where the model fails. Without a list the service's configuration has one.
    spec.getRoutingBuilder().addFallbacks(ModelTarget.newBuilder().setModel("simulator"));
    var request = StreamGenerateRequest.newBuilder().setSpec(spec).build();
    var options = new ReadOptions().onReconnect(Survive::report).onDiscard(Survive::clear);
    try (SteerClient steer = Service.connect();
        EventStream events = steer.streamGenerate(request, options)) {
      // What an attempt has said that failed later is not in the text.
      System.out.println(events.text());
    }
  }

  private static void clear(AttemptNotice notice) {
    System.err.println("begins anew: " + notice.getFailed().getErrorMessage());
  }

  private static void report(Reconnect reconnect) {
    System.err.printf(
        "after event %d: %s; goes on in %d ms%n",
        reconnect.cursor().sequence(),
        reconnect.cause().getMessage(),
        reconnect.delay().toMillis());
  }
}

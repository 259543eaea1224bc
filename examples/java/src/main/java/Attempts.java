import com.google.protobuf.Duration;
import com.google.protobuf.Value;
import dev.steer.client.SteerClient;
import dev.steer.client.SteerException;
import dev.steer.v1.Attempt;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.Timeouts;

/** A call that fails, and what the service has tried before it gave up. */
public final class Attempts {
  public static void main(String[] arguments) {
    // The simulator keeps silent for two seconds, and an attempt may wait for a tenth of one.
    var silence = Service.simulator("first_token_ms", Value.newBuilder().setNumberValue(2_000));
    var limit = Timeouts.newBuilder().setFirstToken(Duration.newBuilder().setNanos(100_000_000));
    var spec =
        Service.spec("Hello").setTimeouts(limit).putProviderOptions("simulator", silence);
    var request = GenerateRequest.newBuilder().setSpec(spec).build();
    try (SteerClient steer = Service.connect()) {
      steer.generate(request, java.time.Duration.ofMinutes(1));
    } catch (SteerException e) {
      // Every failed call is a SteerException; `detail` is the service's own account of it.
      for (Attempt attempt : e.detail().getAttemptsList()) {
        System.out.printf(
            "attempt %d  %s/%s  %s  %s%n",
            attempt.getIndex(),
            attempt.getProvider(),
            attempt.getModel(),
            attempt.getOutcome().name().replace("ATTEMPT_OUTCOME_", ""),
            attempt.getErrorCategory().name().replace("ERROR_CATEGORY_", ""));
      }
      System.out.println(e.code() + " " + e.reason());
      System.err.println(e.retryable() ? "later the same call can succeed" : "do not repeat it");
    }
  }
}

import dev.steer.client.SteerClient;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.Generation;
import java.time.Duration;

/** One question, one answer. */
public final class Unary {
  public static void main(String[] arguments) {
    try (SteerClient steer = Service.connect()) {
      var request =
          GenerateRequest.newBuilder().setSpec(Service.spec("Why is the sea salt?")).build();
      // The deadline covers the whole call, with what the service repeats inside it.
      Generation answer = steer.generate(request, Duration.ofMinutes(1)).getGeneration();
      int tokens = answer.getUsage().getOutputTokens();
      System.out.println(tokens + " tokens from " + answer.getProvider());
      System.out.println(answer.getOutputText());
    }
  }
}

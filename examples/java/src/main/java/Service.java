import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.steer.client.SteerClient;
import dev.steer.v1.GenerationSpec;
import java.util.Map;

/** What the examples have in common: where the service is, and what is asked for. */
final class Service {
  private Service() {}

  static SteerClient connect() {
    return SteerClient.connect(); // STEER_ADDRESS and STEER_API_KEY
  }

  static GenerationSpec.Builder spec(String prompt) {
    String model = System.getenv().getOrDefault("STEER_MODEL", "simulator");
    return GenerationSpec.newBuilder().setModel(model).setPrompt(prompt);
  }

  /** What the simulator is to do; other providers do not see it. */
  static Struct simulator(String key, Value.Builder value) {
    return Struct.newBuilder().putAllFields(Map.of(key, value.build())).build();
  }
}

import com.google.gson.JsonParser;
import dev.steer.client.SteerClient;
import dev.steer.v1.FunctionTool;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.Message;
import dev.steer.v1.Part;
import dev.steer.v1.Role;
import dev.steer.v1.TextPart;
import dev.steer.v1.Tool;
import dev.steer.v1.ToolCall;
import dev.steer.v1.ToolChoice;
import dev.steer.v1.ToolResult;
import java.time.Duration;

/** The model calls a function of ours, and answers with what it returned. */
public final class Tools {
  private static final Duration DEADLINE = Duration.ofMinutes(1);

  public static void main(String[] arguments) {
    var function =
        FunctionTool.newBuilder()
            .setName("get_weather")
            .setDescription("Weather of a city")
            .setParametersJsonSchema(
                """
                {"type": "object", "required": ["city"],
                 "properties": {"city": {"type": "string", "description": "Name of the city"}}}
                """);
    // The conversation so far; it grows with each turn.
    var spec =
        Service.spec("")
            .addTools(Tool.newBuilder().setFunction(function))
            .addMessages(
                Message.newBuilder()
                    .setRole(Role.ROLE_USER)
                    .addParts(text("What is the weather in Köln?")));
    try (SteerClient steer = Service.connect()) {
      // The first turn must call the function; usually the choice is left to the model.
      spec.setToolChoice(ToolChoice.newBuilder().setFunctionName("get_weather"));
      var first = GenerateRequest.newBuilder().setSpec(spec).build();
      Message answer = steer.generate(first, DEADLINE).getGeneration().getMessage();
      var results = Message.newBuilder().setRole(Role.ROLE_TOOL);
      for (Part part : answer.getPartsList()) {
        if (part.hasToolCall()) results.addParts(call(part.getToolCall()));
      }
      // The second turn has the question, the call and its result.
      spec.clearToolChoice().addMessages(answer).addMessages(results);
      var second = GenerateRequest.newBuilder().setSpec(spec).build();
      System.out.println(steer.generate(second, DEADLINE).getGeneration().getOutputText());
    }
  }

  private static Part call(ToolCall call) {
    var values = JsonParser.parseString(call.getArgumentsJson()).getAsJsonObject();
    String result = getWeather(values.get("city").getAsString());
    System.out.println(call.getName() + "(" + call.getArgumentsJson() + ") -> " + result);
    return Part.newBuilder()
        .setToolResult(
            ToolResult.newBuilder()
                .setToolCallId(call.getId())
                .setName(call.getName())
                .addContent(text(result)))
        .build();
  }

  private static String getWeather(String city) {
    return "21 degrees and clear in " + (city.isEmpty() ? "your city" : city);
  }

  private static Part text(String text) {
    return Part.newBuilder().setText(TextPart.newBuilder().setText(text)).build();
  }
}

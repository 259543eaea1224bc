import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Value;
import dev.steer.client.EventStream;
import dev.steer.client.SteerClient;
import dev.steer.v1.JsonDelta;
import dev.steer.v1.JsonSchemaFormat;
import dev.steer.v1.JsonStreamMode;
import dev.steer.v1.OutputFormat;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamOptions;

/** A JSON document that can be shown while it grows. */
public final class JsonPatches {
  private static final String SCHEMA =
      """
      {"type": "object", "required": ["title", "legs"],
       "properties": {"title": {"type": "string"},
                      "legs": {"type": "array", "items": {"type": "object"}}}}
      """;
  private static final String JOURNEY =
      "{\"title\":\"Köln – 東京\",\"legs\":[{\"by\":\"train\",\"to\":\"Paris\"},{\"by\":\"✈\"}]}";

  public static void main(String[] arguments) {
    var said = Service.simulator("text", Value.newBuilder().setStringValue(JOURNEY));
    var format = JsonSchemaFormat.newBuilder().setName("journey").setSchema(SCHEMA);
    var spec =
        Service.spec("Plan a journey from Köln to 東京.")
            .setOutputFormat(OutputFormat.newBuilder().setJsonSchema(format))
            .putProviderOptions("simulator", said);
    var options =
        StreamOptions.newBuilder()
            .setJsonMode(JsonStreamMode.JSON_STREAM_MODE_PATCHES)
            .setOmitJsonText(true);
    var request = StreamGenerateRequest.newBuilder().setSpec(spec).setOptions(options).build();
    JsonObject holder = new JsonObject(); // has the document under the key ""
    try (SteerClient steer = Service.connect();
        EventStream events = steer.streamGenerate(request)) {
      for (StreamEvent event : events) {
        if (!event.hasJsonDelta()) continue;
        apply(holder, event.getJsonDelta());
        System.err.println(holder.get(""));
      }
    }
    System.out.println(holder.get(""));
  }

  /** The pointer is RFC 6901: "" is the document, "/legs/0/to" a value in it. */
  private static void apply(JsonObject holder, JsonDelta delta) {
    String[] keys = delta.getPointer().split("/", -1);
    JsonElement parent = holder;
    for (int index = 0; index < keys.length - 1; index++) parent = get(parent, unescape(keys[index]));
    String last = unescape(keys[keys.length - 1]);
    if (delta.hasValueJson()) set(parent, last, JsonParser.parseString(delta.getValueJson()));
    if (delta.hasAppend()) {
      String before = get(parent, last).getAsString();
      set(parent, last, new JsonPrimitive(before + delta.getAppend()));
    }
  }

  private static String unescape(String key) {
    return key.replace("~1", "/").replace("~0", "~");
  }

  private static JsonElement get(JsonElement parent, String key) {
    return parent.isJsonArray()
        ? parent.getAsJsonArray().get(Integer.parseInt(key))
        : parent.getAsJsonObject().get(key);
  }

  private static void set(JsonElement parent, String key, JsonElement value) {
    if (parent.isJsonObject()) {
      parent.getAsJsonObject().add(key, value);
      return;
    }
    JsonArray array = parent.getAsJsonArray();
    int index = Integer.parseInt(key);
    if (index == array.size()) array.add(value);
    else array.set(index, value);
  }
}

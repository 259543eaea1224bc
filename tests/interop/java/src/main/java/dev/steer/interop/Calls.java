package dev.steer.interop;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.steer.client.EventStream;
import dev.steer.client.ReadOptions;
import dev.steer.client.SteerClient;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.GenerationSpec;
import dev.steer.v1.Part;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Collectors;

/** What the runner's environment asks for, over the helper. */
final class Calls {
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  private Calls() {}

  static String setting(String name) {
    String value = System.getenv(name);
    if (value == null) throw new IllegalStateException(name + " is not set");
    return value;
  }

  static ChannelCredentials credentials() throws IOException {
    String authority = System.getenv("STEER_CA_FILE");
    return authority == null
        ? InsecureChannelCredentials.create()
        : TlsChannelCredentials.newBuilder().trustManager(new File(authority)).build();
  }

  static SteerClient connect() throws IOException {
    return System.getenv("STEER_CA_FILE") == null
        ? SteerClient.connect()
        : SteerClient.connect(setting("STEER_ADDRESS"), credentials(), null);
  }

  static GenerationSpec spec() throws InvalidProtocolBufferException {
    var spec =
        GenerationSpec.newBuilder()
            .setModel(setting("STEER_MODEL"))
            .setPrompt(setting("STEER_PROMPT"));
    String limit = System.getenv("STEER_MAX_OUTPUT_TOKENS");
    if (limit != null) spec.getSamplingBuilder().setMaxOutputTokens(Integer.parseInt(limit));
    String script = System.getenv("STEER_PROVIDER_OPTIONS");
    if (script != null) {
      var options = Struct.newBuilder();
      JsonFormat.parser().merge(script, options);
      spec.putProviderOptions("simulator", options.build());
    }
    return spec.build();
  }

  static GenerateRequest request() throws IOException {
    return GenerateRequest.newBuilder().setSpec(spec()).build();
  }

  static GenerateResponse generate() throws IOException {
    try (SteerClient steer = connect()) {
      return steer.generate(request(), DEADLINE);
    }
  }

  static String health(Channel channel) {
    var service = GenerationServiceGrpc.SERVICE_NAME;
    var request = HealthCheckRequest.newBuilder().setService(service).build();
    return HealthGrpc.newBlockingStub(channel).check(request).getStatus().name();
  }

  static String text(GenerateResponse response) {
    return response.getGeneration().getMessage().getPartsList().stream()
        .filter(Part::hasText)
        .map(part -> part.getText().getText())
        .collect(Collectors.joining());
  }

  static StreamGenerateRequest streamRequest(StreamOptions.Builder options) throws IOException {
    return StreamGenerateRequest.newBuilder().setSpec(spec()).setOptions(options).build();
  }

  /** What a consumer wants to know of a stream. */
  static final class Seen {
    final StringBuilder text = new StringBuilder();
    int events;
    int lastSequence;
    int outputTokens;
    int reconnects;
  }

  static Seen read() throws IOException {
    Seen seen = new Seen();
    var request = streamRequest(StreamOptions.newBuilder().setIncludeUsage(true));
    var options = new ReadOptions().onReconnect(reconnect -> seen.reconnects++);
    try (SteerClient steer = connect();
        EventStream events = steer.streamGenerate(request, options)) {
      for (StreamEvent event : events) {
        seen.events++;
        seen.lastSequence = event.getSequence();
        if (event.hasTextDelta()) seen.text.append(event.getTextDelta().getText());
        if (event.hasUsage()) seen.outputTokens = event.getUsage().getUsage().getOutputTokens();
      }
    }
    return seen;
  }
}

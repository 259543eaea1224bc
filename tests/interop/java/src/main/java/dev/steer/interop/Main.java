package dev.steer.interop;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.steer.client.EventStream;
import dev.steer.client.SteerClient;
import dev.steer.client.SteerException;
import dev.steer.v1.Attempt;
import dev.steer.v1.DisconnectPolicy;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.GenerateResponse;
import dev.steer.v1.Generation;
import dev.steer.v1.GenerationServiceGrpc;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamOptions;
import io.grpc.Grpc;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;

/** The interop program of Java: {@code Main SCENARIO} prints one line of JSON. */
public final class Main {
  private static final Map<String, Callable<JsonObject>> SCENARIOS =
      Map.ofEntries(
          Map.entry("unary", Main::unary),
          Map.entry("tls", Main::unary),
          Map.entry("system-authorities", Main::systemAuthorities),
          Map.entry("stream", Main::stream),
          Map.entry("resume", Main::resume),
          Map.entry("cancel", Main::cancel),
          Map.entry("deadline", Main::deadline),
          Map.entry("error", Main::error),
          Map.entry("text", Main::text),
          Map.entry("large", Main::large),
          Map.entry("compressed", Main::compressed),
          Map.entry("health", Main::health),
          Map.entry("lost-owner", Discards::lostOwner),
          Map.entry("lost-unary", Main::unary),
          Map.entry("raw", Discards::raw),
          Map.entry("raw-joins", Discards::rawJoins),
          Map.entry("joins-raw", Discards::joinsRaw),
          Map.entry("rolling", Rolling::run));

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    Callable<JsonObject> scenario = arguments.length == 1 ? SCENARIOS.get(arguments[0]) : null;
    if (scenario == null) throw new IllegalArgumentException("scenarios: " + SCENARIOS.keySet());
    byte[] line = (scenario.call() + "\n").getBytes(UTF_8);
    try (var output = new FileOutputStream(FileDescriptor.out)) {
      output.write(line);
    }
  }

  private static JsonObject unary() throws IOException {
    GenerateResponse response = Calls.generate();
    Generation generation = response.getGeneration();
    JsonObject result = textOf(Calls.text(response));
    result.addProperty("finish_reason", generation.getFinishReason().name());
    result.addProperty("input_tokens", generation.getUsage().getInputTokens());
    result.addProperty("output_tokens", generation.getUsage().getOutputTokens());
    return result;
  }

  /** The JVM has its authorities in a file of its own: here in one with those of the machine. */
  private static JsonObject systemAuthorities() throws Exception {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var file = new FileInputStream(Calls.setting("SSL_CERT_FILE"))) {
      var authority = CertificateFactory.getInstance("X.509").generateCertificate(file);
      store.setCertificateEntry("authority", authority);
    }
    Path path = Files.createTempFile("steer-authorities", ".p12");
    try {
      try (var output = Files.newOutputStream(path)) {
        store.store(output, "changeit".toCharArray());
      }
      System.setProperty("javax.net.ssl.trustStore", path.toString());
      System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
      return unary();
    } finally {
      Files.delete(path);
    }
  }

  private static JsonObject stream() throws IOException {
    Calls.Seen seen = Calls.read();
    JsonObject result = textOf(seen.text.toString());
    result.addProperty("events", seen.events);
    result.addProperty("last_sequence", seen.lastSequence);
    result.addProperty("output_tokens", seen.outputTokens);
    return result;
  }

  private static JsonObject resume() throws IOException {
    Calls.Seen seen = Calls.read();
    JsonObject result = textOf(seen.text.toString());
    result.addProperty("reconnects", seen.reconnects);
    return result;
  }

  private static JsonObject text() throws IOException {
    return textOf(Calls.read().text.toString());
  }

  private static JsonObject cancel() throws IOException, InterruptedException {
    var policy = StreamOptions.newBuilder().setOnDisconnect(DisconnectPolicy.DISCONNECT_POLICY_CANCEL);
    JsonObject result = new JsonObject();
    int deltas = 0;
    try (SteerClient steer = Calls.connect()) {
      try (EventStream events = steer.streamGenerate(Calls.streamRequest(policy))) {
        for (StreamEvent event : events) {
          if (event.hasStart()) result.addProperty("stream_id", event.getStart().getStreamId());
          if (event.hasTextDelta()) deltas++;
          if (deltas == 3) break;
        }
      }
      // Long enough that the cancel arrives, and not the end of the connection.
      Thread.sleep(1_000);
    }
    result.addProperty("deltas", deltas);
    return result;
  }

  private static JsonObject deadline() throws IOException {
    int milliseconds = Integer.parseInt(Calls.setting("STEER_DEADLINE_MS"));
    JsonObject result = new JsonObject();
    try (SteerClient steer = Calls.connect()) {
      // The first call of a JVM can take longer than the deadline, and must not be this one.
      Calls.health(steer.channel());
      steer.generate(Calls.request(), Duration.ofMillis(milliseconds));
    } catch (SteerException e) {
      result.addProperty("code", e.code().name());
      return result;
    }
    throw new IllegalStateException("the call has succeeded");
  }

  private static JsonObject error() throws IOException {
    JsonObject result = new JsonObject();
    try {
      Calls.generate();
    } catch (SteerException e) {
      result.addProperty("code", e.code().name());
      result.addProperty("reason", e.reason());
      result.addProperty("retryable", e.retryable());
      JsonArray attempts = new JsonArray();
      for (Attempt attempt : e.detail().getAttemptsList()) {
        JsonObject entry = new JsonObject();
        entry.addProperty("provider", attempt.getProvider());
        entry.addProperty("model", attempt.getModel());
        entry.addProperty("outcome", attempt.getOutcome().name());
        attempts.add(entry);
      }
      result.add("attempts", attempts);
      return result;
    }
    throw new IllegalStateException("the call has succeeded");
  }

  private static JsonObject large() throws Exception {
    byte[] bytes = Calls.text(Calls.generate()).getBytes(UTF_8);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    JsonObject result = new JsonObject();
    result.addProperty("bytes", bytes.length);
    result.addProperty("sha256", HexFormat.of().formatHex(digest));
    return result;
  }

  private static JsonObject compressed() throws IOException {
    String id = UUID.randomUUID().toString();
    try (SteerClient steer = Calls.connect()) {
      GenerateRequest request = Calls.request().toBuilder().setRequestId(id).build();
      var stub = GenerationServiceGrpc.newBlockingStub(steer.channel()).withCompression("gzip");
      return textOf(Calls.text(stub.generate(request)));
    }
  }

  private static JsonObject health() throws IOException {
    var address = Calls.setting("STEER_ADDRESS");
    var channel = Grpc.newChannelBuilder(address, Calls.credentials()).build();
    try {
      JsonObject result = new JsonObject();
      result.addProperty("status", Calls.health(channel));
      return result;
    } finally {
      channel.shutdownNow();
    }
  }

  private static JsonObject textOf(String text) {
    JsonObject result = new JsonObject();
    result.addProperty("text", text);
    return result;
  }
}

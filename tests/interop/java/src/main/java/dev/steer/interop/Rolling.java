package dev.steer.interop;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.steer.client.EventStream;
import dev.steer.client.SteerClient;
import dev.steer.client.SteerException;
import dev.steer.v1.GenerateRequest;
import dev.steer.v1.StreamEvent;
import dev.steer.v1.StreamGenerateRequest;
import dev.steer.v1.StreamOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Calls without a pause, while replicas are restarted. */
final class Rolling {
  private final Path endFile = Path.of(Calls.setting("STEER_END_FILE"));
  private final ExecutorService loops = Executors.newCachedThreadPool();
  private final Map<String, Integer> texts = new ConcurrentHashMap<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();

  private Rolling() {}

  private static int number(String name) {
    return Integer.parseInt(Calls.setting(name));
  }

  /** So many streams and unary calls at a time, until the runner writes its file. */
  static JsonObject run() throws IOException, InterruptedException {
    Rolling all = new Rolling();
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger streams = new AtomicInteger();
    GenerateRequest unary = Calls.request();
    StreamGenerateRequest stream = Calls.streamRequest(StreamOptions.newBuilder());
    try (SteerClient steer = Calls.connect()) {
      all.repeat(
          number("STEER_LOOPS"),
          calls,
          () -> Calls.text(steer.generate(unary, Duration.ofMinutes(1))));
      all.repeat(number("STEER_STREAMS"), streams, () -> all.read(steer, stream));
      all.loops.shutdown();
      all.loops.awaitTermination(5, TimeUnit.MINUTES);
    }
    JsonObject result = new JsonObject();
    result.addProperty("calls", calls.get());
    result.addProperty("streams", streams.get());
    JsonObject texts = new JsonObject();
    all.texts.forEach(texts::addProperty);
    result.add("texts", texts);
    JsonArray failures = new JsonArray();
    all.failures.forEach(failures::add);
    result.add("failures", failures);
    return result;
  }

  private void repeat(int times, AtomicInteger count, Supplier<String> once) {
    for (int loop = 0; loop < times; loop++) {
      loops.execute(
          () -> {
            while (!Files.exists(endFile)) {
              try {
                texts.merge(once.get(), 1, Integer::sum);
                count.incrementAndGet();
              } catch (SteerException e) {
                failures.add(e.getMessage());
              }
            }
          });
    }
  }

  private String read(SteerClient steer, StreamGenerateRequest request) {
    StringBuilder text = new StringBuilder();
    int sequence = 0;
    try (EventStream events = steer.streamGenerate(request)) {
      for (StreamEvent event : events) {
        sequence++;
        if (event.getSequence() != sequence) {
          failures.add("event " + event.getSequence() + " where " + sequence + " was due");
        }
        if (event.getAttemptNotice().getDiscardOutput()) text.setLength(0);
        text.append(event.getTextDelta().getText());
      }
    }
    return text.toString();
  }
}

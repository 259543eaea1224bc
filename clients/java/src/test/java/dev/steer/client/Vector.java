package dev.steer.client;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A vector of tests/fixtures/resume-vectors.json; docs/resuming.md explains the fields. */
record Vector(
    String name,
    Boolean repeatable,
    Position cursor,
    Request request,
    Stop stop,
    double random,
    List<Call> calls,
    List<Integer> applied,
    List<Integer> discards,
    String text,
    String textError,
    String collectError,
    Outcome outcome,
    List<Long> waitsMs) {

  private static final Path FILE = Path.of("../../tests/fixtures/resume-vectors.json");
  private static final Gson GSON =
      new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).create();

  record Position(String streamId, int sequence, int writer) {}

  /** The fields that the caller's request names. */
  record Request(String midStreamRecovery) {}

  record Stop(String how, Integer afterSequence, Integer inWait) {}

  record Outcome(String ended, String code, String reason) {}

  record Failure(String code, String reason, boolean retryable) {}

  record Event(
      int sequence,
      int writer,
      String kind,
      String streamId,
      boolean resumable,
      boolean discardOutput,
      boolean undurable,
      String text,
      int part,
      String outputText,
      String messageText,
      boolean messageOmitted,
      int firstOutputSequence,
      boolean newer,
      Failure error) {}

  record Status(String code, Failure gatewayError, Long retryInfoMs, Long pushbackMs) {}

  record Call(
      String method,
      String streamId,
      int lastSequence,
      int lastWriter,
      Boolean acceptsDiscard,
      String midStreamRecovery,
      List<Event> events,
      JsonElement end,
      boolean cancelled) {

    boolean endsWith(String word) {
      return end.isJsonPrimitive() && end.getAsString().equals(word);
    }

    Status status() {
      return GSON.fromJson(end, Status.class);
    }
  }

  private record File(List<Vector> vectors) {}

  static List<Vector> all() throws IOException {
    return GSON.fromJson(Files.readString(FILE), File.class).vectors();
  }

  static Vector parse(String json) {
    return GSON.fromJson(json, Vector.class);
  }

  @Override
  public String toString() {
    return name;
  }
}

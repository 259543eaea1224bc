package dev.steer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.GsonBuilder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

/** Addresses and keys, tested with tests/fixtures/connection-vectors.json. */
class SettingsTest {
  private record Address(String text, String host, int port, boolean isSecure, boolean isLoopback) {}

  private record Given(String address, String key) {}

  private record Case(String name, Given given, Map<String, String> environment, String address,
      String key, String reason, String names) {
    Settings settings() {
      Given all = given == null ? new Given(null, null) : given;
      return Settings.of(all.address(), all.key(), environment::get);
    }
  }

  private record Vectors(List<Address> addresses, List<String> refusedAddresses, List<String> keys,
      List<String> refusedKeys, List<Case> settings, List<Case> refusedSettings) {}

  private static final Vectors VECTORS = read();

  private static Vectors read() {
    try {
      String text = Files.readString(Path.of("../../tests/fixtures/connection-vectors.json"));
      return new GsonBuilder()
          .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
          .create()
          .fromJson(text, Vectors.class);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SteerException refusal(String address, String token) {
    return assertThrows(
        SteerException.class, () -> SteerClient.connect(address, token), address + token);
  }

  @Test
  void takesAnAddress() {
    assertFalse(VECTORS.addresses().isEmpty());
    for (Address vector : VECTORS.addresses()) {
      ServiceAddress address = ServiceAddress.parse(vector.text(), "address");
      assertEquals(vector.host(), address.host());
      assertEquals(vector.port(), address.port());
      assertEquals(vector.isSecure(), address.isSecure(), vector.text());
      assertEquals(vector.isLoopback(), address.isLoopback(), vector.text());
    }
    var address = ServiceAddress.parse("https://[2001:db8::7]", "address");
    assertEquals("[2001:db8::7]:443", address.toString());
  }

  @Test
  void refusesAnAddressAndDoesNotQuoteIt() {
    List<String> all = new ArrayList<>(VECTORS.refusedAddresses());
    all.add("");
    for (String text : all) {
      SteerException error = refusal(text, null);
      assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
      assertEquals("ADDRESS_INVALID", error.reason());
      assertEquals(
          "address: an address is host:port, http://host:port or https://host:port, with nothing"
              + " behind it",
          error.getStatus().getDescription());
      assertFalse(error.retryable());
    }
  }

  @Test
  void takesAKey() {
    for (String key : VECTORS.keys()) {
      assertEquals(key, Settings.of(null, key, name -> null).key().get());
    }
    Settings without = Settings.of(null, "", Map.of("STEER_API_KEY", "k")::get);
    assertFalse(without.hasKey());
  }

  @Test
  void refusesAKeyAndDoesNotQuoteIt() {
    for (String key : VECTORS.refusedKeys()) {
      SteerException error = refusal("127.0.0.1:1", key);
      assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
      assertEquals("KEY_INVALID", error.reason());
      assertEquals(
          "token: a key is one line of ASCII without spaces", error.getStatus().getDescription());
    }
  }

  @Test
  void takesWhatIsGivenAndElseTheEnvironment() {
    for (Case vector : VECTORS.settings()) {
      Settings settings = vector.settings();
      assertEquals(ServiceAddress.parse(vector.address(), ""), settings.address(), vector.name());
      assertEquals(vector.key() == null ? "" : vector.key(), settings.key().get(), vector.name());
      assertEquals(vector.key() != null, settings.hasKey(), vector.name());
    }
  }

  @Test
  void namesTheSourceOfAMistake() {
    for (Case vector : VECTORS.refusedSettings()) {
      SteerException error = assertThrows(SteerException.class, vector::settings);
      assertEquals(vector.reason(), error.reason());
      assertTrue(error.getStatus().getDescription().startsWith(vector.names() + ": "));
      assertFalse(error.toString().contains("secret"));
    }
  }

  private static List<String> logOf(Runnable action) {
    List<String> lines = new ArrayList<>();
    var format = new SimpleFormatter();
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord line) {
        lines.add(format.formatMessage(line));
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    Logger logger = Logger.getLogger("dev.steer.client");
    logger.addHandler(handler);
    try {
      action.run();
    } finally {
      logger.removeHandler(handler);
    }
    return lines;
  }

  @Test
  void warnsOfAKeyInTheClearUnlessThatIsSaid() {
    assertEquals(
        List.of("the key goes to steer:1 in the clear: write https://steer:1,"
            + " or http://steer:1 if that is meant"),
        logOf(() -> SteerClient.connect("steer:1", "secret").close()));
    for (String address : List.of("http://steer:1", "https://steer:1", "localhost:1", "[::1]:1")) {
      assertEquals(List.of(), logOf(() -> SteerClient.connect(address, "secret").close()), address);
    }
    assertEquals(List.of(), logOf(() -> SteerClient.connect("steer:1", "").close()));
    assertEquals(List.of(), logOf(() -> SteerClient
        .connect("steer:1", InsecureChannelCredentials.create(), () -> "secret").close()));
  }
}

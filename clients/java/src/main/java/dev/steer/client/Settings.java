package dev.steer.client;

import io.grpc.Status;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Address and key of a client: from arguments, otherwise from the environment. */
record Settings(ServiceAddress address, Supplier<String> key, boolean hasKey) {
  private static final System.Logger LOG = System.getLogger("dev.steer.client");
  private static final String DEFAULT_ADDRESS = "127.0.0.1:50051";
  /** Headers accept only these characters, and the service reads a key up to its first space. */
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]*");

  /**
   * Null means not given. Throws {@link SteerException} ADDRESS_INVALID or KEY_INVALID.
   * @param token the caller's key, empty for none, or null
   */
  static Settings of(String address, String token, UnaryOperator<String> environment) {
    ServiceAddress place = addressOf(address, environment);
    String key = token == null
        ? checkedKey(Objects.requireNonNullElse(environment.apply("STEER_API_KEY"), ""), "STEER_API_KEY")
        : checkedKey(token, "token");
    return new Settings(place, () -> key, !key.isEmpty());
  }

  /** The token is requested before each call. */
  static Settings of(
      String address, Supplier<String> token, UnaryOperator<String> environment) {
    Supplier<String> key =
        () -> checkedKey(Objects.requireNonNullElse(token.get(), ""), "token");
    return new Settings(addressOf(address, environment), key, true);
  }

  private static ServiceAddress addressOf(String given, UnaryOperator<String> environment) {
    if (given != null) return ServiceAddress.parse(given, "address");
    String found = Objects.requireNonNullElse(environment.apply("STEER_ADDRESS"), "");
    return ServiceAddress.parse(found.isEmpty() ? DEFAULT_ADDRESS : found, "STEER_ADDRESS");
  }

  /** Returns the key. Throws KEY_INVALID, which does not quote the key. */
  private static String checkedKey(String key, String name) {
    if (KEY.matcher(key).matches()) return key;
    String message = name + ": a key is one line of ASCII without spaces";
    throw SteerException.of(Status.INVALID_ARGUMENT.withDescription(message), "KEY_INVALID");
  }

  /**
   * Logs a warning that the key is sent in clear text. An address with {@code http://} means that
   * this is intended.
   */
  void warnOfClearKey() {
    if (!hasKey || address.isSecure() || address.hasScheme() || address.isLoopback()) return;
    LOG.log(
        System.Logger.Level.WARNING,
        () -> "the key goes to " + address + " in the clear: write https://" + address
            + ", or http://" + address + " if that is meant");
  }
}

package dev.steer.client;

import io.grpc.Status;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Address of the service.
 * @param hasScheme the address has {@code http://} or {@code https://}
 * @param host an IPv6 address has no brackets here
 */
record ServiceAddress(boolean isSecure, boolean hasScheme, String host, int port) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(https?)://)?(?:\\[([0-9a-f:.]+)\\]|([0-9a-z_][0-9a-z._-]*))(?::([1-9][0-9]{0,4}))?",
          Pattern.CASE_INSENSITIVE);
  private static final int MAX_PORT = 65_535;

  /**
   * {@code name} is the source of the text. Throws {@link SteerException} ADDRESS_INVALID, which
   * does not quote the text.
   */
  static ServiceAddress parse(String text, String name) {
    Matcher match = FORM.matcher(text);
    if (!match.matches()) throw invalid(name);
    String scheme = match.group(1);
    String literal = match.group(2);
    boolean isSecure = "https".equalsIgnoreCase(scheme);
    int usual = scheme == null ? 0 : isSecure ? 443 : 80;
    int port = match.group(4) == null ? usual : Integer.parseInt(match.group(4));
    if (port == 0 || port > MAX_PORT) throw invalid(name);
    // With brackets, no name is looked up for any text.
    if (literal != null && (!literal.contains(":") || ipOf("[" + literal + "]") == null)) {
      throw invalid(name);
    }
    return new ServiceAddress(
        isSecure, scheme != null, literal == null ? match.group(3) : literal, port);
  }

  private static SteerException invalid(String name) {
    String form = "host:port, http://host:port or https://host:port, with nothing behind it";
    Status status =
        Status.INVALID_ARGUMENT.withDescription(name + ": an address is " + form);
    return SteerException.of(status, "ADDRESS_INVALID");
  }

  private static InetAddress ipOf(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      return null;
    }
  }

  /** True if data sent to this address stays on this machine. */
  boolean isLoopback() {
    if (host.contains(":")) return ipOf("[" + host + "]").isLoopbackAddress();
    return host.equalsIgnoreCase("localhost")
        || host.matches("127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
  }

  /** {@code host:port}, with IPv6 in brackets. */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}

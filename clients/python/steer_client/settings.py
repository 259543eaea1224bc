"""Address and key of a client: from arguments, otherwise from the environment."""

from __future__ import annotations

import ipaddress
import logging
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from .error import SteerError

DEFAULT_ADDRESS = "127.0.0.1:50051"
_FORM = re.compile(
    r"(?:([Hh][Tt][Tt][Pp][Ss]?)://)?"
    r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z_][0-9A-Za-z._-]*))"
    r"(?::([1-9][0-9]{0,4}))?"
)
_MAX_PORT = 65_535
#: Headers accept only these characters, and the service reads a key up to its first space.
_KEY = re.compile(r"[\x21-\x7e]*")
#: Files with the trusted authorities of systems, if OpenSSL knows none.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_LOG = logging.getLogger("steer_client")

Token = str | Callable[[], str | None] | None


def _invalid(reason: str, message: str) -> SteerError:
    return SteerError(grpc.StatusCode.INVALID_ARGUMENT, message, reason=reason)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Address of the service."""

    secure: bool
    #: The address has `http://` or `https://`.
    has_scheme: bool
    #: An IPv6 address has no brackets here.
    host: str
    port: int

    @classmethod
    def parse(cls, text: str, name: str) -> ServiceAddress:
        """`name` is the source of the text. Raises ADDRESS_INVALID, which does not quote the text.
        """
        match = _FORM.fullmatch(text)
        scheme, literal, host, digits = match.groups() if match else (None, None, None, None)
        secure = scheme is not None and len(scheme) == len("https")
        port = int(digits or 0)
        if scheme and not digits:
            port = 443 if secure else 80
        if not match or not 0 < port <= _MAX_PORT or (literal and not _is_ipv6(literal)):
            form = "host:port, http://host:port or https://host:port, with nothing behind it"
            raise _invalid("ADDRESS_INVALID", f"{name}: an address is {form}")
        return cls(secure, scheme is not None, literal or host or "", port)

    def __str__(self) -> str:
        """`host:port`, with IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """True if data sent to this address stays on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def checked_key(key: str, name: str) -> str:
    """Returns the key. Raises KEY_INVALID, which does not quote the key."""
    if not _KEY.fullmatch(key):
        raise _invalid("KEY_INVALID", f"{name}: a key is one line of ASCII without spaces")
    return key


@dataclass(frozen=True, slots=True)
class Settings:
    address: ServiceAddress
    #: A function is called before each call. An empty key is not sent.
    token: str | Callable[[], str | None]

    @classmethod
    def of(cls, address: str | None, token: Token, environment: Mapping[str, str]) -> Settings:
        """Raises ADDRESS_INVALID or KEY_INVALID."""
        if address is None:
            found = environment.get("STEER_ADDRESS") or DEFAULT_ADDRESS
            place = ServiceAddress.parse(found, "STEER_ADDRESS")
        else:
            place = ServiceAddress.parse(address, "address")
        if token is None:
            token = checked_key(environment.get("STEER_API_KEY", ""), "STEER_API_KEY")
        elif isinstance(token, str):
            checked_key(token, "token")
        return cls(place, token)

    def key(self) -> str:
        """The key of the next call; empty: none."""
        if isinstance(self.token, str):
            return self.token
        return checked_key(self.token() or "", "token")

    def warn_of_clear_key(self) -> None:
        """Logs a warning that the key is sent in clear text, unless `http://` means that this is
        intended."""
        address = self.address
        if not self.token or address.secure or address.has_scheme or address.loopback:
            return
        _LOG.warning(
            "the key goes to %s in the clear: write https://%s, or http://%s if that is meant",
            address,
            address,
            address,
        )


def system_credentials(environment: Mapping[str, str]) -> grpc.ChannelCredentials:
    """TLS that trusts the authorities of the machine. gRPC by itself trusts only its own list."""
    if environment.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"):
        return grpc.ssl_channel_credentials()
    for file in (ssl.get_default_verify_paths().cafile, *_BUNDLES):
        if file and Path(file).is_file():
            return grpc.ssl_channel_credentials(Path(file).read_bytes())
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    certificates = "".join(map(ssl.DER_cert_to_PEM_cert, found))
    return grpc.ssl_channel_credentials(certificates.encode() or None)

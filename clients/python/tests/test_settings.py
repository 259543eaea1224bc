"""Addresses and keys, tested with tests/fixtures/connection-vectors.json."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import grpc
import pytest
from steer import v1

from steer_client import AsyncClient, Client, SteerError
from steer_client.settings import ServiceAddress, Settings, checked_key

FILE = Path(__file__).parents[3] / "tests" / "fixtures" / "connection-vectors.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text())
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


def refusal(address: str | None, token: str | None, is_async: bool) -> SteerError:
    """Options of a client that must not be created."""

    async def make_async() -> None:
        AsyncClient(address, token=token)

    with pytest.raises(SteerError) as caught:
        if is_async:
            asyncio.run(make_async())
        else:
            Client(address, token=token)
    return caught.value


@pytest.mark.parametrize("vector", VECTORS["addresses"], ids=lambda vector: vector["text"])
def test_an_address_that_is_taken(vector: dict[str, Any]) -> None:
    address = ServiceAddress.parse(vector["text"], "address")
    assert (address.host, address.port) == (vector["host"], vector["port"])
    assert (address.secure, address.loopback) == (vector["is_secure"], vector["is_loopback"])


def test_an_address_of_ipv6_has_its_brackets_again() -> None:
    address = ServiceAddress.parse("https://[2001:db8::7]", "address")
    assert str(address) == "[2001:db8::7]:443"


@pytest.mark.parametrize("is_async", [False, True], ids=["threads", "asyncio"])
@pytest.mark.parametrize("text", [*VECTORS["refused_addresses"], ""])
def test_an_address_that_is_refused_and_not_quoted(text: str, is_async: bool) -> None:
    error = refusal(text, None, is_async)
    assert (error.code, error.reason) == (INVALID_ARGUMENT, "ADDRESS_INVALID")
    form = "host:port, http://host:port or https://host:port, with nothing behind it"
    assert error.message == f"address: an address is {form}"
    assert not error.retryable


@pytest.mark.parametrize("key", VECTORS["keys"])
def test_a_key_that_is_taken(key: str) -> None:
    assert checked_key(key, "token") == key


@pytest.mark.parametrize("is_async", [False, True], ids=["threads", "asyncio"])
@pytest.mark.parametrize("key", VECTORS["refused_keys"])
def test_a_key_that_is_refused_and_not_quoted(key: str, is_async: bool) -> None:
    error = refusal(None, key, is_async)
    assert (error.code, error.reason) == (INVALID_ARGUMENT, "KEY_INVALID")
    assert error.message == "token: a key is one line of ASCII without spaces"


def test_the_key_of_a_function_is_refused_when_it_is_asked_for() -> None:
    with (
        Client(token=lambda: "secret-key\n") as client,
        pytest.raises(SteerError, match="KEY_INVALID"),
    ):
        client.generate(v1.GenerateRequest())


@pytest.mark.parametrize("vector", VECTORS["settings"], ids=lambda vector: vector["name"])
def test_what_is_given_wins_and_the_environment_is_next(vector: dict[str, Any]) -> None:
    given = vector.get("given", {})
    settings = Settings.of(given.get("address"), given.get("key"), vector["environment"])
    assert settings.address == ServiceAddress.parse(vector["address"], "")
    assert settings.key() == (vector["key"] or "")


@pytest.mark.parametrize("vector", VECTORS["refused_settings"])
def test_the_source_of_a_mistake_is_named(vector: dict[str, Any]) -> None:
    given = vector.get("given", {})
    with pytest.raises(SteerError) as caught:
        Settings.of(given.get("address"), given.get("key"), vector["environment"])
    assert caught.value.reason == vector["reason"]
    assert caught.value.message.startswith(f"{vector['names']}: ")
    assert "secret" not in str(caught.value)


def test_the_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEER_API_KEY", "of-the-environment")
    with Client() as client:
        assert client.metadata() == (("authorization", "Bearer of-the-environment"),)
    with Client(token="") as client:
        assert client.metadata() == ()
    with Client(token=lambda: None) as client:
        assert client.metadata() == ()
    monkeypatch.setenv("STEER_ADDRESS", "none")
    with pytest.raises(SteerError, match="STEER_ADDRESS"):
        Client()


def test_a_key_in_the_clear_is_warned_of_unless_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def warnings_of(address: str, **options: Any) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING), Client(address, **options):
            return [record.getMessage() for record in caplog.records]

    assert warnings_of("steer:1", token="secret") == [
        "the key goes to steer:1 in the clear: write https://steer:1, "
        "or http://steer:1 if that is meant"
    ]
    for address in ("http://steer:1", "https://steer:1", "localhost:1", "[::1]:1"):
        assert warnings_of(address, token="secret") == []
    assert warnings_of("steer:1") == []
    tls = grpc.ssl_channel_credentials()
    assert warnings_of("steer:1", token="secret", credentials=tls) == []

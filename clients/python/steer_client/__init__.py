"""Reads Steer's streams to their end. `Client` blocks, `AsyncClient` is for asyncio."""

from .aio import AsyncClient, AsyncEventStream
from .error import SteerError
from .resume import Cursor, Reconnect
from .runtime import Runtime
from .sync import Client, EventStream

__all__ = [
    "AsyncClient",
    "AsyncEventStream",
    "Client",
    "Cursor",
    "EventStream",
    "Reconnect",
    "Runtime",
    "SteerError",
]

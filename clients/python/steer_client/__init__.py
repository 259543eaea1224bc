"""Reads Steer's streams to their end. `Client` blocks; `AsyncClient` is for asyncio."""

from .aio import AsyncClient, AsyncEventStream
from .error import SteerError
from .resume import Reconnect, StreamCursor
from .runtime import Runtime
from .sync import Client, EventStream

__all__ = [
    "AsyncClient",
    "AsyncEventStream",
    "Client",
    "EventStream",
    "Reconnect",
    "Runtime",
    "SteerError",
    "StreamCursor",
]

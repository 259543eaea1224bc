"""Reads Steer's streams to their end. `Client` blocks, `AsyncClient` is for asyncio."""

from .aio import AsyncClient
from .error import SteerError
from .resume import Cursor, Reconnect, Runtime
from .sync import Client

__all__ = ["AsyncClient", "Client", "Cursor", "Reconnect", "Runtime", "SteerError"]

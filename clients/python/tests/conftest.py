import pytest
from readers import (
    Read,
    ReadOutput,
    output_with_asyncio,
    output_with_threads,
    read_with_asyncio,
    read_with_threads,
)


@pytest.fixture(params=[read_with_threads, read_with_asyncio], ids=["threads", "asyncio"])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads with one client, then with the other."""
    reader: Read = request.param
    return reader


@pytest.fixture(params=[output_with_threads, output_with_asyncio], ids=["threads", "asyncio"])
def read_output(request: pytest.FixtureRequest) -> ReadOutput:
    """Reads the output with one client, then with the other."""
    reader: ReadOutput = request.param
    return reader

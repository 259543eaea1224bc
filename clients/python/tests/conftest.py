import pytest
from readers import Read, read_with_asyncio, read_with_threads


@pytest.fixture(params=[read_with_threads, read_with_asyncio], ids=["threads", "asyncio"])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads with one client, then with the other."""
    reader: Read = request.param
    return reader

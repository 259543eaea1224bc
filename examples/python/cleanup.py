"""For operators: what a cleanup of old streams would delete."""


from steer.admin import v1 as admin
from steer_client import Client


# Streams that ended an hour ago or more. Without `dry_run` they are deleted.
request = admin.CleanupStreamStatesRequest(dry_run=True)
request.older_than.FromSeconds(3600)

# The key must be an operator's.
with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    stub = admin.AdminServiceStub(client.channel)
    found = stub.CleanupStreamStates(request, metadata=client.metadata())

print(f"would delete {found.matched_count} streams, {found.freed_bytes} bytes")

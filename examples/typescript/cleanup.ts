// For operators: what a cleanup of old streams would delete.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AdminService } from "@steer-gateway/stubs/steer/admin/v1/admin_service";

const { STEER_ADDRESS = "127.0.0.1:50051", STEER_API_KEY } = process.env;

// The stubs work with every transport of Connect; the key must be an operator's.
const baseUrl = STEER_ADDRESS.includes("://") ? STEER_ADDRESS : `http://${STEER_ADDRESS}`;
const transport = createGrpcTransport({ baseUrl });
const admin = createClient(AdminService, transport);
const headers: Record<string, string> =
  STEER_API_KEY === undefined ? {} : { authorization: `Bearer ${STEER_API_KEY}` };

// Streams that ended an hour ago or more. Without `dryRun` they are deleted.
const { matchedCount, freedBytes } = await admin.cleanupStreamStates(
  { olderThan: { seconds: 3600n }, dryRun: true },
  { headers },
);
console.log(`would delete ${matchedCount} streams, ${freedBytes} bytes`);

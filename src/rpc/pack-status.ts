import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { StatusSchema } from "../../gen/service/google/rpc/status_pb.ts";
import type { RpcStatus } from "./call.ts";

/** Cached values of frozen statuses. */
const values = new WeakMap<RpcStatus, string>();

/**
 * The value of `grpc-status-details-bin`: a status with its details in base64 without padding. The value of a
 * frozen status is made once.
 */
export function packStatus(status: RpcStatus): string {
  if (!Object.isFrozen(status)) return pack(status);
  const value = values.get(status) ?? pack(status);
  values.set(status, value);
  return value;
}

function pack({ code, message, details }: RpcStatus): string {
  const packed = details.map(({ desc, value }) => anyPack(desc, value));
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details: packed }));
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

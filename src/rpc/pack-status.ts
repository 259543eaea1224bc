import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { StatusSchema } from "../../gen/service/google/rpc/status_pb.ts";
import type { RpcStatus } from "./call.ts";

/** The value of `grpc-status-details-bin`: a status with its details in base64 without padding. */
export function packStatus({ code, message, details }: RpcStatus): string {
  const packed = details.map(({ desc, value }) => anyPack(desc, value));
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details: packed }));
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

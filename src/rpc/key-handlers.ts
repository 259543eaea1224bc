import { create } from "@bufbuild/protobuf";
import {
  type CallerService,
  CreateKeyResponseSchema,
  ListKeysResponseSchema,
  RevokeKeyResponseSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { isKeyPrefix } from "../domain/caller-key.ts";
import type { CallerAdministration } from "../ports/caller-administration.ts";
import { type Audit, audited } from "./audit.ts";
import { milliseconds } from "./decode-spec.ts";
import { encodeKey } from "./encode-caller.ts";
import type { Handlers } from "./handlers.ts";

type KeyHandlers = Pick<Handlers<typeof CallerService>, "createKey" | "listKeys" | "revokeKey">;

/** The service's methods for keys. */
export function createKeyHandlers(administration: CallerAdministration, audit: Audit): KeyHandlers {
  return {
    async createKey({ caller, lifetime }, call) {
      const lifetimeMs = lifetime === undefined ? undefined : milliseconds(lifetime);
      const target = { caller, ...(lifetimeMs !== undefined && { lifetime_ms: lifetimeMs }) };
      return audited(audit, call, { method: "CreateKey", target }, async () => {
        const { made, warnings } = await administration.createKey(caller, lifetimeMs);
        const { key, secret } = made;
        const answer = { key: encodeKey(key), secret, warnings: [...warnings] };
        return [create(CreateKeyResponseSchema, answer), { key: key.prefix }];
      });
    },

    async listKeys({ caller }) {
      const keys = await administration.keys(caller);
      return create(ListKeysResponseSchema, { keys: keys.map(encodeKey) });
    },

    async revokeKey({ prefix, force }, call) {
      // A whole key that was pasted in place of the prefix must not come into the log.
      const target = { ...(isKeyPrefix(prefix) && { key: prefix }), ...(force && { force }) };
      return audited(audit, call, { method: "RevokeKey", target }, async () => {
        const { key, keysLeft } = await administration.revokeKey(prefix, force);
        const response = create(RevokeKeyResponseSchema, { key: encodeKey(key), keysLeft });
        return [response, { key_caller: key.caller, keys_left: keysLeft }];
      });
    },
  };
}

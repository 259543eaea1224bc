import { create } from "@bufbuild/protobuf";
import {
  CallerService,
  CreateCallerResponseSchema,
  DeleteCallerResponseSchema,
  GetCallerResponseSchema,
  ListCallersResponseSchema,
  UpdateCallerResponseSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import type { CallerAdministration } from "../ports/caller-administration.ts";
import { type Audit, audited } from "./audit.ts";
import { decodeCaller, decodeCallerMask } from "./decode-caller.ts";
import { encodeCaller } from "./encode-caller.ts";
import { createGroupHandlers } from "./group-handlers.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { createKeyHandlers } from "./key-handlers.ts";
import { nextPageToken, pageQuery } from "./page-query.ts";
import { required } from "./required.ts";

export interface CallerServiceDependencies {
  readonly administration: CallerAdministration;
  /** Records changes by operators. */
  readonly audit: Audit;
}

type CallerHandlers = Pick<
  Handlers<typeof CallerService>,
  "createCaller" | "getCaller" | "listCallers" | "updateCaller" | "deleteCaller"
>;

function createCallerHandlers(dependencies: CallerServiceDependencies): CallerHandlers {
  const { administration, audit } = dependencies;
  return {
    async createCaller(request, call) {
      const profile = decodeCaller(required("caller", request.caller));
      const { id, role, group } = profile;
      const target = { caller: id, role, ...(group !== undefined && { group }) };
      return audited(audit, call, { method: "CreateCaller", target }, async () => {
        const { made, warnings } = await administration.createCaller(profile);
        const caller = encodeCaller(made);
        return [create(CreateCallerResponseSchema, { caller, warnings: [...warnings] }), {}];
      });
    },

    async getCaller({ id }) {
      const caller = encodeCaller(await administration.caller(id));
      return create(GetCallerResponseSchema, { caller });
    },

    async listCallers(request) {
      const query = { ...pageQuery(request), group: request.group };
      const { items, next } = await administration.callers(query);
      return create(ListCallersResponseSchema, {
        callers: items.map(encodeCaller),
        nextPageToken: nextPageToken(next),
      });
    },

    async updateCaller(request, call) {
      const given = required("caller", request.caller);
      const fields = decodeCallerMask(request.updateMask, given);
      const { force } = request;
      const profile = decodeCaller(given);
      const target = { caller: profile.id, fields: [...fields], ...(force && { force }) };
      return audited(audit, call, { method: "UpdateCaller", target }, async () => {
        const caller = encodeCaller(await administration.updateCaller(profile, fields, force));
        return [create(UpdateCallerResponseSchema, { caller }), {}];
      });
    },

    async deleteCaller({ id, force }, call) {
      const target = { caller: id, ...(force && { force }) };
      return audited(audit, call, { method: "DeleteCaller", target }, async () => {
        const deletedKeys = await administration.deleteCaller(id, force);
        const response = create(DeleteCallerResponseSchema, { deletedKeys });
        return [response, { deleted_keys: deletedKeys }];
      });
    },
  };
}

export function createCallerService(dependencies: CallerServiceDependencies): ServedService {
  const { administration, audit } = dependencies;
  const handlers: Handlers<typeof CallerService> = {
    ...createCallerHandlers(dependencies),
    ...createKeyHandlers(administration, audit),
    ...createGroupHandlers(administration, audit),
  };
  return serve(CallerService, handlers);
}

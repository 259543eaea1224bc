import { create } from "@bufbuild/protobuf";
import {
  type CallerService,
  CreateGroupResponseSchema,
  DeleteGroupResponseSchema,
  GetGroupResponseSchema,
  ListGroupsResponseSchema,
  UpdateGroupResponseSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import type { CallerAdministration } from "../ports/caller-administration.ts";
import { type Audit, audited } from "./audit.ts";
import { decodeGroup, decodeGroupMask } from "./decode-caller.ts";
import { encodeGroup } from "./encode-caller.ts";
import type { Handlers } from "./handlers.ts";
import { nextPageToken, pageQuery } from "./page-query.ts";
import { required } from "./required.ts";

type GroupHandlers = Pick<
  Handlers<typeof CallerService>,
  "createGroup" | "getGroup" | "listGroups" | "updateGroup" | "deleteGroup"
>;

/** The service's methods for groups. */
export function createGroupHandlers(
  administration: CallerAdministration,
  audit: Audit,
): GroupHandlers {
  return {
    async createGroup(request, call) {
      const group = decodeGroup(required("group", request.group));
      const target = { group: group.id };
      return audited(audit, call, { method: "CreateGroup", target }, async () => {
        const { made, warnings } = await administration.createGroup(group);
        const answer = { group: encodeGroup(made), warnings: [...warnings] };
        return [create(CreateGroupResponseSchema, answer), {}];
      });
    },

    async getGroup({ id }) {
      const group = encodeGroup(await administration.group(id));
      return create(GetGroupResponseSchema, { group });
    },

    async listGroups(request) {
      const { items, next } = await administration.groups(pageQuery(request));
      return create(ListGroupsResponseSchema, {
        groups: items.map(encodeGroup),
        nextPageToken: nextPageToken(next),
      });
    },

    async updateGroup(request, call) {
      const group = decodeGroup(required("group", request.group));
      const fields = decodeGroupMask(request.updateMask);
      const target = { group: group.id, fields: [...fields] };
      return audited(audit, call, { method: "UpdateGroup", target }, async () => {
        const updated = encodeGroup(await administration.updateGroup(group, fields));
        return [create(UpdateGroupResponseSchema, { group: updated }), {}];
      });
    },

    async deleteGroup({ id }, call) {
      return audited(audit, call, { method: "DeleteGroup", target: { group: id } }, async () => {
        await administration.deleteGroup(id);
        return [create(DeleteGroupResponseSchema, {}), {}];
      });
    },
  };
}

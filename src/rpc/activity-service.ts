import { create } from "@bufbuild/protobuf";
import {
  ActivityService,
  ListRecentCallsResponseSchema,
} from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { REMEMBERED_SECONDS } from "../domain/activity.ts";
import type { StoreStatus } from "../domain/operations.ts";
import type { Activity, ActivityReport } from "../ports/activity.ts";
import { milliseconds } from "./decode-spec.ts";
import { ActivityEncoder, encodeRecentCall, FIRST_TOKEN_BOUNDS } from "./encode-activity.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { scopeOf } from "./scope-of.ts";

const DEFAULT_PAGE_SIZE = 50;

export interface ActivityServiceDependencies {
  readonly replica: string;
  readonly version: string;
  readonly activity: Activity;
  /** The state of the store at this replica. */
  readonly store: () => StoreStatus;
}

/** The first answer has the bounds of times to first token. */
async function* answersOf(
  reports: AsyncIterable<ActivityReport>,
  encode: (report: ActivityReport) => Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  let isFirst = true;
  for await (const report of reports) {
    yield isFirst ? Buffer.concat([FIRST_TOKEN_BOUNDS, encode(report)]) : encode(report);
    isFirst = false;
  }
}

export function createActivityService(dependencies: ActivityServiceDependencies): ServedService {
  const { replica, version, activity, store } = dependencies;
  const encoder = new ActivityEncoder();
  /** Watchers of the same second get the same bytes. */
  const answers = new WeakMap<ActivityReport, Uint8Array>();

  function encode(report: ActivityReport): Uint8Array {
    let answer = answers.get(report);
    if (answer === undefined) {
      const { samples, replicas } = report;
      const { isDraining } = activity;
      answer = encoder.encode(samples, { replica, version, replicas, store: store(), isDraining });
      answers.set(report, answer);
    }
    return answer;
  }

  const handlers: Handlers<typeof ActivityService> = {
    watchActivity({ scope, history }, { signal, timeoutMs }) {
      const historySeconds =
        history === undefined ? REMEMBERED_SECONDS : Math.floor(milliseconds(history) / 1_000);
      const query = { scope: scopeOf(scope), historySeconds, signal, timeoutMs };
      return answersOf(activity.watch(query), encode);
    },

    async listRecentCalls(request) {
      const { caller, model, provider, failed, generations, pageSize, pageToken } = request;
      const scope = scopeOf(request.scope);
      const filter = { scope, caller, model, provider, failed, generations };
      const page = await activity.recentCalls(filter, pageSize || DEFAULT_PAGE_SIZE, pageToken);
      return create(ListRecentCallsResponseSchema, {
        calls: page.calls.map(encodeRecentCall),
        nextPageToken: page.nextToken,
        replicas: [...page.replicas],
        rememberedCalls: activity.rememberedCalls,
      });
    },
  };
  return serve(ActivityService, handlers);
}

import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  QueryUsageResponseSchema,
  UsageInterval,
  UsageScope,
  UsageService,
} from "../../gen/service/steer/admin/v1/usage_service_pb.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type * as domain from "../domain/usage-report.ts";
import { encodeDuration, encodeTime } from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";

const INTERVALS = enumTable<domain.UsageInterval, UsageInterval>({
  none: UsageInterval.NONE,
  hour: UsageInterval.HOUR,
  day: UsageInterval.DAY,
  month: UsageInterval.MONTH,
});

/** Whose use is meant; undefined: everybody's. Throws PERMISSION_DENIED. */
function callerOf(scope: UsageScope, { caller }: HandlerCall): string | undefined {
  if (scope !== UsageScope.ALL) return caller.id;
  if (caller.role === "operator") return undefined;
  const message = `${caller.id} has the role ${caller.role}; the scope ALL needs the role operator`;
  throw new GatewayError("permission-denied", message, {
    reason: "ROLE_REQUIRED",
    metadata: { role: "operator" },
  });
}

function timeOf(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time);
}

function encodeRow(row: domain.UsageReportRow) {
  return {
    startTime: encodeTime(row.startMs),
    group: [...row.group],
    calls: BigInt(row.calls),
    failures: BigInt(row.failures),
    cancelled: BigInt(row.cancelled),
    attempts: BigInt(row.attempts),
    retries: BigInt(row.retries),
    failovers: BigInt(row.failovers),
    hedges: BigInt(row.hedges),
    inputTokens: BigInt(row.inputTokens),
    outputTokens: BigInt(row.outputTokens),
    cacheReadTokens: BigInt(row.cacheReadTokens),
    cacheWriteTokens: BigInt(row.cacheWriteTokens),
    cacheWriteLongTokens: BigInt(row.cacheWriteLongTokens),
    reasoningTokens: BigInt(row.reasoningTokens),
    estimatedInputTokens: BigInt(row.estimatedInputTokens),
    estimatedOutputTokens: BigInt(row.estimatedOutputTokens),
    costs: row.costs.map(({ currency, units, picos }) => ({
      currencyCode: currency,
      units: BigInt(units),
      picos: BigInt(picos),
    })),
    unpricedAttempts: BigInt(row.unpricedAttempts),
    timedCalls: BigInt(row.timedCalls),
    ...(row.firstTokenP50Ms !== undefined && {
      timeToFirstTokenP50: encodeDuration(row.firstTokenP50Ms),
    }),
    ...(row.firstTokenP95Ms !== undefined && {
      timeToFirstTokenP95: encodeDuration(row.firstTokenP95Ms),
    }),
  };
}

export interface UsageServiceDependencies {
  readonly replica: string;
  readonly reports: domain.UsageReports;
}

export function createUsageService(dependencies: UsageServiceDependencies): ServedService {
  const { replica, reports } = dependencies;
  const handlers: Handlers<typeof UsageService> = {
    async queryUsage(request, call) {
      const report = await reports.query({
        fromMs: timeOf(request.from),
        toMs: timeOf(request.to),
        interval: INTERVALS.words.get(request.interval) ?? "none",
        groupBy: request.groupBy,
        filters: request.filters,
        caller: callerOf(request.scope, call),
      });
      const { hoursFromMs, daysFromMs } = report;
      return create(QueryUsageResponseSchema, {
        rows: report.rows.map(encodeRow),
        total: encodeRow(report.total),
        fromTime: encodeTime(report.fromMs),
        toTime: encodeTime(report.toMs),
        ...(hoursFromMs !== undefined && { hoursFromTime: encodeTime(hoursFromMs) }),
        ...(daysFromMs !== undefined && { daysFromTime: encodeTime(daysFromMs) }),
        lostBatches: BigInt(report.lostBatches),
        lag: encodeDuration(report.lagMs),
        replica,
      });
    },
  };
  return serve(UsageService, handlers);
}

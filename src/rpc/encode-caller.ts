import { create } from "@bufbuild/protobuf";
import {
  type Caller,
  type CallerKey,
  CallerKeySchema,
  type CallerLimits,
  CallerLimitsSchema,
  CallerRole,
  CallerSchema,
  CallerSource,
  type Group,
  GroupSchema,
  RateSchema,
  SpendPeriod,
  type UseLimits,
  UseLimitsSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import type { Caller as DomainCaller } from "../domain/caller.ts";
import type * as domain from "../domain/caller-limits.ts";
import type { CallerView, GroupView, Kept, KeyView } from "../ports/caller-administration.ts";
import { encodeDuration, encodeTime } from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";

export const ROLES = enumTable<DomainCaller["role"], CallerRole>({
  caller: CallerRole.CALLER,
  operator: CallerRole.OPERATOR,
});

export const PERIODS = enumTable<domain.SpendPeriod, SpendPeriod>({
  hour: SpendPeriod.HOUR,
  day: SpendPeriod.DAY,
  month: SpendPeriod.MONTH,
  total: SpendPeriod.TOTAL,
});

function encodeRate({ amount, windowMs }: domain.Rate) {
  return create(RateSchema, { amount: BigInt(amount), window: encodeDuration(windowMs) });
}

function encodeUse({ requests, tokens, concurrency, spend }: domain.UseLimits): UseLimits {
  return create(UseLimitsSchema, {
    requests: (requests ?? []).map(encodeRate),
    tokens: (tokens ?? []).map(encodeRate),
    ...(concurrency !== undefined && { concurrency }),
    spend: (spend ?? []).map(({ period, currency, picos }) => ({
      period: PERIODS.values[period],
      currencyCode: currency,
      picos: BigInt(picos),
    })),
  });
}

function encodeLimits(limits: domain.CallerLimits): CallerLimits {
  const { narrowed, maxOutputTokens, maxCostPerCall, warnAt, allowUnpriced } = limits;
  return create(CallerLimitsSchema, {
    use: encodeUse(limits),
    narrowed: (narrowed ?? []).map((each) => ({ match: each.match, limits: encodeUse(each) })),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(maxCostPerCall !== undefined && {
      maxCostPerCall: {
        currencyCode: maxCostPerCall.currency,
        picos: BigInt(maxCostPerCall.picos),
      },
    }),
    ...(warnAt !== undefined && { warnAt }),
    allowUnpriced: allowUnpriced ?? false,
  });
}

function encodeKept(kept: Kept) {
  if (kept.source === "configuration") {
    return { source: CallerSource.CONFIGURATION, hidesStored: kept.isHiding };
  }
  return {
    source: CallerSource.STORE,
    createTime: encodeTime(kept.createdAt),
    updateTime: encodeTime(kept.updatedAt),
  };
}

export function encodeCaller({ profile, kept, keyCount }: CallerView): Caller {
  const { id, role, group, models, providers, limits } = profile;
  return create(CallerSchema, {
    id,
    role: ROLES.values[role],
    group: group ?? "",
    models: [...(models ?? [])],
    providers: [...(providers ?? [])],
    ...(limits !== undefined && { limits: encodeLimits(limits) }),
    keyCount,
    ...encodeKept(kept),
  });
}

export function encodeGroup({ group, kept }: GroupView): Group {
  const { id, models, providers, limits } = group;
  return create(GroupSchema, {
    id,
    models: [...(models ?? [])],
    providers: [...(providers ?? [])],
    ...(limits !== undefined && { limits: encodeLimits(limits) }),
    ...encodeKept(kept),
  });
}

export function encodeKey(key: KeyView): CallerKey {
  const { prefix, caller, createdAt, lastUsedAt, expiresAt, isExpired } = key;
  return create(CallerKeySchema, {
    prefix,
    caller,
    createTime: encodeTime(createdAt),
    ...(lastUsedAt !== undefined && { lastUseTime: encodeTime(lastUsedAt) }),
    ...(expiresAt !== undefined && { expireTime: encodeTime(expiresAt) }),
    expired: isExpired,
  });
}

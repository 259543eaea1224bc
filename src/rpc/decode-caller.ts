import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type {
  Caller,
  CallerLimits,
  Group,
  UseLimits,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import type * as domain from "../domain/caller-limits.ts";
import { invalidField } from "../domain/gateway-error.ts";
import { didYouMean } from "../domain/near-names.ts";
import type { CallerField, GroupField } from "../ports/caller-administration.ts";
import type { CallerGroup, CallerProfile } from "../ports/caller-directory.ts";
import { milliseconds } from "./decode-spec.ts";
import { PERIODS, ROLES } from "./encode-caller.ts";

const CALLER_FIELDS: readonly CallerField[] = ["role", "group", "models", "providers", "limits"];
const GROUP_FIELDS: readonly GroupField[] = ["models", "providers", "limits"];

function decodeRates(rates: UseLimits["requests"], field: string): readonly domain.Rate[] {
  return rates.map(({ amount, window }, index) => {
    const windowMs = window === undefined ? 0 : milliseconds(window);
    if (window !== undefined && window.nanos % 1_000_000 !== 0) {
      throw invalidField(`${field}[${index}].window`, "must be whole milliseconds");
    }
    return { amount: Number(amount), windowMs };
  });
}

function decodeSpend(limits: UseLimits["spend"], field: string): readonly domain.SpendLimit[] {
  const seen = new Set<string>();
  return limits.map(({ period, currencyCode, picos }, index) => {
    const word = PERIODS.words.get(period);
    if (word === undefined) throw invalidField(`${field}[${index}].period`, "is not known");
    if (seen.has(`${word} ${currencyCode}`)) {
      throw invalidField(`${field}[${index}]`, "is a second limit of this period and currency");
    }
    seen.add(`${word} ${currencyCode}`);
    return { period: word, currency: currencyCode, picos: Number(picos) };
  });
}

function decodeUse(use: UseLimits | undefined, field: string): domain.UseLimits {
  if (use === undefined) return {};
  const { requests, tokens, concurrency, spend } = use;
  return {
    ...(requests.length > 0 && { requests: decodeRates(requests, `${field}.requests`) }),
    ...(tokens.length > 0 && { tokens: decodeRates(tokens, `${field}.tokens`) }),
    ...(concurrency !== undefined && { concurrency }),
    ...(spend.length > 0 && { spend: decodeSpend(spend, `${field}.spend`) }),
  };
}

function decodeLimits(limits: CallerLimits, field: string): domain.CallerLimits {
  const { use, narrowed, maxOutputTokens, maxCostPerCall, warnAt, allowUnpriced } = limits;
  return {
    ...decodeUse(use, `${field}.use`),
    ...(narrowed.length > 0 && {
      narrowed: narrowed.map(({ match, limits: own }, index) => ({
        match,
        ...decodeUse(own, `${field}.narrowed[${index}].limits`),
      })),
    }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(maxCostPerCall !== undefined && {
      maxCostPerCall: {
        currency: maxCostPerCall.currencyCode,
        picos: Number(maxCostPerCall.picos),
      },
    }),
    ...(warnAt !== undefined && { warnAt }),
    ...(allowUnpriced && { allowUnpriced }),
  };
}

function decodeLists({ models, providers }: Pick<Caller, "models" | "providers">) {
  return {
    ...(models.length > 0 && { models: [...models] }),
    ...(providers.length > 0 && { providers: [...providers] }),
  };
}

/** Fields that only answers have are not looked at. */
export function decodeCaller(caller: Caller): CallerProfile {
  const { id, group, limits } = caller;
  return {
    id,
    role: ROLES.words.get(caller.role) ?? "caller",
    ...(group !== "" && { group }),
    ...decodeLists(caller),
    ...(limits !== undefined && { limits: decodeLimits(limits, "caller.limits") }),
  };
}

export function decodeGroup(group: Group): CallerGroup {
  const { id, limits } = group;
  return {
    id,
    ...decodeLists(group),
    ...(limits !== undefined && { limits: decodeLimits(limits, "group.limits") }),
  };
}

function decodeMask<Field extends string>(
  mask: FieldMask | undefined,
  known: readonly Field[],
): readonly Field[] {
  const paths = [...new Set(mask?.paths ?? [])];
  if (paths.length === 0) {
    throw invalidField("update_mask", `name at least one of ${known.join(", ")}`);
  }
  return paths.map((path) => {
    const field = known.find((each) => each === path);
    if (field !== undefined) return field;
    const near = didYouMean(path, known);
    throw invalidField("update_mask", `"${path}" cannot be changed${near}: ${known.join(", ")}`);
  });
}

/** The fields of the caller that a request changes. Throws INVALID_ARGUMENT. */
export function decodeCallerMask(
  mask: FieldMask | undefined,
  { role }: Pick<Caller, "role">,
): readonly CallerField[] {
  const fields = decodeMask(mask, CALLER_FIELDS);
  // A new caller without a role is a caller; an operator must not lose the role by a field that was forgotten.
  if (fields.includes("role") && !ROLES.words.has(role)) {
    throw invalidField("caller.role", "is named by the mask, and not set");
  }
  return fields;
}

export function decodeGroupMask(mask: FieldMask | undefined): readonly GroupField[] {
  return decodeMask(mask, GROUP_FIELDS);
}

import type { ModelRecord, Parameter, WireLimits } from "../../domain/model.ts";
import type { ProviderType } from "../provider.ts";
import { openAiBaseUrlProblem } from "../shared/base-url-problem.ts";
import { CHAT_PLACEMENTS } from "../shared/chat-messages.ts";
import {
  CHAT_FACTS,
  type ChatServer,
  COMPATIBLE_SERVER,
  chatGoesBack,
  chatWire,
  RESPONSES_FACTS,
} from "../shared/chat-server.ts";
import { createHttpProvider } from "../shared/http-provider.ts";
import { openAiAuthentication } from "../shared/openai-authentication.ts";
import { openAiDialects } from "../shared/openai-dialects.ts";
import { openAiErrorRules } from "../shared/openai-error-rules.ts";
import { CHAT_PARAMETERS, RESPONSES_PARAMETERS } from "../shared/openai-parameters.ts";
import { openAiTokens } from "../shared/openai-tokens.ts";
import { misplacedPart } from "../shared/placements.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { unsupportedInput } from "../shared/responses-input.ts";
import { RESPONSES_GO_BACK } from "../shared/responses-request.ts";

/** A page with evidence, and the date when it was read or last changed. */
export interface Source {
  readonly url: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

/** The known facts of a server with a dialect of OpenAI. */
export interface CompatibleRecord {
  /** Name of the type. */
  readonly type: string;
  readonly baseUrl: string;
  /** Environment variable of the key; undefined: a self-hosted server, which needs none. */
  readonly apiKeyVariable: string | undefined;
  readonly dialect: "chat" | "responses";
  /** Parameters that the server answers with an error, for every model. */
  readonly refuses: readonly Parameter[];
  /** Parameters that are only sent to models whose records list them. */
  readonly listed: readonly Parameter[];
  readonly server: Partial<ChatServer>;
  readonly limits: WireLimits;
  /** Whether streams report the same usage as whole answers. */
  readonly reportsUsageInStreams: boolean;
  /** Whether the server can continue a last message of the assistant. */
  readonly prefill: boolean;
  readonly models: readonly Omit<ModelRecord, "limits">[];
  readonly sources: readonly Source[];
  readonly dialectProblem?: (dialect: string) => string | undefined;
}

const PARAMETERS = { chat: CHAT_PARAMETERS, responses: RESPONSES_PARAMETERS };

/** Chat has a field for `top_k` that OpenAI does not support. */
const BEYOND = { chat: ["sampling.top_k"], responses: [] } as const;

export interface CompatibleType extends ProviderType {
  readonly record: CompatibleRecord;
}

/** Creates the type of a record. */
export function compatibleType(record: CompatibleRecord): CompatibleType {
  const { type, dialect, refuses, listed } = record;
  const server: ChatServer = { ...COMPATIBLE_SERVER, ...record.server };
  const carried = PARAMETERS[dialect].filter(
    (parameter) => !refuses.includes(parameter) && !listed.includes(parameter),
  );
  const isChat = dialect === "chat";
  const beyond = BEYOND[dialect].filter((parameter) => !refuses.includes(parameter));
  return {
    record,
    apiKeyVariable: record.apiKeyVariable,
    models: record.models,
    prefill: record.prefill,
    ...(record.dialectProblem !== undefined && { dialectProblem: record.dialectProblem }),
    defaultBaseUrl: record.baseUrl,
    baseUrlProblem: openAiBaseUrlProblem,
    // A self-hosted server may not exist.
    hasDefaultInstance: record.apiKeyVariable !== undefined,
    isNameReserved: false,
    dialects: { [dialect]: carried },
    listedParameters: { [dialect]: [...new Set([...listed, ...beyond])] },
    takes: () => true,
    wireFacts: { [dialect]: isChat ? CHAT_FACTS : RESPONSES_FACTS },
    defaultDialect: () => dialect,
    reportsUsageInStreams: () => record.reportsUsageInStreams,
    limits: () => record.limits,
    goesBack: (_, wire) => (isChat ? chatGoesBack(wire, server) : RESPONSES_GO_BACK),
    tokens: openAiTokens,
    unsupported: ({ messages }, model) =>
      isChat ? misplacedPart(messages, CHAT_PLACEMENTS) : unsupportedInput(messages, model),
    async create(instance, context) {
      const { clock } = context;
      const errors = reportErrorTexts(openAiErrorRules, context);
      return createHttpProvider({
        instance,
        authentication: await openAiAuthentication(instance, context),
        dialectOf: openAiDialects({
          providerType: type,
          errorRules: errors,
          clock,
          chatWire: (request) => chatWire(request, server),
        }),
        clock,
      });
    },
  };
}

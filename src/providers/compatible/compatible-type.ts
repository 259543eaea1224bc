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
import { errorRules } from "../shared/openai-errors.ts";
import { CHAT_PARAMETERS, RESPONSES_PARAMETERS } from "../shared/openai-parameters.ts";
import { tokens } from "../shared/openai-tokens.ts";
import { misplacedPart } from "../shared/placements.ts";
import { reportErrorTexts } from "../shared/report-error-texts.ts";
import { unsupportedInput } from "../shared/responses-input.ts";
import { RESPONSES_GO_BACK } from "../shared/responses-request.ts";

/** A page that says so, and the day on which its words were read, or last changed. */
export interface Source {
  readonly url: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

/** What is known of a server that speaks a dialect of OpenAI, beside what its answers say. */
export interface CompatibleRecord {
  /** Name of the type. */
  readonly type: string;
  readonly baseUrl: string;
  /** Environment variable of the key; undefined: a server of one's own, which needs none. */
  readonly apiKeyVariable: string | undefined;
  readonly dialect: "chat" | "responses";
  /** Parameters that it answers with an error, in every model. */
  readonly refuses: readonly Parameter[];
  /** Parameters of which only the models of the file that list them are known to take them. */
  readonly listed: readonly Parameter[];
  readonly server: Partial<ChatServer>;
  readonly limits: WireLimits;
  /** Streams report usage as whole answers do. */
  readonly reportsUsageInStreams: boolean;
  /** It goes on after a last message of the assistant. */
  readonly prefill: boolean;
  readonly models: readonly Omit<ModelRecord, "limits">[];
  readonly sources: readonly Source[];
  readonly dialectProblem?: (dialect: string) => string | undefined;
}

const PARAMETERS = { chat: CHAT_PARAMETERS, responses: RESPONSES_PARAMETERS };

/** `top_k` has a field in Chat that OpenAI does not take. */
const BEYOND = { chat: ["sampling.top_k"], responses: [] } as const;

export interface CompatibleType extends ProviderType {
  readonly record: CompatibleRecord;
}

/** The type of a record. */
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
    // Nobody knows whether a server of one's own is there.
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
    tokens,
    unsupported: ({ messages }, model) =>
      isChat ? misplacedPart(messages, CHAT_PLACEMENTS) : unsupportedInput(messages, model),
    async create(instance, context) {
      const { clock } = context;
      const errors = reportErrorTexts(errorRules, context);
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

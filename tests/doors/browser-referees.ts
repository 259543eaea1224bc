// Pages of other origins, with the vendors' clients for browsers.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { DEFAULT_TEXT } from "../support/upstream.ts";
import { BlockedByCors, browserFetch } from "./browser-fetch.ts";
import type { Referee } from "./referee.ts";

/** The scripted provider sends no white space at the end. */
const TEXT = DEFAULT_TEXT.trimEnd();

/** Origin of a page that may call the gateway. */
export const PAGE = "https://app.example";
const STRANGER = "https://stranger.example";

function openai(base: string, origin: string): OpenAI {
  const fetch = browserFetch(origin);
  const options = { apiKey: "unused", maxRetries: 0, dangerouslyAllowBrowser: true, fetch };
  return new OpenAI({ baseURL: `${base}/v1`, ...options });
}

function anthropic(base: string, origin: string): Anthropic {
  const fetch = browserFetch(origin);
  const options = { apiKey: "unused", maxRetries: 0, dangerouslyAllowBrowser: true, fetch };
  return new Anthropic({ baseURL: base, ...options });
}

const messages = [{ role: "user" as const, content: "say it" }];

/** What a page does at the doors. */
export function browserReferees(base: string): Referee[] {
  return [
    {
      name: "browser chat, streamed",
      async check() {
        const chat = { model: "m-chat", messages };
        const stream = openai(base, PAGE).chat.completions.stream(chat);
        assert.equal(await stream.finalContent(), TEXT);
      },
    },
    {
      name: "browser responses: created, read and deleted",
      async check() {
        const { responses } = openai(base, PAGE);
        const stream = responses.stream({ model: "m-responses", input: "say it" });
        const { id, output_text } = await stream.finalResponse();
        assert.equal(output_text, TEXT);
        assert.equal((await responses.retrieve(id)).output_text, TEXT);
        await responses.delete(id);
      },
    },
    {
      name: "browser messages, streamed",
      async check() {
        const asked = { model: "m-claude", max_tokens: 200, messages };
        const stream = anthropic(base, PAGE).messages.stream(asked);
        assert.equal(await stream.finalText(), TEXT);
      },
    },
    {
      name: "browser sees the headers of an answer",
      async check() {
        const { response } = await openai(base, PAGE)
          .chat.completions.create({ model: "m-chat", messages })
          .withResponse();
        assert.equal(response.headers.get("x-steer-model"), "m-chat");
        assert.equal(response.headers.get("x-steer-attempts"), "1");
      },
    },
    {
      name: "browser of another page is let through to nothing",
      async check() {
        const blocked = await browserFetch(STRANGER)(`${base}/v1/models`, {
          headers: { authorization: "Bearer unused" },
        }).catch((error: unknown) => error);
        assert.ok(blocked instanceof BlockedByCors);
        const body = JSON.stringify({ model: "m-chat", messages });
        const headers = { origin: STRANGER, "content-type": "application/json" };
        const asked = { method: "POST", headers, body };
        const { status } = await fetch(`${base}/v1/chat/completions`, asked);
        assert.equal(status, 403);
      },
    },
  ];
}

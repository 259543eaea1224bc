/**
 * How an answer comes: in pieces, as a whole, or as a count of tokens. A target's latencies are kept
 * by the form, since none of them says how long another one takes.
 */
export type AnswerForm = "streamed" | "whole" | "counted";

/**
 * Form of an answer: in pieces, as a whole, or as a count of tokens. A target's latencies are kept for each form,
 * because the latency of one form says nothing about another's.
 */
export type AnswerForm = "streamed" | "whole" | "counted";

import { dialectOptions } from "./dialect-options.ts";

/** JSON that the contract does not model. */
export interface ProviderData {
  /** The type whose providers understand it, or a dialect that many types speak, such as `api:chat`. */
  readonly providerType: string;
  /** A JSON object as text. */
  readonly json: string;
  /** Dialect of the JSON; empty: any dialect of the type. */
  readonly api: string;
}

/** A source of a text, or of a range of it. Unset fields were not reported. */
export interface Annotation {
  readonly uri?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** Code points of the part's text; `end` is exclusive. */
  readonly start?: number;
  readonly end?: number;
  readonly fileId?: string;
  readonly filename?: string;
  /** From 1. */
  readonly firstPage?: number;
  readonly lastPage?: number;
  /** The annotation as the provider wrote it. */
  readonly providerData?: ProviderData;
}

/** A token with the natural logarithm of its probability. */
export interface TopLogprob {
  readonly token: string;
  readonly logprob: number;
  /** Set if they differ from the bytes of `token`. */
  readonly rawBytes?: Uint8Array;
}

export interface TokenLogprob extends TopLogprob {
  /** The most likely tokens at this position. */
  readonly top: readonly TopLogprob[];
}

/** Facts about a part that its deltas do not carry. */
export interface PartAdditions {
  readonly annotations?: readonly Annotation[];
  readonly providerData?: ProviderData;
}

/** Longest JSON of a provider, in bytes; the contract's bound. */
export const MAX_PROVIDER_JSON_BYTES = 1024 * 1024;
/** Deepest JSON of a provider, in levels. */
export const MAX_PROVIDER_JSON_DEPTH = 64;
/** Most annotations of a part. */
export const MAX_ANNOTATIONS = 1024;

/** Whether a provider of this type reads the data in this dialect. */
export function isDataFor(
  { providerType, api }: ProviderData,
  type: string,
  dialect: string,
): boolean {
  const isMeant = providerType === type || providerType === dialectOptions(dialect);
  return isMeant && (api === "" || api === dialect);
}

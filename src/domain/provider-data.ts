/** JSON without a word in the contract: it means something to providers of `providerType` alone. */
export interface ProviderData {
  readonly providerType: string;
  /** A JSON object as text. */
  readonly json: string;
  /** Dialect whose JSON it is; empty: any of the type's. */
  readonly api: string;
}

/** A source of a text, or of a range of it; unset where the provider does not say it. */
export interface Annotation {
  readonly uri?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** Code points of the part's text, `end` behind the last. */
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
  /** Only where they are not those of `token`. */
  readonly rawBytes?: Uint8Array;
}

export interface TokenLogprob extends TopLogprob {
  /** The likeliest tokens in its place. */
  readonly top: readonly TopLogprob[];
}

/** What the deltas of a part do not say of it. */
export interface PartAdditions {
  readonly annotations?: readonly Annotation[];
  readonly providerData?: ProviderData;
}

/** Longest JSON of a provider in bytes: the contract's bound. */
export const MAX_PROVIDER_JSON_BYTES = 1024 * 1024;
/** Deepest JSON of a provider. */
export const MAX_PROVIDER_JSON_DEPTH = 64;
/** Most annotations of a part. */
export const MAX_ANNOTATIONS = 1024;

/** Data that a provider of this type reads in this dialect. */
export function isDataFor(
  { providerType, api }: ProviderData,
  type: string,
  dialect: string,
): boolean {
  return providerType === type && (api === "" || api === dialect);
}

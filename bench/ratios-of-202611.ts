// Bifrost cannot be had from the package registries. Its figures were measured once, on 2026-11-29, beside the floor
// that `floor-2026-11.ts` keeps; the targets that name Bifrost use these ratios to it.

/** CPU of a unary call: 165 µs beside 125 µs. */
export const BIFROST_UNARY = 1.32;
/** CPU of an event paced at 5 ms, 32 streams: 42 µs beside 42 µs. */
export const BIFROST_PACED = 1;

// Names of keys and channels in Redis that all tenants share. `prelude.lua` has those of sessions.

/**
 * The hash tag of every name. One step can use keys of several kinds, which must all be at one node of a cluster. One
 * tag means one slot.
 */
export const TAG = "{steer}";

/**
 * No key ever has this name. Every call names it, because a node whose slot is being moved refuses a call with an
 * absent key: before the first step, not between steps.
 */
export const ABSENT_KEY = `${TAG}:none`;

/** Channel that every replica subscribes to. */
export const CONTROL_CHANNEL = `${TAG}:ctl`;

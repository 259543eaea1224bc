// Names of keys and channels in Redis that all tenants share; `prelude.lua` has those of sessions.

/**
 * The hash tag of every name. One step can touch keys of several kinds, so that all of them have to be at
 * one node of a cluster, and one tag means one slot.
 */
export const TAG = "{steer}";

/**
 * No key ever has this name. It is a key of every call, since a node whose slot is being moved away
 * refuses a call with a key that it does not have: before the first step, and not amid the steps.
 */
export const ABSENT_KEY = `${TAG}:none`;

/** What every replica hears. */
export const CONTROL_CHANNEL = `${TAG}:ctl`;

import type { FeedPage, FeedPosition, KeyUse, RecordChange } from "../caller-store.ts";

/** What the engine's side asks the thread for. */
export interface CallerCalls {
  changes(after: number, limit: number): FeedPage;
  write(changes: readonly RecordChange[], expected: FeedPosition, newFeed: string): boolean;
  noteUses(uses: readonly KeyUse[]): void;
  lastUses(prefixes: readonly string[]): readonly (number | undefined)[];
  forgetUses(prefixes: readonly string[]): void;
}

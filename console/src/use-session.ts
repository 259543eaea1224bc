import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Failure } from "./failure.ts";

/** What views may ask of the login. */
export interface Session {
  /** Reports a failed call: a refused key leads to the login. */
  onFailure(failure: Failure): void;
  /** This tab uses the key from now on. The view stays. */
  adoptKey(key: string): void;
  logOut(): void;
}

export const SessionContext = createContext<Session>({
  onFailure: () => {},
  adoptKey: () => {},
  logOut: () => {},
});

export function useSession(): Session {
  return useContext(SessionContext);
}

/** The configured address of a store. */
export type StoreAddress =
  | { readonly type: "memory"; readonly maxBytes: number }
  | { readonly type: "sqlite"; readonly path: string; readonly maxBytes: number | undefined }
  /** Contains credentials, which no error and no log line repeats. */
  | { readonly type: "redis"; readonly url: string }
  /** The engine of another process on this host, by the path of its socket. */
  | { readonly type: "hosted"; readonly path: string };

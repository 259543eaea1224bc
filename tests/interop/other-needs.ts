/** What the page of a language without a helper needs. */
export const OTHER_NEEDS = {
  needs: ["ruby", "protoc", "grpc_ruby_plugin"],
  /** Debian's packages that bring them. */
  debian: ["ruby", "ruby-grpc", "ruby-grpc-tools"],
} as const;

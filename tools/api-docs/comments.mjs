// The comments of a descriptor set, by descriptor.

/** Field numbers of the members of a descriptor that contain descriptors. */
const BELOW = {
  file: { 4: ["messageType", "message"], 5: ["enumType", "enum"], 6: ["service", "service"] },
  message: {
    2: ["field"],
    3: ["nestedType", "message"],
    4: ["enumType", "enum"],
    8: ["oneofDecl"],
  },
  enum: { 2: ["value"] },
  service: { 2: ["method"] },
};

function descriptorAt(file, path) {
  let kind = "file";
  let found = file;
  for (let at = 0; at < path.length; at += 2) {
    const [member, next] = BELOW[kind]?.[path[at]] ?? [];
    found = member === undefined ? undefined : found[member][path[at + 1]];
    if (found === undefined) return undefined;
    kind = next;
  }
  return found;
}

/** Comments by descriptor. The comment of a file is that of its `package` line. */
export function commentsOf(files) {
  const comments = new Map();
  for (const file of files) {
    for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
      const descriptor = path.length % 2 === 0 ? descriptorAt(file, path) : undefined;
      if (descriptor !== undefined) comments.set(descriptor, leadingComments);
    }
  }
  return comments;
}

/** Paragraphs of a comment, each on one line. */
export function paragraphs(comment = "") {
  return comment
    .split(/\n[ \t]*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim())
    .filter((paragraph) => paragraph !== "");
}

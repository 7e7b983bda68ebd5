import type { HeaderList } from "../../../policy/facts.ts";

const DIGESTS = new Set(["content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"]);

/**
 * The fields of a body that is not the one they were written for: without its digests and its ranges, its validator weak
 * (RFC 9110 §8.8.1), and without its coding where that was taken off.
 */
export function rewrittenFields(fields: HeaderList, coded: boolean): HeaderList {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name = "", value = ""] = [fields[i], fields[i + 1]];
    const lower = name.toLowerCase();
    if (DIGESTS.has(lower) || (coded && lower === "content-encoding")) continue;
    kept.push(name, lower === "etag" && value.startsWith('"') ? `W/${value}` : value);
  }
  return kept;
}

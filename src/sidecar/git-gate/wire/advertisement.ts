import { MAX_REFS } from "../limits.ts";
import type { ObjectFormat } from "../programs.ts";
import { lineOf, type PacketReader, WireError } from "./pkt-line.ts";

/** What a service says first (gitprotocol-pack, reference discovery). */
export interface Advertisement {
  /** without peeled ones and `capabilities^{}` */
  readonly refs: ReadonlyMap<string, string>;
  /** of annotated tags: what they stand for */
  readonly peeled: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
  /** what HEAD stands for, where the server says so */
  readonly head: string | undefined;
  readonly format: ObjectFormat;
}

const REF = /^([0-9a-f]{40}|[0-9a-f]{64}) (.+)$/;

/** Reads an advertisement up to its flush. Throws `WireError`. */
export async function readAdvertisement(reader: PacketReader): Promise<Advertisement> {
  const refs = new Map<string, string>();
  const peeled = new Map<string, string>();
  let capabilities: ReadonlySet<string> | undefined;
  for (;;) {
    const read = await reader.next();
    if (read === undefined) throw new WireError("the connection ended before its refs did");
    if (read === "flush") break;
    if (typeof read === "string") throw new WireError("a packet among the refs carries nothing");
    let line = lineOf(read);
    if (line.startsWith("version ")) continue;
    if (line.startsWith("ERR ")) throw new WireError(line.slice(4));
    if (line.startsWith("shallow ")) throw new WireError("the upstream is a shallow repository");
    if (capabilities === undefined) {
      const nul = line.indexOf("\0");
      capabilities = new Set(nul < 0 ? [] : line.slice(nul + 1).split(" "));
      if (nul >= 0) line = line.slice(0, nul);
    }
    const [, id = "", name = ""] = REF.exec(line) ?? [];
    if (name === "") throw new WireError("a line among the refs names none");
    if (name === "capabilities^{}") continue;
    if (name.endsWith("^{}")) peeled.set(name.slice(0, -3), id);
    else refs.set(name, id);
    if (refs.size > MAX_REFS) throw new WireError(`there are more than ${MAX_REFS} refs`);
  }
  const said = capabilities ?? new Set<string>();
  return {
    refs,
    peeled,
    capabilities: said,
    head: [...said].find((one) => one.startsWith("symref=HEAD:"))?.slice("symref=HEAD:".length),
    format: said.has("object-format=sha256") ? "sha256" : "sha1",
  };
}

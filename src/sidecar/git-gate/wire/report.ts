import { FLUSH, lineOf, type PacketReader, packet, WireError } from "./pkt-line.ts";
import { band } from "./side-band.ts";

/** What became of one ref. */
export interface RefResult {
  readonly ref: string;
  /** undefined: done; else why not, in one line */
  readonly refused: string | undefined;
  /** the id it has now, where that isn't the one that was pushed */
  readonly signed?: string;
}

/** Lines of text for the person who pushes; git puts `remote: ` before each. */
export function progress(lines: readonly string[]): Buffer {
  return band(2, Buffer.from(lines.map((line) => `${line}\n`).join(""), "utf8"));
}

/**
 * A push's report (gitprotocol-pack, report-status and report-status-v2). `unpack`: undefined, or why the pack was not
 * taken.
 */
export function encodeReport(
  version: 0 | 1 | 2,
  sideBand: boolean,
  unpack: string | undefined,
  results: readonly RefResult[],
): Buffer {
  if (version === 0) return sideBand ? FLUSH : Buffer.alloc(0);
  const lines = results.flatMap(({ ref, refused, signed }) => {
    if (refused !== undefined) return [packet(`ng ${ref} ${refused}`)];
    const moved = version === 2 && signed !== undefined ? [packet(`option new-oid ${signed}`)] : [];
    return [packet(`ok ${ref}`), ...moved];
  });
  const report = Buffer.concat([packet(`unpack ${unpack ?? "ok"}`), ...lines, FLUSH]);
  return sideBand ? Buffer.concat([band(1, report), FLUSH]) : report;
}

/** Reads a report. A ref without a line of its own is not in it. Throws `WireError`. */
export async function readReport(
  reader: PacketReader,
): Promise<{ readonly unpack: string | undefined; readonly results: readonly RefResult[] }> {
  let unpack: string | undefined;
  let begun = false;
  const results: RefResult[] = [];
  for (;;) {
    const read = await reader.next();
    if (read === undefined || read === "flush") {
      if (!begun) throw new WireError("the report is missing");
      return { unpack, results };
    }
    if (typeof read === "string") throw new WireError("a packet of the report carries nothing");
    const line = Buffer.from(lineOf(read), "latin1").toString("utf8");
    const [word, ref = "", ...reason] = line.split(" ");
    if (!begun && word === "unpack") {
      const said = line.slice("unpack ".length);
      unpack = said === "ok" ? undefined : said;
      begun = true;
    } else if (word === "ok") results.push({ ref, refused: undefined });
    else if (word === "ng") results.push({ ref, refused: reason.join(" ") || "refused" });
    else if (word !== "option") throw new WireError("a line of the report says nothing that is known");
  }
}

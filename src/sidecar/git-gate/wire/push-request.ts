import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import { MAX_COMMAND_BYTES, MAX_COMMANDS, MAX_PUSH_OPTION_BYTES, MAX_PUSH_OPTIONS } from "../limits.ts";
import { FLUSH, lineOf, type PacketReader, packet, WireError } from "./pkt-line.ts";

/** The head of a push (gitprotocol-pack, reference update request), before its pack. */
export interface PushRequest {
  readonly updates: readonly RefUpdate[];
  /** ids that the pusher's clone ends at */
  readonly shallow: readonly string[];
  readonly atomic: boolean;
  readonly sideBand: boolean;
  /** 0: it wants no report */
  readonly report: 0 | 1 | 2;
  readonly options: readonly string[];
}

const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0]+)$/;
const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** A push of nothing: git asks so whether it may push at all, before it sends much. */
export const PROBE = "probe";

/** Reads a push's commands and options; what `reader` has behind them is the pack, if one comes. Throws `WireError`. */
export async function readPushRequest(reader: PacketReader): Promise<PushRequest | typeof PROBE> {
  const updates: RefUpdate[] = [];
  const shallow: string[] = [];
  let said: ReadonlySet<string> | undefined;
  let bytes = 0;
  for (;;) {
    const read = await reader.next();
    if (read === undefined) throw new WireError("the push ended before its commands did");
    if (read === "flush") break;
    if (typeof read === "string") throw new WireError("a packet among the commands carries nothing");
    bytes += read.length;
    if (bytes > MAX_COMMAND_BYTES || updates.length >= MAX_COMMANDS)
      throw new WireError(`the push has more than ${MAX_COMMANDS} commands, or they are too long`);
    let line = lineOf(read);
    if (line.startsWith("shallow ") && said === undefined) {
      const id = line.slice("shallow ".length);
      if (!ID.test(id)) throw new WireError("a shallow line holds no id");
      shallow.push(id);
      continue;
    }
    if (line.startsWith("push-cert")) throw new WireError("signed pushes are not taken");
    if (said === undefined) {
      const nul = line.indexOf("\0");
      said = new Set(nul < 0 ? [] : line.slice(nul + 1).split(" "));
      if (nul >= 0) line = line.slice(0, nul);
    }
    const [, old = "", id = "", ref = ""] = COMMAND.exec(line) ?? [];
    if (ref === "" || old.length !== id.length) throw new WireError("a line of the push is no command");
    updates.push({ ref: Buffer.from(ref, "latin1").toString("utf8"), old, new: id });
  }
  if (said === undefined) return PROBE;
  return {
    updates,
    shallow,
    atomic: said.has("atomic"),
    sideBand: said.has("side-band-64k"),
    report: said.has("report-status-v2") ? 2 : said.has("report-status") ? 1 : 0,
    options: said.has("push-options") ? await readOptions(reader) : [],
  };
}

async function readOptions(reader: PacketReader): Promise<readonly string[]> {
  const options: string[] = [];
  let bytes = 0;
  for (;;) {
    const read = await reader.next();
    if (read === undefined) throw new WireError("the push ended before its options did");
    if (read === "flush") return options;
    if (typeof read === "string") throw new WireError("a packet among the push options carries nothing");
    bytes += read.length;
    if (options.length >= MAX_PUSH_OPTIONS || bytes > MAX_PUSH_OPTION_BYTES)
      throw new WireError("the push has too many options");
    const option = read.toString("utf8").replace(/\n$/, "");
    if (/[\0\r\n]/.test(option)) throw new WireError("a push option holds a line break");
    options.push(option);
  }
}

/** The commands for a `git receive-pack` of ours, which is asked for nothing but a plain report. */
export function encodeCommands(
  updates: readonly RefUpdate[],
  shallow: readonly string[],
  capabilities: string,
): Buffer {
  return Buffer.concat([
    ...shallow.map((id) => packet(`shallow ${id}`)),
    ...updates.map(({ ref, old, new: id }, index) =>
      packet(`${old} ${id} ${ref}${index === 0 ? `\0${capabilities}` : ""}`),
    ),
    FLUSH,
  ]);
}

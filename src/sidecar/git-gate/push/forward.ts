import { printable } from "../../../base/printable.ts";
import { isZero } from "../../../policy/git/check-updates.ts";
import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import { AFTER_REPORT_MS, MAX_REMOTE_TEXT } from "../limits.ts";
import type { GitPrograms } from "../programs.ts";
import { type Connect, UpstreamRefused } from "../upstream/conversation.ts";
import { type Advertisement, readAdvertisement } from "../wire/advertisement.ts";
import { FLUSH, PacketReader, packet, WireError } from "../wire/pkt-line.ts";
import { encodeCommands } from "../wire/push-request.ts";
import { type RefResult, readReport } from "../wire/report.ts";
import { bandOne } from "../wire/side-band.ts";
import { OutgoingPack } from "./outgoing-pack.ts";

/** What goes to the upstream. */
export interface Forwarded {
  readonly repo: string;
  readonly push: string;
  readonly updates: readonly RefUpdate[];
  readonly options: readonly string[];
  /** the pusher wants all or nothing */
  readonly atomic: boolean;
  /** ids with a path, of what was scanned and is reached */
  readonly objects: ReadonlyMap<string, string>;
  /** commits the upstream has, of which deltas can be made */
  readonly edges: ReadonlySet<string>;
}

/**
 * Pushes to the upstream exactly these commands and exactly these objects. Each command names the id its ref must still
 * have, and the upstream compares (gitprotocol-pack); with several refs it is asked to take all or none. `said`: the
 * upstream's own words. Rejects with `UpstreamRefused` when no ref can have been changed, or it isn't known.
 */
export async function forward(
  programs: GitPrograms,
  connect: Connect,
  sent: Forwarded,
  said: (line: string) => void,
): Promise<readonly RefResult[]> {
  const packs = sent.updates.some((update) => !isZero(update.new));
  // It is made while the upstream is asked, for what nearly every one takes.
  let pack = packs ? OutgoingPack.begin(programs, sent, USUAL) : undefined;
  const conversation = await connect("git-receive-pack");
  let failure: Error | undefined;
  try {
    const upstream = await readAdvertisement(conversation.advertisement);
    const moved = sent.updates.filter(({ ref, old }) => (upstream.refs.get(ref) ?? zeros(old)) !== old);
    if (moved.length > 0) return sent.updates.map((update) => staleResult(update, moved));
    const capabilities = chosen(upstream, sent);
    const { updates, options } = sent;
    const request = (async function* () {
      try {
        yield encodeCommands(updates, [], capabilities.join(" "));
        if (options.length > 0) yield Buffer.concat([...options.map((option) => packet(option)), FLUSH]);
        if (pack && !pack.fits(upstream.capabilities)) {
          pack.stop();
          pack = OutgoingPack.begin(programs, sent, upstream.capabilities);
        }
        if (pack) yield* pack.bytes();
      } catch (error) {
        // Broken off here, the upstream never sees the end of a pack.
        failure = error instanceof Error ? error : new Error(String(error));
        conversation.close();
        throw error;
      }
    })();
    const answer = await conversation.ask(request);
    const words = new Words(said);
    const report = capabilities.includes("side-band-64k")
      ? new PacketReader(bandOne(answer, (text) => words.add(text)))
      : answer;
    const { unpack, results } = await readReport(report);
    await heardOut(report);
    words.end();
    if (unpack !== undefined)
      throw new UpstreamRefused(`the upstream could not unpack the push: ${printable(unpack, 300)}.`);
    return sent.updates.map(
      ({ ref }) =>
        shownResult(results.find((result) => result.ref === ref)) ?? {
          ref,
          refused: "the upstream did not say what became of it",
        },
    );
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (!(error instanceof WireError)) throw error;
    const reason = await conversation.reason();
    throw new UpstreamRefused(`${reason === "" ? printable(error.message, 500) : reason}.`);
  } finally {
    pack?.stop();
    conversation.close();
  }
}

const USUAL: ReadonlySet<string> = new Set(["ofs-delta"]);

/** An upstream's last hooks run behind its report, and talk; a connection that ends would end them. */
async function heardOut(report: PacketReader): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, AFTER_REPORT_MS);
  });
  const heard = (async () => {
    for await (const _ of report.rest());
  })();
  // What became of the push is known: how its connection ends changes nothing.
  await Promise.race([late, heard.catch(() => {})]);
  clearTimeout(timer);
}

/** The upstream's reason, in one line that can be printed. */
function shownResult(result: RefResult | undefined): RefResult | undefined {
  return result?.refused === undefined ? result : { ...result, refused: printable(result.refused, 500) };
}

function zeros(id: string): string {
  return "0".repeat(id.length);
}

/** As git says it of a lease that doesn't hold. */
function staleResult({ ref }: RefUpdate, moved: readonly RefUpdate[]): RefResult {
  return {
    ref,
    refused: moved.some((update) => update.ref === ref)
      ? "stale info: the upstream moved, fetch first"
      : "atomic push failed",
  };
}

function chosen(
  { capabilities, format }: Advertisement,
  { updates, options, atomic }: Forwarded,
): readonly string[] {
  if (!capabilities.has("report-status"))
    throw new UpstreamRefused("the upstream would not say what became of a push.");
  if (atomic && !capabilities.has("atomic"))
    throw new UpstreamRefused("the upstream takes no atomic pushes.");
  if (options.length > 0 && !capabilities.has("push-options"))
    throw new UpstreamRefused("the upstream takes no push options.");
  if (updates.some((update) => isZero(update.new)) && !capabilities.has("delete-refs"))
    throw new UpstreamRefused("the upstream lets no ref be deleted.");
  return [
    "report-status",
    ...(capabilities.has("side-band-64k") ? ["side-band-64k"] : []),
    ...(capabilities.has("quiet") ? ["quiet"] : []),
    ...(capabilities.has("atomic") && updates.length > 1 ? ["atomic"] : []),
    ...(options.length > 0 ? ["push-options"] : []),
    ...(format === "sha256" ? ["object-format=sha256"] : []),
  ];
}

/** What an upstream says for people, line by line, printable and bounded. */
class Words {
  readonly #said: (line: string) => void;
  #rest = "";
  #count = 0;

  constructor(said: (line: string) => void) {
    this.#said = said;
  }

  add(bytes: Buffer): void {
    if (this.#count > MAX_REMOTE_TEXT) return;
    this.#count += bytes.length;
    const lines = (this.#rest + bytes.toString("utf8")).split(/[\r\n]+/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#said(printable(line, 500));
  }

  end(): void {
    if (this.#rest !== "") this.#said(printable(this.#rest, 500));
  }
}

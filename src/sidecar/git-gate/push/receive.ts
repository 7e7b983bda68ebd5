import type { Readable } from "node:stream";
import { MAX_PACK_BYTES, MAX_PACK_OBJECTS } from "../limits.ts";
import type { GitProcess, GitPrograms } from "../programs.ts";
import { feed } from "../upstream/feed.ts";
import type { PacketReader } from "../wire/pkt-line.ts";
import { encodeCommands, type PushRequest } from "../wire/push-request.ts";

/** A pack that is more than a push may be. The message is a sentence. */
export class TooLarge extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TooLarge";
  }
}

/** What came of unpacking a push. */
export type Received =
  /** its objects are in the quarantine, whole, checked by git, and nothing else has happened */
  | { readonly kind: "quarantined"; readonly bytes: number; readonly git: GitProcess }
  /** git refused it: the text of its report, and what it printed */
  | { readonly kind: "refused"; readonly said: Buffer; readonly stderr: string };

/**
 * Gives a push to a `git receive-pack` of its own, up to the moment when its hook asks. Throws `TooLarge`, and what
 * reading the request throws.
 */
export async function receive(
  programs: GitPrograms,
  repo: string,
  push: string,
  request: PushRequest,
  reader: PacketReader,
  format: string,
): Promise<Received> {
  const git = await programs.start({ op: "receive-pack", repo, push });
  const { stdin, stdout, socket, exited } = git;
  if (socket === undefined) throw new Error("receive-pack has no hook to ask");
  let failure: Error | undefined;
  let bytes = 0;
  const pack = withBounds(reader, (count) => {
    bytes += count;
  });
  const capabilities = `report-status${request.atomic ? " atomic" : ""} object-format=${format}`;
  const head = encodeCommands(request.updates, request.shallow, capabilities);
  const fed = feed(
    (async function* () {
      yield head;
      if (request.updates.some((update) => !/^0+$/.test(update.new))) yield* pack;
    })(),
    stdin,
    (error) => {
      failure = error;
    },
  );
  const said = collectAll(stdout);
  const asked = new Promise<boolean>((resolve) => {
    socket.once("data", () => resolve(true));
    void exited.then(() => resolve(false));
  });
  const ready = await asked;
  // What a program that ended early left unread, the client still sends.
  await fed;
  if (!ready) for await (const _ of reader.rest()) if (failure !== undefined) break;
  if (failure !== undefined) {
    git.kill();
    throw failure;
  }
  if (ready) return { kind: "quarantined", bytes, git };
  const { stderr } = await exited;
  return { kind: "refused", said: await said, stderr };
}

/** The pack as it comes, its size and its stated number of objects bounded. */
async function* withBounds(reader: PacketReader, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let total = 0;
  for await (const bytes of reader.rest()) {
    count(bytes.length);
    total += bytes.length;
    if (total > MAX_PACK_BYTES) throw new TooLarge(`The pack has more than ${MAX_PACK_BYTES} bytes.`);
    if (head.length < 12) {
      head = Buffer.concat([head, bytes.subarray(0, 12 - head.length)]);
      if (head.length === 12 && head.readUInt32BE(8) > MAX_PACK_OBJECTS)
        throw new TooLarge(`The pack has more than ${MAX_PACK_OBJECTS} objects.`);
    }
    yield bytes;
  }
}

async function collectAll(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length < 1024 * 1024) parts.push(chunk);
    }
  } catch {
    // It was ended: what it said is not asked for then.
  }
  return Buffer.concat(parts);
}

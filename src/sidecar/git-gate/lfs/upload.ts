import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { GitPrograms } from "../programs.ts";
import type { GitFinding } from "../scan/finding.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import type { ObjectScan } from "./object-scan.ts";
import { type LfsObject, LfsRequestError } from "./objects.ts";
import { openSpool, type Spool } from "./spool.ts";
import type { LfsTransfers } from "./transfers.ts";
import type { UpstreamLfs } from "./upstream-lfs.ts";

export interface UploadParts {
  readonly repo: string;
  readonly programs: GitPrograms;
  readonly transfers: LfsTransfers;
  readonly upstream: UpstreamLfs;
  readonly scan: (object: LfsObject) => Promise<ObjectScan>;
}

/**
 * Takes an object from the bottle, and sends it on when all of it was read, is what its name says, and holds nothing that
 * should not leave. Resolves to what was found: nothing, and it is at the upstream; else it isn't. Rejects with
 * `LfsRequestError`, `UpstreamRefused`, and what the body throws when the client goes; not when it goes later: then the
 * upload is brought to its end, and the client is told when it asks again.
 */
export async function upload(
  parts: UploadParts,
  object: LfsObject,
  body: Readable,
  gone: AbortSignal,
): Promise<readonly GitFinding[]> {
  const place = await parts.transfers.enter(object.oid, object.size, gone);
  try {
    const spool = await openSpool(parts.programs, parts.repo, object);
    try {
      const scan = await parts.scan(object);
      try {
        await receive(object, body, scan, spool);
        const findings = await scan.finish();
        if (findings.length === 0) await forward(parts.upstream, object, spool);
        return findings;
      } finally {
        scan.stop();
      }
    } finally {
      await spool.remove();
    }
  } finally {
    place.release();
  }
}

async function receive(object: LfsObject, body: Readable, scan: ObjectScan, spool: Spool): Promise<void> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const bytes of body as AsyncIterable<Buffer>) {
    length += bytes.length;
    if (length > object.size) throw new LfsRequestError(400, "the object has more bytes than it says");
    hash.update(bytes);
    await scan.write(bytes);
    await spool.write(bytes);
  }
  await spool.end();
  if (length < object.size) throw new LfsRequestError(400, "the object has fewer bytes than it says");
  if (hash.digest("hex") !== object.oid)
    throw new LfsRequestError(400, "the object is not what its SHA-256 says");
}

async function forward(upstream: UpstreamLfs, object: LfsObject, spool: Spool): Promise<void> {
  const [offer] = await upstream.batch("upload", [object]);
  if (offer === undefined) throw new Error("no offer for an object");
  if ("code" in offer) throw new UpstreamRefused(offer.message);
  if (offer.transfer === undefined) return;
  await upstream.put(offer.transfer, object, same(object, spool.read()));
  if (offer.verify !== undefined) await upstream.verify(offer.verify, object);
}

/** Passes an object on piece by piece; throws at its end when it is another, so that it is never whole there. */
export async function* same(object: LfsObject, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let length = 0;
  let last: Buffer | undefined;
  for await (const bytes of source) {
    if (last !== undefined) yield last;
    length += bytes.length;
    if (length > object.size) break;
    hash.update(bytes);
    last = bytes;
  }
  if (length !== object.size || hash.digest("hex") !== object.oid)
    throw new UpstreamRefused(`LFS object ${object.oid} is not what its name says.`);
  if (last !== undefined) yield last;
}

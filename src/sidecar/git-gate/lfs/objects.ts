import { MAX_LFS_BATCH, MAX_LFS_JSON_BYTES } from "../limits.ts";

export type Operation = "upload" | "download";

/** An LFS object by what it is. */
export interface LfsObject {
  /** SHA-256, hex */
  readonly oid: string;
  /** bytes */
  readonly size: number;
}

export interface BatchRequest {
  readonly operation: Operation;
  readonly objects: readonly LfsObject[];
}

/** What came is not as LFS' API has it. The message is a sentence without its end, with nothing of what came. */
export class LfsRequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "LfsRequestError";
    this.status = status;
  }
}

const OID = /^[0-9a-f]{64}$/;

/** Reads JSON of bounded length off a stream. Throws `LfsRequestError`. */
export async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const bytes of body) {
    length += bytes.length;
    if (length > MAX_LFS_JSON_BYTES)
      throw new LfsRequestError(413, `LFS JSON has more than ${MAX_LFS_JSON_BYTES} bytes`);
    parts.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new LfsRequestError(400, "LFS JSON can't be read");
  }
}

/** A JSON object's members; of anything else none. */
export function members(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [],
  );
}

/** Reads what the client asks the batch API (git-lfs docs/api/batch.md). Throws `LfsRequestError`. */
export function readBatch(value: unknown): BatchRequest {
  const said = members(value);
  const operation = said.get("operation");
  if (operation !== "upload" && operation !== "download")
    throw new LfsRequestError(422, "the operation is neither upload nor download");
  const transfers = said.get("transfers");
  if (Array.isArray(transfers) && transfers.length > 0 && !transfers.includes("basic"))
    throw new LfsRequestError(422, "the gate serves the basic transfer only");
  if ((said.get("hash_algo") ?? "sha256") !== "sha256")
    throw new LfsRequestError(409, "the gate takes objects named by sha256 only");
  const objects = said.get("objects");
  if (!Array.isArray(objects)) throw new LfsRequestError(422, "there is no list of objects");
  if (objects.length > MAX_LFS_BATCH)
    throw new LfsRequestError(413, `a batch has more than ${MAX_LFS_BATCH} objects`);
  return { operation, objects: objects.map(readObject) };
}

function readObject(value: unknown): LfsObject {
  const said = members(value);
  const object = objectOf(said.get("oid"), said.get("size"));
  if (object === undefined) throw new LfsRequestError(422, "an object has no SHA-256 or no size");
  return object;
}

/** Undefined: these are not an object's. */
export function objectOf(oid: unknown, size: unknown): LfsObject | undefined {
  if (typeof oid !== "string" || !OID.test(oid)) return undefined;
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? { oid, size } : undefined;
}

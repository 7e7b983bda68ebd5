import { createHash } from "node:crypto";
import { commitPayload, parentsOf, type RawObject, signedCommit } from "./commit.ts";
import { SignFailure } from "./failure.ts";
import { SIGNED_BYTES, SIGNED_OBJECTS } from "./limits.ts";
import { signedTag, taggedBy, tagPayload } from "./tag.ts";

export interface SignInput {
  readonly format: "sha1" | "sha256";
  /** the new ids of the refs that go out */
  readonly tips: readonly string[];
  /** the push's own commits and annotated tags, by id; what isn't here is the upstream's, or no commit, and stays */
  readonly objects: ReadonlyMap<string, RawObject>;
  /** gives the armored SSH signature of a payload, of namespace `git`, as `ssh-keygen -Y sign` writes it */
  readonly sign: (payload: Buffer) => Promise<string>;
}

export interface SignedObject extends RawObject {
  readonly id: string;
}

export interface Signed {
  /** new id for old, of each object that is signed now */
  readonly ids: ReadonlyMap<string, string>;
  /** to be written; each after those that it names */
  readonly objects: readonly SignedObject[];
}

/**
 * Signs every new commit and annotated tag that the tips reach, in git's own form (`gpg.format=ssh`), parents first: each
 * gets a new id, and nothing else of it changes. With a key whose signatures are always the same for the same bytes
 * (ed25519, RSA) a commit that is pushed again gets the id it got before. Throws `SignFailure`.
 */
export async function signObjects({ format, tips, objects, sign }: SignInput): Promise<Signed> {
  const ids = new Map<string, string>();
  const written: SignedObject[] = [];
  const moved = (id: string) => ids.get(id);
  for (const id of parentsFirst(tips, objects)) {
    const object = objects.get(id);
    if (object === undefined) continue;
    const signed = await signObject(object, format, moved, sign);
    const newId = objectId(format, object.type, signed);
    ids.set(id, newId);
    written.push({ type: object.type, id: newId, content: signed });
  }
  return { ids, objects: written };
}

async function signObject(
  { type, content }: RawObject,
  format: SignInput["format"],
  moved: (id: string) => string | undefined,
  sign: SignInput["sign"],
): Promise<Buffer> {
  if (type === "tag") {
    const payload = tagPayload(content, moved);
    return signedTag(payload, await sign(payload));
  }
  const payload = commitPayload(content, moved);
  return signedCommit(payload, await sign(payload), format);
}

/** Those of the objects that the tips reach, each behind all that it names. */
function parentsFirst(tips: readonly string[], objects: ReadonlyMap<string, RawObject>): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  // a history is deeper than a stack: an id is met once to look below it, and once more when all below it is done
  const open = tips.map((id) => ({ id, done: false })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const object = objects.get(next.id);
    if (object === undefined) continue;
    if (next.done) {
      order.push(next.id);
      continue;
    }
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    bytes += object.content.length;
    if (seen.size > SIGNED_OBJECTS)
      throw new SignFailure(`a push of more than ${SIGNED_OBJECTS} new commits and tags isn't signed`);
    if (bytes > SIGNED_BYTES)
      throw new SignFailure(`a push of more than ${SIGNED_BYTES} bytes of new commits and tags isn't signed`);
    open.push({ id: next.id, done: true });
    const below = object.type === "tag" ? [taggedBy(object.content)] : parentsOf(object.content);
    for (const id of [...below].reverse()) open.push({ id, done: false });
  }
  return order;
}

/** gitformat-pack: the hash of `TYPE SIZE\0` and the content. */
function objectId(format: SignInput["format"], type: string, content: Buffer): string {
  return createHash(format).update(`${type} ${content.length}\0`).update(content).digest("hex");
}

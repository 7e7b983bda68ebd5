import type { Moved } from "./commit.ts";
import { SignFailure } from "./failure.ts";

/** A signature that ends a tag, of any of the kinds git knows. */
const SIGNATURE =
  /(?<=\n)-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----\n(?:(?!-----BEGIN ).*\n)*-----END \1-----\n?$/;

/** What of a tag is signed: all of it but a signature at its end, its object as it is called now. */
export function tagPayload(content: Buffer, moved: Moved): Buffer {
  const line = content.indexOf("\n");
  const id = taggedBy(content);
  const object = Buffer.from(`object ${moved(id) ?? id}`);
  const text = content.toString("latin1", line);
  const rest = text.replace(SIGNATURE, "");
  // a signature begins a line
  return Buffer.concat([object, Buffer.from(rest.endsWith("\n") ? rest : `${rest}\n`, "latin1")]);
}

/** The tag of a payload and its signature: as `git tag -s` puts it, behind the message. */
export function signedTag(payload: Buffer, signature: string): Buffer {
  return Buffer.concat([payload, Buffer.from(signature)]);
}

/** The id of the object that a tag is of. */
export function taggedBy(content: Buffer): string {
  const id = /^object ([0-9a-f]{40,64})\n/.exec(content.toString("latin1", 0, 80))?.[1];
  if (id === undefined) throw new SignFailure("a tag that names no object can't be signed");
  return id;
}

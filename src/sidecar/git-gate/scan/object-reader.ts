import { createHash, type Hash } from "node:crypto";
import { MAX_OBJECT_HEAD } from "./limits.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** What is told of each object, in the order in which they come. */
export interface ObjectSink {
  /** `size`: its bytes */
  begin(oid: string, type: ObjectType, size: number): void;
  /** Some of its bytes. They are good until the object ends. */
  data(bytes: Buffer): void;
  end(): void;
}

/** What came is not what `git cat-file` prints, or an object is not what its id says. */
export class ObjectError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ObjectError";
  }
}

const HEAD = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag) (0|[1-9][0-9]{0,14})$/;
/** A line that git never prints: the job's own, behind the last object. */
const END_OF_OBJECTS = "end of objects";
const LINE_FEED = 10;
const NO_BYTES = Buffer.alloc(0);

function typeOf(name: string | undefined): ObjectType {
  return name === "commit" || name === "tree" || name === "tag" ? name : "blob";
}

/**
 * Reads what `git cat-file --batch` prints. Each object's id is computed again from its bytes: git, which unpacked what
 * an attacker sent, is not believed. What is told of an object holds once its `end` was called.
 */
export class ObjectReader {
  readonly #sink: ObjectSink;
  /** the head so far, while one is read */
  #head: Buffer = NO_BYTES;
  #oid = "";
  #hash: Hash | undefined;
  /** bytes of the present object that are to come */
  #left = 0;
  #ended = false;

  constructor(sink: ObjectSink) {
    this.#sink = sink;
  }

  /** Throws `ObjectError`; then nothing more is to be written. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#ended) throw new ObjectError("something follows the end of the objects");
      if (this.#hash === undefined) at = this.#readHead(bytes, at);
      else if (this.#left > 0) at = this.#readContent(this.#hash, bytes, at);
      else {
        if (bytes[at] !== LINE_FEED) throw new ObjectError(`object ${this.#oid} has more bytes than it says`);
        at++;
        this.#end(this.#hash);
      }
    }
  }

  /** Whether the line that ends all objects has come; a program's own end is seen later. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Nothing follows. Throws `ObjectError` when something breaks off. */
  end(): void {
    if (this.#hash !== undefined || this.#head.length > 0) throw new ObjectError("the objects break off");
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LINE_FEED, at);
    const part = bytes.subarray(at, end < 0 ? bytes.length : end);
    if (this.#head.length + part.length > MAX_OBJECT_HEAD)
      throw new ObjectError("the head of an object is too long");
    const head = this.#head.length === 0 ? part : Buffer.concat([this.#head, part]);
    if (end < 0) {
      this.#head = Buffer.from(head);
      return bytes.length;
    }
    this.#head = NO_BYTES;
    if (head.toString("latin1") === END_OF_OBJECTS) {
      this.#ended = true;
      return end + 1;
    }
    const [, oid = "", name = "", digits = ""] = HEAD.exec(head.toString("latin1")) ?? [];
    if (oid === "") throw new ObjectError("the head of an object can't be read");
    const size = Number(digits);
    this.#oid = oid;
    this.#left = size;
    this.#hash = createHash(oid.length === 40 ? "sha1" : "sha256").update(`${name} ${digits}\0`);
    this.#sink.begin(oid, typeOf(name), size);
    return end + 1;
  }

  #readContent(hash: Hash, bytes: Buffer, at: number): number {
    const part = bytes.subarray(at, at + this.#left);
    hash.update(part);
    this.#left -= part.length;
    this.#sink.data(part);
    return at + part.length;
  }

  #end(hash: Hash): void {
    this.#hash = undefined;
    if (hash.digest("hex") !== this.#oid)
      throw new ObjectError(`object ${this.#oid} is not what its id says`);
    this.#sink.end();
  }
}

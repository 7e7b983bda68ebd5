import type { GitleaksScan, GitleaksText } from "../gitleaks/scan.ts";
import { MAX_OBJECT_BYTES, MAX_PACK_OBJECTS, MAX_PUSH_BYTES } from "../limits.ts";
import type { ObjectSink } from "../scan/object-reader.ts";
import type { ObjectGraph, ObjectType } from "./graph.ts";
import { TooLarge } from "./receive.ts";

/** Takes the objects of a push as they are read: bounds them, and passes them to all that looks at them. */
export class PushObjects implements ObjectSink {
  readonly #scanner: ObjectSink;
  readonly #graph: ObjectGraph;
  readonly #gitleaks: GitleaksScan | undefined;
  /** what gitleaks is yet to be given of the bytes that came last */
  #owed: (GitleaksText | Buffer)[] = [];
  #oid = "";
  #type: ObjectType = "blob";
  #content: Buffer[] = [];
  #bytes = 0;
  #count = 0;

  constructor(scanner: ObjectSink, graph: ObjectGraph, gitleaks: GitleaksScan | undefined) {
    this.#scanner = scanner;
    this.#graph = graph;
    this.#gitleaks = gitleaks;
  }

  get count(): number {
    return this.#count;
  }

  /** Throws `TooLarge`. */
  begin(oid: string, type: ObjectType, size: number): void {
    this.#count++;
    this.#bytes += size;
    if (this.#count > MAX_PACK_OBJECTS) throw new TooLarge(`It has more than ${MAX_PACK_OBJECTS} objects.`);
    if (size > MAX_OBJECT_BYTES) throw new TooLarge(`Object ${oid} has more than ${MAX_OBJECT_BYTES} bytes.`);
    if (this.#bytes > MAX_PUSH_BYTES)
      throw new TooLarge(`Its objects have more than ${MAX_PUSH_BYTES} bytes.`);
    this.#oid = oid;
    this.#type = type;
    this.#content = [];
    if (this.#gitleaks && type !== "tree") this.#owed.push({ surface: SURFACES[type], oid });
    this.#scanner.begin(oid, type, size);
  }

  data(bytes: Buffer): void {
    if (this.#type !== "blob") this.#content.push(Buffer.from(bytes));
    if (this.#gitleaks && this.#type !== "tree") this.#owed.push(bytes);
    this.#scanner.data(bytes);
  }

  /** Throws `TooLarge`. */
  end(): void {
    const content = this.#type === "blob" ? undefined : Buffer.concat(this.#content);
    if (!this.#graph.add(this.#oid, this.#type, content))
      throw new TooLarge("Its commits, trees and tags are more than can be held.");
    this.#scanner.end();
  }

  /** Gives gitleaks what it is owed; to be called before the bytes that came last are gone. */
  async settle(): Promise<void> {
    const gitleaks = this.#gitleaks;
    if (!gitleaks || this.#owed.length === 0) return;
    for (const next of this.#owed)
      await (Buffer.isBuffer(next) ? gitleaks.write(next) : gitleaks.begin(next));
    this.#owed = [];
  }
}

const SURFACES = { commit: "commit", blob: "blob", tag: "tag" } as const;

import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Finding } from "../../../dlp/finding.ts";
import { tooLarge, unreadable } from "./body-fault.ts";
import type { BodyReading, BodyText, BodyTextOptions } from "./body-text.ts";
import { GrpcReader } from "./grpc-reader.ts";
import { redactedText } from "./label.ts";
import { GRPC_DECODED_BYTES, GRPC_MESSAGE_BYTES } from "./limits.ts";
import { MappedText } from "./mapped-text.ts";

/**
 * The messages of a gRPC body one behind the other, without their prefixes, each with its compression undone. What is
 * taken out of one keeps its length, which the message's own format may count.
 */
export class GrpcText implements BodyText {
  readonly #options: BodyTextOptions;
  readonly #reading: BodyReading;
  readonly #text: MappedText;
  readonly #reader: GrpcReader;
  readonly #encoding: string;
  /** of the message that comes, when it is compressed */
  #compressed: Buffer[] | undefined;
  #compressedBytes = 0;
  /** found in the compressed message that is being read */
  #waiting: Finding[] | undefined;
  #seen = 0;
  /** where the message begins, its prefix with it, and the next one */
  #start = 0;
  #next = 0;
  #flag = 0;
  /** where the next byte of a message stands */
  #at = 0;
  #safe = 0;
  #complete = 0;

  /** `encoding`: what `grpc-encoding` states. */
  constructor(web: boolean, encoding: string | undefined, options: BodyTextOptions) {
    const { reading, found, rewrites, kind } = options;
    this.#options = options;
    this.#reading = reading;
    this.#text = new MappedText(
      (onFound) => reading.scanner(onFound, kind),
      (finding, place) => {
        const { name } = finding;
        if (place) found(finding, rewrites ? { ...place, name, form: "fixed" } : undefined);
        else if (this.#waiting && rewrites) this.#waiting.push(finding);
        else found(finding, undefined);
      },
    );
    this.#encoding = (encoding ?? "identity").trim().toLowerCase();
    this.#reader = new GrpcReader(web, {
      messageStart: (compressed, length, prefix) => {
        this.#compressed = compressed ? [] : undefined;
        this.#compressedBytes = 0;
        this.#flag = prefix[0] ?? 0;
        this.#start = this.#next;
        this.#at = this.#start + prefix.length;
        this.#next = this.#at + length;
        this.#text.part();
      },
      messageData: (bytes) => this.#data(bytes),
      messageEnd: () => this.#end(),
    });
  }

  write(bytes: Buffer): void {
    this.#seen += bytes.length;
    this.#reader.write(bytes);
    this.#move();
  }

  end(): void {
    this.#reader.end();
    this.settle();
  }

  settle(): void {
    this.#text.settle();
    this.#move();
  }

  get safe(): number {
    return this.#safe;
  }

  get complete(): number {
    return this.#complete;
  }

  #data(bytes: Buffer): void {
    if (this.#compressed === undefined) {
      this.#text.write(bytes, this.#at, true);
      this.#at += bytes.length;
      return;
    }
    this.#compressedBytes += bytes.length;
    if (this.#compressedBytes > GRPC_MESSAGE_BYTES)
      throw tooLarge(`has a compressed gRPC message over ${GRPC_MESSAGE_BYTES} bytes`);
    this.#compressed.push(bytes);
  }

  /** The receiver acts on a message as soon as it is whole: what it may have, it gets. */
  #end(): void {
    this.#complete = this.#next;
    if (this.#compressed === undefined) {
      this.#text.boundary();
      return;
    }
    const text = undo(Buffer.concat(this.#compressed), this.#encoding);
    this.#compressed = undefined;
    this.#waiting = [];
    this.#text.write(text, this.#start, false);
    this.#text.boundary();
    const [first] = this.#waiting;
    this.#waiting = undefined;
    if (first) this.#rewrite(text, first);
  }

  /** `found`: in it, or in it and what was before. */
  #rewrite(text: Buffer, found: Finding): void {
    const result = redactedText(text, "fixed", (bytes) => this.#reading.scanText(bytes));
    if (result?.text === undefined) {
      this.#options.found(result?.finding ?? found, undefined);
      return;
    }
    const message = (this.#encoding === "gzip" ? gzipSync : deflateSync)(result.text);
    const prefix = Buffer.from([this.#flag, 0, 0, 0, 0]);
    prefix.writeUInt32BE(message.length, 1);
    const bytes = Buffer.concat([prefix, message]);
    const { finding } = result;
    const edit = { start: this.#start, end: this.#next, name: finding.name, form: "fixed", bytes } as const;
    this.#options.found(finding, edit);
  }

  #move(): void {
    if (this.#compressed === undefined) this.#safe = Math.min(this.#seen, this.#text.safe);
  }
}

function undo(bytes: Buffer, encoding: string): Buffer {
  const decode = encoding === "gzip" ? gunzipSync : encoding === "deflate" ? inflateSync : undefined;
  if (!decode) throw unreadable("has a gRPC message in a compression that can't be undone");
  try {
    return decode(bytes, { maxOutputLength: GRPC_DECODED_BYTES });
  } catch (error) {
    if (error instanceof RangeError)
      throw tooLarge(`has a gRPC message over ${GRPC_DECODED_BYTES} bytes when its compression is undone`);
    throw unreadable("has a gRPC message that is not the compression it says it is");
  }
}

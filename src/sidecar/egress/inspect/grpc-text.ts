import { gunzipSync, inflateSync } from "node:zlib";
import type { Scanner } from "../../../dlp/scanner.ts";
import { tooLarge, unreadable } from "./body-fault.ts";
import type { BodyText } from "./body-text.ts";
import { GrpcReader } from "./grpc-reader.ts";
import { GRPC_DECODED_BYTES, GRPC_MESSAGE_BYTES } from "./limits.ts";

/** The messages of a gRPC body one behind the other, without their prefixes, each with its compression undone. */
export class GrpcText implements BodyText {
  readonly inPlace = false;
  readonly #scanner: Scanner;
  readonly #reader: GrpcReader;
  readonly #encoding: string;
  /** of the message that comes, when it is compressed */
  #compressed: Buffer[] | undefined;
  #compressedBytes = 0;
  #seen = 0;
  #read = 0;
  #safe = 0;

  /** `encoding`: what `grpc-encoding` states. */
  constructor(web: boolean, encoding: string | undefined, scanner: Scanner) {
    this.#scanner = scanner;
    this.#encoding = (encoding ?? "identity").trim().toLowerCase();
    this.#reader = new GrpcReader(web, {
      messageStart: (compressed) => {
        this.#compressed = compressed ? [] : undefined;
        this.#compressedBytes = 0;
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
    this.#scanner.settle();
    this.#move();
  }

  get safe(): number {
    return this.#safe;
  }

  #data(bytes: Buffer): void {
    if (this.#compressed === undefined) {
      this.#scanner.write(bytes);
      this.#read += bytes.length;
      return;
    }
    this.#compressedBytes += bytes.length;
    if (this.#compressedBytes > GRPC_MESSAGE_BYTES)
      throw tooLarge(`has a compressed gRPC message over ${GRPC_MESSAGE_BYTES} bytes`);
    this.#compressed.push(bytes);
  }

  /** The receiver acts on a message as soon as it is whole: what it may have, it gets. */
  #end(): void {
    if (this.#compressed !== undefined) {
      const bytes = undo(Buffer.concat(this.#compressed), this.#encoding);
      this.#compressed = undefined;
      this.#scanner.write(bytes);
      this.#read += bytes.length;
    }
    this.#scanner.boundary();
  }

  #move(): void {
    if (this.#compressed === undefined && this.#scanner.safe === this.#read) this.#safe = this.#seen;
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

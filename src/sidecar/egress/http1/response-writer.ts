import type { Socket } from "node:net";
import type { HeaderList } from "../../../policy/facts.ts";
import { Outbox } from "../outbox.ts";
import type { ResponseStart } from "../stream.ts";
import { informationalText, lastChunk, responseText, switchText } from "./text.ts";

/** Writes the answers of one connection, one after the other, in the version and framing its client understands. */
export class ResponseWriter {
  /** whether the connection goes on after the answer that is being written */
  keepAlive = true;
  /** Sec-WebSocket-Key of the request that is answered */
  key: string | undefined;
  #http10 = false;
  #chunked = false;
  readonly #out: Outbox;

  constructor(socket: Socket) {
    this.#out = new Outbox(socket);
  }

  /** Without its last chunk the answer is no whole one. */
  get chunked(): boolean {
    return this.#chunked;
  }

  /** The next answer is for a request of HTTP/1.0, or not. */
  next(http10: boolean, keepAlive: boolean): void {
    this.key = undefined;
    this.#http10 = http10;
    this.#chunked = false;
    this.keepAlive = keepAlive;
  }

  informational(status: number, fields: HeaderList): void {
    // RFC 9110 §15.2: not to a 1.0 client
    if (!this.#http10) this.#out.push(informationalText(status, fields));
  }

  head(start: ResponseStart): void {
    if (start.websocket && this.key !== undefined) {
      this.keepAlive = false;
      this.#out.push(switchText(start.fields, start.websocket, this.key));
      return;
    }
    if (start.body === "stream") {
      if (this.#http10) this.keepAlive = false;
      else this.#chunked = true;
    }
    this.#out.push(
      responseText(start, { chunked: this.#chunked, http10: this.#http10, keepAlive: this.keepAlive }),
    );
  }

  data(bytes: Buffer): void {
    if (!this.#chunked) this.#out.push(bytes);
    else if (bytes.length > 0) {
      this.#out.push(`${bytes.length.toString(16)}\r\n`);
      this.#out.push(bytes);
      this.#out.push("\r\n");
    }
  }

  end(trailers: HeaderList): void {
    if (this.#chunked) this.#out.push(lastChunk(trailers));
    this.#out.flush();
  }

  /** False: the client is slower than the answer. */
  flush(): boolean {
    return this.#out.flush();
  }
}

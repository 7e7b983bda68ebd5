import { type OutgoingHttpHeaders, request } from "node:http";
import { gzipSync } from "node:zlib";

/** Old and new ids are hex, but nothing here checks it: what is sent may be anything. */
export interface RawCommand {
  readonly old: string;
  readonly new: string;
  readonly ref: string;
}

export interface RawPush {
  readonly commands: readonly RawCommand[];
  readonly pack?: Uint8Array;
  /** push options, announced in the capabilities */
  readonly options?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly gzip?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** what git would print behind `remote: ` */
  readonly remote: string;
  /** lines of report-status: `unpack ok`, `ok REF`, `ng REF REASON` */
  readonly report: readonly string[];
}

export const NO_ID = "0".repeat(40);

export function pkt(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

export const FLUSH = Buffer.from("0000");

/** A request of `git receive-pack` (gitprotocol-pack): commands, push options, pack. */
export function pushBody({ commands, pack, options, capabilities = [] }: RawPush): Buffer {
  const asked = ["report-status", "side-band-64k", ...capabilities, ...(options ? ["push-options"] : [])];
  const lines = commands.map(({ old, new: id, ref }, index) =>
    pkt(`${old} ${id} ${ref}${index === 0 ? `\0 ${asked.join(" ")}` : ""}`),
  );
  const optionLines = options ? [...options.map((option) => pkt(option)), FLUSH] : [];
  return Buffer.concat([...lines, FLUSH, ...optionLines, pack ?? Buffer.alloc(0)]);
}

/** Speaks smart HTTP's push by hand to `url` (`http://HOST:PORT/NAME.git`), as no git would. */
export class RawPusher {
  readonly #url: string;
  readonly #proxyPort: number | undefined;

  /** `proxyPort`: of a proxy on 127.0.0.1 that takes plain HTTP's absolute-form. */
  constructor(url: string, proxyPort?: number) {
    this.#url = url;
    this.#proxyPort = proxyPort;
  }

  /** The refs that `info/refs` advertises to a push. */
  async refs(): Promise<Map<string, string>> {
    const answer = await this.#send("GET", "/info/refs?service=git-receive-pack", {}, undefined);
    const refs = new Map<string, string>();
    for (const line of packets(answer.body)) {
      const [, id, ref] = /^([0-9a-f]{40,64}) ([^\0\n]+)/.exec(line.toString("utf8")) ?? [];
      if (id !== undefined && ref !== undefined) refs.set(ref, id);
    }
    return refs;
  }

  push(push: RawPush): Promise<RawAnswer> {
    const body = pushBody(push);
    return push.gzip ? this.post(gzipSync(body), { "content-encoding": "gzip" }) : this.post(body);
  }

  /** Any bytes as the body of a push; `cut`: the connection ends before the last byte announced. */
  async post(body: Uint8Array, headers: OutgoingHttpHeaders = {}, cut = false): Promise<RawAnswer> {
    const type = { "content-type": "application/x-git-receive-pack-request" };
    const answer = await this.#send("POST", "/git-receive-pack", { ...type, ...headers }, body, cut);
    return { ...answer, ...parsed(answer.body) };
  }

  #send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    cut = false,
  ): Promise<Pick<RawAnswer, "status" | "headers" | "body">> {
    return new Promise((resolve, reject) => {
      const length = body ? { "content-length": body.length + (cut ? 1 : 0) } : {};
      const url = `${this.#url}${path}`;
      const proxy =
        this.#proxyPort === undefined ? {} : { hostname: "127.0.0.1", port: this.#proxyPort, path: url };
      const all = { host: new URL(url).host, ...length, ...headers };
      const outgoing = request(url, { method, headers: all, agent: false, ...proxy }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", reject);
        incoming.once("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      outgoing.once("error", reject);
      if (cut) outgoing.write(body ?? "", () => outgoing.destroy(new Error("cut")));
      else outgoing.end(body);
    });
  }
}

/** The pkt-lines of `bytes` up to the first that is none; flushes and their like are left out. */
export function packets(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = Number.parseInt(bytes.toString("latin1", at, at + 4), 16);
    if (Number.isNaN(length)) break;
    if (length >= 4) lines.push(bytes.subarray(at + 4, at + length));
    at += Math.max(length, 4);
  }
  return lines;
}

function parsed(body: Buffer): Pick<RawAnswer, "remote" | "report"> {
  const bands = packets(body);
  const band = (number: number) =>
    Buffer.concat(bands.filter((one) => one[0] === number).map((one) => one.subarray(1)));
  const text = (lines: readonly Buffer[]) => lines.map((line) => line.toString("utf8").trimEnd());
  return { remote: `${band(2)}${band(3)}`, report: text(packets(band(1))) };
}

import { request } from "node:http";
import { networkInterfaces } from "node:os";
import type { TLSSocket } from "node:tls";
import { printable } from "../../base/printable.ts";
import { createDialler, type Dialler } from "../../sidecar/egress/dial.ts";
import { lookupWithSystem } from "../../sidecar/egress/resolve.ts";
import { UpstreamError } from "../../sidecar/egress/stream.ts";
import { connectTls, UnknownRoot } from "../../sidecar/egress/tls/connect.ts";
import { createTrust, type Trust } from "../../sidecar/egress/tls/trust.ts";
import type { UpstreamConfig } from "../../sidecar/protocol.ts";
import { FORGE_ANSWER_BYTES, FORGE_CALL_MS, FORGE_HEAD_BYTES } from "./limits.ts";

/** How a forge's API is reached: every address checked (DESIGN §4, one dialler), every certificate verified. */
export interface ForgeNetwork {
  readonly dialler: Dialler;
  readonly trust: Trust;
  /** for one call, in milliseconds */
  readonly deadline: number;
}

export interface ForgeRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** https */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** becomes JSON */
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface ForgeAnswer {
  readonly status: number;
  /** where a redirect points: it is told, never followed, since the token would go along */
  readonly location: string | undefined;
  readonly body: string;
}

/** No answer, or none that was whole. */
export class ForgeSilent extends Error {
  /** the forge may have done what it was asked for */
  readonly sent: boolean;
  /** it has a private address, or one of this host's, and settings name none */
  readonly addressRefused: boolean;

  constructor(message: string, sent: boolean, addressRefused = false) {
    super(message);
    this.name = "ForgeSilent";
    this.sent = sent;
    this.addressRefused = addressRefused;
  }
}

export function openForgeNetwork(upstream: UpstreamConfig, deadline = FORGE_CALL_MS): ForgeNetwork {
  const ownAddresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  return {
    dialler: createDialler({ upstream, ownAddresses, lookup: lookupWithSystem }),
    trust: createTrust(upstream.ca),
    deadline,
  };
}

/** One call, over a connection of its own. Rejects with ForgeSilent. */
export async function callForge(network: ForgeNetwork, call: ForgeRequest): Promise<ForgeAnswer> {
  const { host } = call.url;
  let timer: NodeJS.Timeout | undefined;
  let sent = false;
  const gone = new AbortController();
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      gone.abort();
      reject(new ForgeSilent(`${host} gave no whole answer in ${network.deadline / 1000} s`, sent));
    }, network.deadline);
  });
  const exchange = async () => {
    const socket = await connect(network, call.url);
    const close = () => socket.destroy();
    // what fails is told by the request
    socket.on("error", () => {});
    gone.signal.addEventListener("abort", close);
    if (gone.signal.aborted) close();
    try {
      sent = true;
      return await ask(socket, call);
    } finally {
      close();
    }
  };
  try {
    return await Promise.race([exchange(), late]);
  } catch (error) {
    if (error instanceof ForgeSilent) throw error;
    const refused = error instanceof UpstreamError && error.code === "egress.upstream_address_refused";
    const why = printable(error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
    throw new ForgeSilent(`${host} did not answer: ${why}`, sent, refused);
  } finally {
    clearTimeout(timer);
  }
}

async function connect(network: ForgeNetwork, url: URL): Promise<TLSSocket> {
  const { dialler, trust } = network;
  const dialled = await dialler.connect(url.hostname, Number(url.port || 443));
  const roots = trust.context();
  try {
    return await connectTls(dialled, url.hostname, roots, ["http/1.1"]);
  } catch (error) {
    dialled.destroy();
    // another call may have loaded the system's roots meanwhile
    if (error instanceof UnknownRoot && (trust.loadSystem() || trust.context() !== roots))
      return connect(network, url);
    throw error;
  }
}

function ask(socket: TLSSocket, { method, url, headers, body }: ForgeRequest): Promise<ForgeAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sending = request({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      maxHeaderSize: FORGE_HEAD_BYTES,
      headers: {
        host: url.host,
        "user-agent": "bot-bottle",
        "accept-encoding": "identity",
        connection: "close",
        ...headers,
        ...(text !== undefined && {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(text)),
        }),
      },
    });
    sending.on("error", reject);
    sending.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > FORGE_ANSWER_BYTES)
          sending.destroy(new Error(`its answer is over ${FORGE_ANSWER_BYTES} bytes`));
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const { statusCode = 0, headers } = answer;
        resolve({
          status: statusCode,
          location: headers.location,
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    sending.end(text);
  });
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { RouteSpec } from "../../src/policy/route.ts";
import { HOST, originCa } from "./harness.ts";

export interface State {
  /** bytes of memory it has, garbage and all */
  readonly resident: number;
  /** the most of them that it ever had */
  readonly peak: number;
  /** bytes it can't give back: in the heap, in buffers, in zlib */
  readonly held: number;
  /** of the requests journalled since the last call; empty: allowed */
  readonly codes: readonly string[];
}

/** A sidecar in a process of its own. */
export class SeparateSidecar {
  readonly caPem: string;
  readonly #port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, caPem: string) {
    this.#child = child;
    this.#port = port;
    this.caPem = caPem;
  }

  /** `fields`: of its route. */
  static async start(
    originPort: number,
    secrets: Record<string, string>,
    fields: Partial<RouteSpec> = {},
  ): Promise<SeparateSidecar> {
    const file = new URL("./sidecar-process.ts", import.meta.url);
    const args = [String(originPort), originCa.pem, JSON.stringify(secrets), JSON.stringify(fields)];
    const child = fork(file, args, { execArgv: ["--expose-gc"] });
    const [{ port, ca }] = await once(child, "message");
    return new SeparateSidecar(child, port, ca);
  }

  /** For clients that take a port of this machine. */
  transparent(): Promise<number> {
    return Promise.resolve(this.#port);
  }

  async state(): Promise<State> {
    const answer = once(this.#child, "message");
    this.#child.send("state");
    const [state] = await answer;
    return state;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  tls(alpn?: string): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        {
          port: this.#port,
          host: "127.0.0.1",
          servername: HOST,
          ca: this.caPem,
          ...(alpn ? { ALPNProtocols: [alpn] } : {}),
        },
        () => resolve(socket),
      );
      socket.on("error", reject);
    });
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

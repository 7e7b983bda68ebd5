import { join } from "node:path";
import { MIB, type Origin, TRANSFER_MIB } from "./origin.ts";
import { run } from "./processes.ts";
import type { Target } from "./targets.ts";

/** What wrk measured. */
export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Drives the targets: wrk for small requests, curl for big bodies; both in C, so that the load isn't the limit. */
export class Load {
  readonly #origin: Origin;
  readonly #folder: string;
  readonly #core: number | undefined;
  readonly #shim: string;

  private constructor(origin: Origin, folder: string, core: number | undefined, shim: string) {
    this.#origin = origin;
    this.#folder = folder;
    this.#core = core;
    this.#shim = shim;
  }

  /** Compiles the shim that makes wrk, which knows no proxies, send CONNECT first. */
  static async prepare(origin: Origin, folder: string, core: number | undefined): Promise<Load> {
    const source = join(import.meta.dirname, "connect-shim.c");
    const shim = join(folder, "connect-shim.so");
    await run("gcc", ["-O2", "-shared", "-fPIC", source, "-o", shim, "-ldl"]);
    return new Load(origin, folder, core, shim);
  }

  /** 1 KiB answers for `seconds` over `connections` kept open, or over a new connection each. */
  async requests(
    target: Target,
    how: { connections: number; seconds: number; keepAlive: boolean },
  ): Promise<WrkResult> {
    const output = await run(
      "wrk",
      [
        ...[
          "--threads",
          "1",
          "--connections",
          String(how.connections),
          "--duration",
          `${how.seconds}s`,
          "--latency",
        ],
        ...(how.keepAlive ? [] : ["--header", "Connection: close"]),
        this.#url("1k"),
      ],
      { core: this.#core, env: this.#wrkEnvironment(target) },
    );
    const trouble = /^\s*(Non-2xx.*|Socket errors: .*)$/m.exec(output)?.[1];
    if (trouble !== undefined && (how.keepAlive || trouble.startsWith("Non-2xx"))) {
      throw new Error(`${target.name}: ${trouble}`);
    }
    const figure = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? "NaN";
    return {
      requests: Number(figure(/(\d+) requests in/)),
      perSecond: Number(figure(/Requests\/sec:\s+([\d.]+)/)),
      p50Ms: milliseconds(figure(/^\s+50%\s+(\S+)/m)),
      p99Ms: milliseconds(figure(/^\s+99%\s+(\S+)/m)),
    };
  }

  /** MB/s of one 64 MiB GET. */
  async download(target: Target): Promise<number> {
    const output = await this.#curl(
      target,
      [this.#url("64m")],
      "%{size_download} %{time_total} %{time_pretransfer}",
    );
    return rate(output, TRANSFER_MIB * MIB);
  }

  /** MB/s of one 64 MiB PUT. */
  async upload(target: Target): Promise<number> {
    const file = join(this.#folder, "www", "64m");
    const args = ["--upload-file", file, "--header", "Expect:", this.#url("put/64m")];
    return rate(
      await this.#curl(target, args, "%{size_upload} %{time_total} %{time_pretransfer}"),
      TRANSFER_MIB * MIB,
    );
  }

  /** Downloads the long file, `mib` of it. */
  async stream(target: Target, mib: number): Promise<void> {
    rate(await this.#curl(target, [this.#url("stream")], "%{size_download} %{time_total} 0"), mib * MIB);
  }

  #curl(target: Target, args: readonly string[], format: string): Promise<string> {
    const proxy = target.proxyPort === undefined ? [] : ["--proxy", `http://127.0.0.1:${target.proxyPort}`];
    const all = ["--silent", "--show-error", "--fail", "--http1.1", "--cacert", target.ca, ...proxy];
    return run("curl", [...all, "--output", "/dev/null", "--write-out", format, ...args], {
      core: this.#core,
      env: { PATH: process.env.PATH },
    });
  }

  #wrkEnvironment(target: Target): NodeJS.ProcessEnv {
    const env = { PATH: process.env.PATH };
    if (target.proxyPort === undefined) return env;
    return {
      ...env,
      LD_PRELOAD: this.#shim,
      PROXY_PORT: String(target.proxyPort),
      ORIGIN_PORT: String(this.#origin.port),
      ORIGIN_HOST: "localhost",
    };
  }

  #url(path: string): string {
    return `https://localhost:${this.#origin.port}/${path}`;
  }
}

/** wrk writes `45.00us`, `1.37ms` or `2.00s`. */
function milliseconds(text: string): number {
  const [, number, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(number) * ({ us: 0.001, ms: 1, s: 1000 }[unit ?? ""] ?? Number.NaN);
}

/** curl's `bytes total-seconds seconds-before-the-transfer`, as MB/s. Throws when bytes are missing. */
function rate(output: string, expected: number): number {
  const [bytes = 0, total = 0, before = 0] = output.split(" ").map(Number);
  if (bytes !== expected) throw new Error(`${bytes} bytes moved, ${expected} expected`);
  return bytes / 1e6 / (total - before);
}

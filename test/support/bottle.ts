import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ordinaryUser } from "./ordinary-user.ts";
import { programFor, type Starter } from "./program.ts";

export interface Recorded {
  readonly seq: number;
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface Result {
  /** 128 + n for a signal, as a shell says it */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** the bottle this run made, if it came so far */
  readonly id: string | undefined;
  /** its journal */
  readonly records: readonly Recorded[];
}

export interface HomeOptions {
  readonly starter: Starter;
  /** NAME -> YAML front matter */
  readonly bottles?: Readonly<Record<string, string>>;
  /** NAME -> whole file */
  readonly agents?: Readonly<Record<string, string>>;
  /** `host:port` -> `address:port` */
  readonly resolve?: Readonly<Record<string, string>>;
  /** PEM */
  readonly ca?: string;
  /** more lines of settings.yml */
  readonly settings?: string;
  /** added to a minimal environment */
  readonly env?: Readonly<Record<string, string>>;
  /** argv to put before the program's, e.g. to enter a namespace; run as the test's own user */
  readonly enter?: readonly string[];
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** the whole program is killed and the test fails when it takes longer; default 180 */
  readonly seconds?: number;
}

export interface RunOptions extends CallOptions {
  /** default: `dev` */
  readonly bottle?: string;
  /** more options of `run` */
  readonly flags?: readonly string[];
}

const MAX_OUTPUT = 16 * 1024 * 1024;

/** A started program: what it has printed so far and how it ends. */
export interface Call {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<Result>;
}

export interface RunningBottle extends Call {
  readonly id: string;
  exec(command: readonly string[], options?: CallOptions): Promise<Result>;
  stop(): Promise<Result>;
}

/** A throw-away operator: their home folder, manifests, settings, and the program run in their name. */
export class BottleHome {
  readonly starter: Starter;
  /** everything lies in it */
  readonly folder: string;
  /** BOT_BOTTLE_HOME */
  readonly home: string;
  /** $HOME of the operator */
  readonly userHome: string;
  readonly #options: HomeOptions;
  readonly #calls = new Set<Call>();

  constructor(options: HomeOptions) {
    this.#options = options;
    this.starter = options.starter;
    this.folder = mkdtempSync(join(tmpdir(), "bottle-test-"));
    this.home = join(this.folder, "home");
    this.userHome = join(this.folder, "user");
    for (const folder of [this.home, join(this.home, "bottles"), join(this.home, "agents"), this.userHome]) {
      mkdirSync(folder, { mode: 0o700 });
      this.own(folder);
    }
    this.own(this.folder);
    for (const [name, yaml] of Object.entries(options.bottles ?? {})) this.writeBottle(name, yaml);
    for (const [name, text] of Object.entries(options.agents ?? {}))
      this.write(`home/agents/${name}.md`, text);
    this.write("home/settings.yml", this.#settings());
  }

  #settings(): string {
    const lines: string[] = [];
    const { ca, resolve, settings } = this.#options;
    if (ca !== undefined || resolve !== undefined) lines.push("upstream:");
    if (ca !== undefined) lines.push(`  ca_file: ${this.write("ca.pem", ca)}`);
    if (resolve !== undefined) {
      lines.push("  resolve:");
      for (const [name, address] of Object.entries(resolve)) lines.push(`    "${name}": "${address}"`);
    }
    return `${lines.join("\n")}\n${settings ?? ""}`;
  }

  writeBottle(name: string, yaml: string): void {
    this.write(`home/bottles/${name}.md`, `---\n${yaml.trimEnd()}\n---\nFor a test.\n`);
  }

  /** Writes a file of the operator's under `folder`, mode 0600 unless said; returns its path. */
  write(path: string, content: string, mode = 0o600): string {
    const whole = join(this.folder, path);
    if (!existsSync(dirname(whole))) {
      mkdirSync(dirname(whole), { recursive: true });
      this.own(dirname(whole));
    }
    writeFileSync(whole, content);
    chmodSync(whole, mode);
    this.own(whole);
    return whole;
  }

  /** Gives a path to the operator, and for root to the ordinary user when `starter` is that. */
  own(path: string): void {
    if (this.starter === "user" && process.getuid?.() === 0) {
      const { uid, gid } = ordinaryUser();
      chownSync(path, uid, gid);
    }
  }

  /** A folder of the operator's with these files, to be used as a workspace. */
  workspace(files: Readonly<Record<string, string>>, name = "project"): string {
    const root = join(this.folder, name);
    if (!existsSync(root)) mkdirSync(root);
    this.own(root);
    for (const [path, content] of Object.entries(files)) this.write(join(name, path), content, 0o644);
    return root;
  }

  /** argv and environment of one call, for tests that need a terminal around it. */
  commandLine(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const program = programFor(this.starter);
    const drop =
      this.starter === "user" && process.getuid?.() === 0
        ? [
            "setpriv",
            "--reuid",
            String(ordinaryUser().uid),
            "--regid",
            String(ordinaryUser().gid),
            "--clear-groups",
            "--",
          ]
        : [];
    return {
      argv: [...(this.#options.enter ?? []), ...drop, program.path, ...args],
      env: {
        PATH: `${program.nodeFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        HOME: this.userHome,
        LANG: "C.UTF-8",
        BOT_BOTTLE_HOME: this.home,
        ...this.#options.env,
        ...env,
      },
    };
  }

  /** Starts `bot-bottle ARGS` and returns at once. */
  begin(args: readonly string[], options: CallOptions = {}): Call {
    const { argv, env } = this.commandLine(args, options.env);
    const [file = "", ...rest] = argv;
    const before = new Set(this.ids());
    const child = spawn(file, rest, {
      cwd: options.cwd ?? this.folder,
      env,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input);
    const out = collect(child.stdout);
    const err = collect(child.stderr);
    const seconds = options.seconds ?? 180;
    const exited = new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(
          new Error(`bot-bottle ${args.join(" ")} took over ${seconds} s\n${out().slice(-2000)}\n${err()}`),
        );
      }, seconds * 1000);
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        this.#calls.delete(call);
        const id = this.ids().find((one) => !before.has(one));
        const status = code ?? 128 + (signal === "SIGKILL" ? 9 : 15);
        resolve({
          code: status,
          stdout: out(),
          stderr: err(),
          id,
          records: id === undefined ? [] : this.journal(id),
        });
      });
    });
    exited.catch(() => undefined);
    const call: Call = { child, pid: child.pid ?? -1, stdout: out, stderr: err, exited };
    this.#calls.add(call);
    return call;
  }

  /** `bot-bottle ARGS`, to its end. */
  cli(args: readonly string[], options: CallOptions = {}): Promise<Result> {
    return this.begin(args, options).exited;
  }

  /** `bot-bottle run --bottle dev … -- COMMAND`, to its end. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Result> {
    return this.cli(runArguments(command, options), options);
  }

  /** A bottle that stays up until stopped: runs `command` and waits until it is on its way. */
  async launch(
    command: readonly string[] = ["sleep", "600"],
    options: RunOptions = {},
  ): Promise<RunningBottle> {
    const before = new Set(this.ids());
    const call = this.begin(runArguments(command, options), { seconds: 600, ...options });
    const running = await new Promise<string>((resolve, reject) => {
      const poll = setInterval(() => {
        const id = this.ids().find((one) => !before.has(one));
        if (id !== undefined && this.phase(id) === "running") {
          clearInterval(poll);
          resolve(id);
        }
      }, 30);
      call.exited.then(
        (result) => {
          clearInterval(poll);
          reject(new Error(`the bottle did not start: exit ${result.code}\n${result.stderr}`));
        },
        (error: unknown) => {
          clearInterval(poll);
          reject(error);
        },
      );
    });
    return {
      ...call,
      id: running,
      exec: (inner, more) => this.cli(["exec", running, "--", ...inner], more),
      stop: async () => {
        await this.cli(["stop", running]);
        return call.exited;
      },
    };
  }

  /** Every bottle that has a journal or a state folder. */
  ids(): string[] {
    const journals = list(join(this.home, "journal")).filter((name) => name.endsWith(".jsonl"));
    const states = list(join(this.home, "state"));
    return [...new Set([...journals.map((name) => name.slice(0, -".jsonl".length)), ...states])];
  }

  phase(id: string): string | undefined {
    try {
      const metadata: unknown = JSON.parse(
        readFileSync(join(this.home, "state", id, "metadata.json"), "utf8"),
      );
      const phase: unknown =
        typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, "phase") : undefined;
      return typeof phase === "string" ? phase : undefined;
    } catch {
      return undefined;
    }
  }

  journal(id: string): Recorded[] {
    const path = join(this.home, "journal", `${id}.jsonl`);
    if (!existsSync(path)) return [];
    return readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line) => {
        try {
          const value: Recorded = JSON.parse(line);
          return [value];
        } catch {
          return [];
        }
      });
  }

  /** Ends whatever still runs and removes everything. */
  async dispose(): Promise<void> {
    for (const call of this.#calls) call.child.kill("SIGTERM");
    await Promise.all(
      [...this.#calls].map((call) => {
        const hard = setTimeout(() => call.child.kill("SIGKILL"), 5_000);
        return call.exited.catch(() => undefined).finally(() => clearTimeout(hard));
      }),
    );
    await this.cli(["cleanup", "--all", "--yes"]).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function runArguments(command: readonly string[], options: RunOptions): string[] {
  return ["run", "--bottle", options.bottle ?? "dev", "--yes", ...(options.flags ?? []), "--", ...command];
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

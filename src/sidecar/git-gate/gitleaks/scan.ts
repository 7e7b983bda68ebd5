import type { Readable } from "node:stream";
import type { GitProcess, GitPrograms } from "../programs.ts";
import type { GitFinding } from "../scan/finding.ts";
import { roomOrClose } from "../upstream/feed.ts";
import { gitleaksConfig, LAST_LINE, LAST_LINE_RULE } from "./config.ts";
import { GITLEAKS_CONFIG_BYTES, GITLEAKS_FINDINGS, GITLEAKS_MS, GITLEAKS_REPORT_BYTES } from "./limits.ts";
import { LineMap } from "./line-map.ts";
import { type Reported, readReport } from "./report.ts";

/** Whose bytes they are. */
export interface GitleaksText {
  /** `blob`, `commit message`, … */
  readonly surface: string;
  /** the object they are in */
  readonly oid: string | undefined;
}

/** gitleaks didn't read everything, or what it said can't be understood: nothing of what it was given was scanned. */
export class GitleaksFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GitleaksFailure";
  }
}

/**
 * gitleaks looks at the first bytes that it reads, 100 kB at most, for the magic of a binary file (that of a tar lies at
 * byte 257), and passes over the whole stream when it finds one. So these are ours.
 */
const BEFORE = Buffer.from(`\n${" ".repeat(128 * 1024)}\n\n`);
/** It cuts what it reads in pieces at empty lines. */
const BETWEEN = Buffer.from("\n\n");

/**
 * One run of gitleaks over the texts of a push, on one stream. It takes seconds to begin as WebAssembly: start it early,
 * give it texts when they are there. What isn't finished must be stopped.
 */
export class GitleaksScan {
  readonly #process: GitProcess;
  readonly #report: Promise<string | undefined>;
  readonly #lines = new LineMap<GitleaksText>();
  #timer: NodeJS.Timeout | undefined;
  /** undefined while it runs */
  #over: string | undefined;

  private constructor(process: GitProcess) {
    this.#process = process;
    this.#report = allOf(process.stdout, GITLEAKS_REPORT_BYTES);
    void process.exited.then(({ code, stderr }) => {
      this.#over ??= `gitleaks ended with ${code}${stderr === "" ? "" : `: ${stderr}`}`;
    });
  }

  /**
   * `config`: the text of the upstream's `.gitleaks.toml`; undefined: gitleaks' own rules. Throws `GitleaksFailure`
   * when that is too long, or gitleaks can't be started.
   */
  static async start(programs: GitPrograms, config: string | undefined): Promise<GitleaksScan> {
    const whole = gitleaksConfig(config);
    if (whole === undefined)
      throw new GitleaksFailure(
        `the upstream's .gitleaks.toml is longer than ${GITLEAKS_CONFIG_BYTES} bytes`,
      );
    try {
      return new GitleaksScan(await programs.start({ op: "gitleaks", config: whole }));
    } catch (error) {
      throw new GitleaksFailure(error instanceof Error ? error.message : String(error));
    }
  }

  /** Begins a text; `write` goes on with it, the next `begin` ends it. Waits while gitleaks reads slower. */
  async begin(text: GitleaksText): Promise<void> {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(
        () => this.#stop(`gitleaks needed more than ${GITLEAKS_MS / 1000} s`),
        GITLEAKS_MS,
      );
      await this.#send(BEFORE);
    } else await this.#send(BETWEEN);
    this.#lines.begin(text);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#send(bytes);
  }

  /** Ends the last text. Throws `GitleaksFailure`: then nothing was scanned. */
  async finish(): Promise<readonly GitFinding[]> {
    try {
      await this.begin({ surface: "", oid: undefined });
      const lastLine = this.#lines.line;
      await this.#send(Buffer.from(`${LAST_LINE}\n`));
      this.#process.stdin.end();
      const [json, { code }] = await Promise.all([this.#report, this.#process.exited]);
      if (code !== 0) throw this.#failure();
      if (json === undefined)
        throw new GitleaksFailure(`gitleaks' report is longer than ${GITLEAKS_REPORT_BYTES} bytes`);
      return this.#findings(readReport(json), lastLine);
    } finally {
      this.stop();
    }
  }

  /** Ends gitleaks, whatever it does. Safe to call twice, and after `finish`. */
  stop(): void {
    this.#stop("gitleaks was stopped");
  }

  #stop(reason: string): void {
    clearTimeout(this.#timer);
    this.#over ??= reason;
    this.#process.kill();
  }

  async #send(bytes: Buffer): Promise<void> {
    const { stdin, exited } = this.#process;
    // it has closed its end: how it ended is said soon
    if (stdin.destroyed) await exited;
    if (this.#over !== undefined) throw this.#failure();
    this.#lines.take(bytes);
    if (!stdin.write(bytes)) await roomOrClose(stdin);
  }

  #failure(): GitleaksFailure {
    return new GitleaksFailure(this.#over ?? "gitleaks ended");
  }

  #findings(reported: readonly Reported[] | undefined, lastLine: number): readonly GitFinding[] {
    if (reported === undefined) throw new GitleaksFailure("gitleaks' report is not what it should be");
    const last = reported.filter(({ rule, startLine }) => rule === LAST_LINE_RULE && startLine === lastLine);
    if (last.length === 0) throw new GitleaksFailure("gitleaks did not read all that it was sent");
    return reported
      .filter(({ rule, startLine }) => rule !== LAST_LINE_RULE && startLine < lastLine)
      .sort((a, b) => a.startLine - b.startLine)
      .slice(0, GITLEAKS_FINDINGS)
      .flatMap((entry) => this.#finding(entry));
  }

  #finding({ rule, startLine, endLine, encoding, snippet }: Reported): GitFinding[] {
    const found = this.#lines.find(startLine, endLine);
    if (found === undefined) throw new GitleaksFailure("gitleaks reports a line that it was not sent");
    const { text, line, allowComment } = found;
    return [{ detector: "gitleaks", rule, ...text, line, encoding, snippet, allowComment }];
  }
}

/** What comes on a stream, as text; undefined when it is longer than `most` bytes, of which no more is kept. */
async function allOf(stream: Readable, most: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      length += part.length;
      if (length <= most) parts.push(part);
    }
  } catch {
    // how it ended, `exited` says
  }
  return length > most ? undefined : Buffer.concat(parts).toString("utf8");
}

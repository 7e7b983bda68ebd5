import type { ChildProcess, SendHandle } from "node:child_process";
import type { BoundSocket } from "../backends/backend.ts";
import { closeHandle } from "../backends/linux/raw-handle.ts";
import { Fault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { JournalEvent } from "../journal/record.ts";
import type { FromSidecar, SidecarConfig, ToSidecar } from "../sidecar/protocol.ts";
import type { OperatorAnswer, OperatorRequest } from "../sidecar/supervise/operator-request.ts";
import { Calls } from "./calls.ts";
import { RECORD_MS, SIDECAR_ERROR_BYTES, SIDECAR_START_MS, SIDECAR_STOP_MS, SUPERVISE_MS } from "./limits.ts";

/** The launcher's end of the pipe to one sidecar (src/sidecar/protocol.ts). */
export class SidecarLink {
  /** settles when the sidecar is gone without having been told to; the reason is fit to print */
  readonly lost: Promise<string>;
  /** what the sidecar has for the operator, fit to print */
  onNotice: (line: string) => void = () => {};
  /** what runs programs for it; absent: none may run */
  programs: { start(id: number, job: unknown): void; kill(id: number): void } | undefined;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #waiting = new Map<FromSidecar["type"], ((message: FromSidecar) => void)[]>();
  readonly #supervised = new Calls<OperatorAnswer>();
  #stderr = "";
  #failure: string | undefined;
  #stopping = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.resume();
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-SIDECAR_ERROR_BYTES);
    });
    child.on("message", (message: FromSidecar) => this.#receive(message));
    this.#gone = new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", (error) => {
        this.#failure ??= error.message;
        resolve();
      });
    });
    void this.#gone.then(() => this.#supervised.end());
    this.lost = new Promise((resolve) => {
      void this.#gone.then(() => {
        if (!this.#stopping) resolve(this.#lastWords());
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends the plan and the secrets: the one time they cross. */
  init(config: SidecarConfig, secrets: Readonly<Record<string, string>>): void {
    this.#send({ type: "init", config, secrets });
  }

  /** Of a program that runs for it; the handle's copy here is closed when it has gone. */
  tell(message: ToSidecar, handle?: unknown): void {
    if (!this.#child.connected) closeHandle(handle);
    else if (handle === undefined) this.#send(message);
    else this.#child.send(message, handle as SendHandle, () => closeHandle(handle));
  }

  /** This process's copy is closed when it has gone: two readers of one UDP socket would share its questions. */
  handOver({ kind, port, handle }: BoundSocket): void {
    const message: ToSidecar = { type: "listener", kind, port };
    this.#child.send(message, handle as SendHandle, () => closeHandle(handle));
  }

  /** Resolves with the bottle's CA certificate (PEM) when every listener answers. Throws `Fault`. */
  async serve(): Promise<string> {
    this.#send({ type: "serve" });
    const ready = await this.#expect("ready", SIDECAR_START_MS);
    if (ready?.type !== "ready") {
      throw new Fault(`the sidecar did not start: ${this.#lastWords()}`, {
        mend: "run `bot-bottle doctor`; the bottle was not started",
      });
    }
    return ready.ca;
  }

  /** Resolves when the event is in the journal (or the sidecar is gone: then it is not). */
  async record(event: JournalEvent): Promise<boolean> {
    if (!this.#child.connected) return false;
    this.#send({ type: "record", event });
    return (await this.#expect("recorded", RECORD_MS)) !== undefined;
  }

  /** Passes what the operator asks about proposals on. Undefined: the sidecar does not answer. */
  async supervise(request: OperatorRequest): Promise<OperatorAnswer | undefined> {
    if (!this.#child.connected) return undefined;
    return await this.#supervised.ask(
      (call) => this.#send({ type: "supervise", call, request }),
      SUPERVISE_MS,
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (this.#child.connected) this.#send({ type: "stop" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), SIDECAR_STOP_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  #send(message: ToSidecar): void {
    if (!this.#child.connected) return;
    // a failed send shows as a lost sidecar: the channel and the process end together
    this.#child.send(message, () => {});
  }

  #receive(message: FromSidecar): void {
    if (message.type === "failed") this.#failure = message.message;
    if (message.type === "notice") this.onNotice(printable(message.line));
    if (message.type === "git_start") this.programs?.start(message.id, message.job);
    if (message.type === "git_kill") this.programs?.kill(message.id);
    if (message.type === "supervised") this.#supervised.answer(message.call, message.answer);
    this.#waiting.get(message.type)?.shift()?.(message);
  }

  async #expect(type: FromSidecar["type"], ms: number): Promise<FromSidecar | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<FromSidecar>((resolve) => {
      const queue = this.#waiting.get(type) ?? [];
      queue.push(resolve);
      this.#waiting.set(type, queue);
    });
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
      void this.#gone.then(() => resolve(undefined));
    });
    const result = await Promise.race([answer, late]);
    clearTimeout(timer);
    return result;
  }

  #lastWords(): string {
    const exit = this.#child.signalCode ?? `exit code ${this.#child.exitCode ?? "unknown"}`;
    const said = this.#failure ?? this.#stderr.trim().split("\n").slice(-3).join(" | ");
    return printable(said === "" ? `it ended with ${exit}` : `${said} (${exit})`, 1000);
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Runs each line it reads, its output put away, and says how it ended and how long it took. */
const LOOP = `
while IFS= read -r line; do
  began=$(date +%s%N)
  eval "$line" >"$HOME/said" 2>&1 </dev/null
  code=$?
  ended=$(date +%s%N)
  echo "took $code $(( (ended - began) / 1000 ))"
  [ "$code" = 0 ] || tail -n 20 "$HOME/said" >&2
done
echo over
`;

/** The command line of a shell for `Shell`. */
export const SHELL = ["/bin/sh", "-c", LOOP] as const;

/** A shell that runs one line after the other and measures each itself: in a bottle, or beside it. */
export class Shell {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(took: number): void; reject(error: Error): void; line: string }[] = [];
  readonly #closed: Promise<void>;
  #said = "";
  #over = false;

  constructor([program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv, cwd: string) {
    this.#child = spawn(program, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-4000);
    });
    if (this.#child.stdout) createInterface(this.#child.stdout).on("line", (line) => this.#answer(line));
    this.#child.stdin?.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      const over = (error?: Error) => {
        this.#over = true;
        for (const { reject, line } of this.#waiting.splice(0))
          reject(error ?? new Error(`the shell ended at: ${line}\n${this.#said}`));
        resolve();
      };
      this.#child.once("error", over).once("close", () => over());
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Milliseconds that a line took; rejects, with what it said, when it failed. */
  time(line: string): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(new Error(`the shell ended before: ${line}\n${this.#said}`));
        return;
      }
      this.#waiting.push({ resolve, reject, line });
      this.#child.stdin?.write(`${line}\n`);
    });
  }

  /** Ends it, and waits until it has. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#closed;
  }

  #answer(line: string): void {
    const [, code, micros] = /^took (\d+) (\d+)$/.exec(line) ?? [];
    if (code === undefined) return;
    const asked = this.#waiting.shift();
    if (code === "0") asked?.resolve(Number(micros) / 1000);
    // what it said comes on another stream
    else setTimeout(() => asked?.reject(new Error(`${asked.line}: exit ${code}\n${this.#said}`)), 200);
  }
}

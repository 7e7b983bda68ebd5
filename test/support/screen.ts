import { type IPty, spawn } from "@lydell/node-pty";

/** What a person at a terminal sees and types, around any program. */
export class Screen {
  readonly pty: IPty;
  /** everything that reached the terminal, control sequences included */
  output = "";
  readonly exited: Promise<number>;

  constructor(argv: readonly string[], options: { cwd: string; env: Readonly<Record<string, string>> }) {
    const [file = "", ...rest] = argv;
    const name = "xterm-256color";
    this.pty = spawn(file, rest, { cols: 100, rows: 30, name, ...options });
    this.pty.onData((data) => {
      this.output += data;
    });
    this.exited = new Promise((resolve) => void this.pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  async until(text: string | RegExp, seconds = 120): Promise<void> {
    const found = () => (typeof text === "string" ? this.output.includes(text) : text.test(this.output));
    const deadline = Date.now() + seconds * 1000;
    while (!found()) {
      if (Date.now() > deadline) throw new Error(`never saw ${text} in:\n${JSON.stringify(this.output)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

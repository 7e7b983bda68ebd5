import type { ToolSpec } from "../../backends/backend.ts";
import type { GitleaksHost } from "./job.ts";

/** Where a sandbox has what was found outside of /usr. */
const PROGRAM = "/opt/gitleaks";
const NODE = "/opt/node";
const CONFIG = "/config/gitleaks.toml";

/**
 * Texts on stdin, a report of what they hold on stdout, in which no secret is spelled out. A comment hides nothing. What
 * is found is no failure: the status says only whether all was read.
 */
const ARGUMENTS = [
  ...["stdin", "--config", CONFIG, "--report-format", "json", "--report-path", "-", "--redact=100"],
  ...["--ignore-gitleaks-allow", "--no-banner", "--no-color", "--log-level", "error", "--exit-code", "0"],
];

/**
 * Runs the npm package's WebAssembly as its own program does, but for two things that a read-only folder without install
 * scripts has no room for: it keeps no unpacked copy beside the packed one, and takes nothing from the environment.
 */
const RUN_PACKAGE = `
const { existsSync, readFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
const unpacked = "${PROGRAM}/wasm/gitleaks.wasm";
const program = existsSync(unpacked) ? readFileSync(unpacked) : brotliDecompressSync(readFileSync(unpacked + ".br"));
require("${PROGRAM}/go.js")(program, ["gitleaks", ...process.argv.slice(1)], process.exit, {});
`;

/** gitleaks, with the text of its configuration. Throws when there is none. */
export function gitleaksCommand(
  found: GitleaksHost | undefined,
  config: string,
): Pick<ToolSpec, "command" | "mounts" | "files"> {
  if (found === undefined) throw new Error("gitleaks was not found");
  const files: ToolSpec["files"] = [{ path: CONFIG, content: config, mode: "0600" }];
  const bind = (source: string, target: string) => ({ source, target, writable: false });
  if (found.kind === "program") {
    // all of /usr is there anyway
    if (found.path.startsWith("/usr/")) return { command: [found.path, ...ARGUMENTS], mounts: [], files };
    return { command: [PROGRAM, ...ARGUMENTS], mounts: [bind(found.path, PROGRAM)], files };
  }
  return {
    command: [NODE, "--disable-sigusr1", "-e", RUN_PACKAGE, "--", ...ARGUMENTS],
    mounts: [bind(found.folder, PROGRAM), bind(found.node, NODE)],
    files,
  };
}

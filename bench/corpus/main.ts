/**
 * How often the default detectors take harmless traffic for a secret: every file of ten large packages, as npm fetches
 * them by its own configuration, each as the body of one request. `npm run bench:corpus -- [PACKAGE@VERSION …]`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULTS, DETECTORS } from "../dlp/bottle.ts";
import { filesOf } from "./tarball.ts";

/** Sources, type declarations, minified bundles, source maps, images, fonts, WebAssembly, lock files. */
const PACKAGES = [
  "typescript@7.0.2",
  "next@16.4.6",
  "three@0.187.0",
  "monaco-editor@0.57.0",
  "aws-sdk@2.1693.0",
  "firebase@13.2.0",
  "@tensorflow/tfjs@4.22.0",
  "plotly.js-dist@4.1.1",
  "webpack@5.112.2",
  "@mui/material@9.5.0",
];

function packed(name: string, folder: string): string {
  const args = ["pack", name, "--pack-destination", folder, "--silent", "--ignore-scripts"];
  execFileSync("npm", args, { stdio: ["ignore", "ignore", "inherit"], cwd: folder });
  const [file] = readdirSync(folder);
  if (file === undefined) throw new Error(`npm packed nothing for ${name}`);
  return join(folder, file);
}

const wanted = process.argv.slice(2);
const total = { files: 0, bytes: 0, blocked: 0 };
console.log("| package | files | MB | blocked | by |\n|---|---|---|---|---|");
for (const name of wanted.length > 0 ? wanted : PACKAGES) {
  const folder = mkdtempSync(join(tmpdir(), "bot-bottle-bench-corpus-"));
  try {
    const archive = packed(name, folder);
    const count = { files: 0, bytes: 0, blocked: 0 };
    const rules = new Map<string, number>();
    for (const { name: file, body } of filesOf(readFileSync(archive))) {
      count.files++;
      count.bytes += body.length;
      const findings = DETECTORS.scanText(body, DEFAULTS);
      if (findings.length === 0) continue;
      count.blocked++;
      for (const { name: rule } of findings) rules.set(rule, (rules.get(rule) ?? 0) + 1);
      console.error(
        `${file}: ${findings.map(({ name: rule, encoding }) => `${rule} (${encoding})`).join(", ")}`,
      );
    }
    const by = [...rules].map(([rule, times]) => `${rule} ${times}x`).join(", ");
    const label = archive.slice(folder.length + 1, -".tgz".length);
    console.log(
      `| ${label} | ${count.files} | ${megabytes(count.bytes)} | ${count.blocked} | ${by || "-"} |`,
    );
    total.files += count.files;
    total.bytes += count.bytes;
    total.blocked += count.blocked;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const rate = (100e6 * total.blocked) / total.bytes;
console.log(
  `| all | ${total.files} | ${megabytes(total.bytes)} | ${total.blocked} | ${rate.toFixed(2)} in 100 MB |`,
);

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

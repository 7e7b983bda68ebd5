import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Texts of `size` bytes each: what is in this checkout's packages, again and again where that is less. */
export function corpora(size: number): ReadonlyMap<string, Buffer> {
  const noise = randomBytes(size);
  return new Map([
    ["source code", packageFiles(size, (name, text) => /\.[cm]?[jt]s$/.test(name) && !isMinified(text))],
    ["JSON", packageFiles(size, (name) => name.endsWith(".json"))],
    ["minified JS", packageFiles(size, (name, text) => /\.[cm]?js$/.test(name) && isMinified(text))],
    ["base64", Buffer.from(noise.subarray(0, Math.ceil(size * 0.75)).toString("base64")).subarray(0, size)],
    ["random bytes", noise],
  ]);
}

function isMinified(text: Buffer): boolean {
  const lines = text.subarray(0, 65_536).toString("latin1").split("\n").length;
  return Math.min(text.length, 65_536) / lines > 300;
}

function packageFiles(size: number, wanted: (name: string, text: Buffer) => boolean): Buffer {
  const whole = Buffer.allocUnsafe(size);
  let filled = 0;
  for (const text of files(join(import.meta.dirname, "../../node_modules"), wanted)) {
    filled += text.copy(whole, filled);
    if (filled === size) return whole;
  }
  if (filled === 0) throw new Error("no package is installed that holds such a file");
  for (; filled < size; filled += whole.copy(whole, filled, 0, filled)) {
    // doubles what there is
  }
  return whole;
}

function* files(folder: string, wanted: (name: string, text: Buffer) => boolean): Generator<Buffer> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path, wanted);
    else if (entry.isFile() && /\.(?:[cm]?[jt]s|json)$/.test(entry.name)) {
      const text = readFileSync(path);
      if (text.length > 0 && wanted(entry.name, text)) yield text;
    }
  }
}

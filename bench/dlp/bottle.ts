import { createHash } from "node:crypto";
import { Secret } from "../../src/base/secret.ts";
import type { KnownSecret } from "../../src/dlp/known/secret.ts";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { Detectors, type ScanSettings } from "../../src/dlp/scanner.ts";

/** Ten secrets of forty characters, as a bottle with a few credentials has them. */
export const SECRETS: readonly KnownSecret[] = Array.from({ length: 10 }, (_, i) => {
  const name = `BENCH_TOKEN_${i}`;
  const value = createHash("sha512").update(name).digest("base64url").slice(0, 40);
  return { name, value: new Secret(name, value), kind: i === 0 ? "canary" : i < 3 ? "brokered" : "bottle" };
});

export const DETECTORS = new Detectors(SECRETS, builtinPatterns());
export const DEFAULTS: ScanSettings = { known: true, patterns: true, allow: new Set() };
export const KNOWN_ALONE: ScanSettings = { ...DEFAULTS, patterns: false };

/** Bytes of one read of a socket. */
const CHUNK = 64 * 1024;

/** Milliseconds of processor time for one body, as it comes from a socket: the machine may have other work. */
export function timeOfScan(body: Buffer, settings: ScanSettings): number {
  const started = process.cpuUsage();
  const scanner = DETECTORS.scanner(settings, () => {});
  for (let at = 0; at < body.length; at += CHUNK) scanner.write(body.subarray(at, at + CHUNK));
  scanner.boundary();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

/** MB/s (10^6 bytes): the median of `rounds`, after one that warms up. */
export function speedOf(body: Buffer, rounds: number, run: (body: Buffer) => number): number {
  run(body);
  const times = Array.from({ length: rounds }, () => run(body)).sort((a, b) => a - b);
  return body.length / 1000 / (times[rounds >> 1] ?? Number.NaN);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InjectionScanner, type TextKind } from "../../../src/dlp/injection/scanner.ts";
import { asBody } from "./disguise.ts";

/** One answer of the set. */
export interface Case {
  readonly kind: TextKind;
  readonly body: string;
  /** the header line, for messages */
  readonly head: string;
}

const KINDS: Readonly<Record<string, TextKind>> = {
  text: "text",
  html: "html",
  json: "json",
  markdown: "markdown",
  sse: "sse",
};

/** Cases of a file: each begins with a line `#: KIND [DISGUISE…]`. */
export function readCases(file: string): Case[] {
  const text = readFileSync(join(import.meta.dirname, "set", file), "utf8");
  return text
    .split(/^#: /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      const head = part.slice(0, end);
      const [kind = "", ...ways] = head.split(" ");
      const known = KINDS[kind];
      if (known === undefined) throw new Error(`no such kind: ${head}`);
      return { kind: known, head, body: asBody(kind, ways, part.slice(end + 1).replace(/\n$/, "")) };
    });
}

/** Scans a whole answer, or one cut after each of `cuts` bytes. */
export function scan(kind: TextKind, body: string | Buffer, cuts?: Iterable<number>): InjectionScanner {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const scanner = new InjectionScanner(kind);
  let at = 0;
  for (const cut of cuts ?? []) {
    if (at >= bytes.length) break;
    scanner.write(bytes.subarray(at, at + cut));
    at += cut;
  }
  if (at < bytes.length) scanner.write(bytes.subarray(at));
  scanner.end();
  return scanner;
}

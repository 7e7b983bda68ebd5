import { globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { TextKind } from "../../../src/dlp/injection/scanner.ts";
import type { Case } from "./cases.ts";

const LEAST_CHARACTERS = 120;
const MOST_CHARACTERS = 3000;

/** READMEs of installed packages, man pages and documentation, as far as the machine has them; read, not copied. */
const SOURCES: readonly { readonly glob: string; readonly kind: TextKind; readonly share: number }[] = [
  { glob: "node_modules/**/*.md", kind: "markdown", share: 0.55 },
  { glob: "/usr/share/man/man[1578]/*.gz", kind: "text", share: 0.25 },
  { glob: "/usr/share/doc/**/*.gz", kind: "text", share: 0.2 },
];

/** `count` paragraphs, spread evenly over the files of every source; the same ones each time on one machine. */
export function cleanParagraphs(count: number): Case[] {
  const found: Case[] = [];
  for (const { glob, kind, share } of SOURCES)
    found.push(...spread(paragraphs(glob, kind), Math.ceil(count * share)));
  if (found.length < count)
    found.push(...spread(paragraphs("node_modules/**/*.{d.ts,js}", "text"), count - found.length));
  return found.slice(0, count);
}

function paragraphs(glob: string, kind: TextKind): Case[] {
  const files = globSync(glob).sort();
  const step = Math.max(1, Math.floor(files.length / 900));
  const found: Case[] = [];
  for (let i = 0; i < files.length; i += step) {
    const file = files[i] ?? "";
    const bytes = readFileSync(file);
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const readable = file.includes("/man/") ? withoutRoff(text) : text;
    for (const body of readable.split(/\n[ \t]*\n/))
      if (body.length >= LEAST_CHARACTERS && body.length <= MOST_CHARACTERS)
        found.push({ kind, body, head: file });
  }
  return found;
}

function withoutRoff(text: string): string {
  return text
    .replaceAll(/^[.']\\".*$/gm, "")
    .replaceAll(/^\.(?:PP|sp|P|TP|IP|SH|SS|Pp|It).*$/gm, "\n")
    .replaceAll(/^\.\w+ ?/gm, "")
    .replaceAll(/\\f(?:\(..|\[\w*\]|.)/g, "")
    .replaceAll(/\\-/g, "-")
    .replaceAll(/\\[&|]/g, "");
}

function spread(cases: readonly Case[], count: number): Case[] {
  if (cases.length <= count) return [...cases];
  return Array.from({ length: count }, (_, i) => cases[Math.floor((i * cases.length) / count)]).filter(
    (one) => one !== undefined,
  );
}

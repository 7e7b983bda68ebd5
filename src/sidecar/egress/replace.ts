import { coveredBy, type Finding } from "../../dlp/finding.ts";

/** What stands in the place of a secret: `[masked NAME]`, `[redacted NAME]`. */
export type Label = "masked" | "redacted";

/**
 * `bytes`, which begin at `from` of their text, with all that `findings` cover replaced by as many bytes: a label that is
 * cut short, or filled up with `*`. So no length has to be stated anew.
 */
export function overwrite(bytes: Buffer, from: number, findings: readonly Finding[], label: Label): Buffer {
  const to = from + bytes.length;
  let result: Buffer | undefined;
  for (const { name, start, end } of coveredBy(findings)) {
    if (end <= from || start >= to) continue;
    result ??= Buffer.from(bytes);
    const mark = Buffer.from(`[${label} ${name}]`.slice(0, end - start).padEnd(end - start, "*"), "latin1");
    const cut = Math.max(start, from);
    mark.copy(result, cut - from, cut - start, Math.min(end, to) - start);
  }
  return result ?? bytes;
}

/** `bytes`, which begin at `from` of their text, with each find that begins in them replaced by its label, whatever its length. */
export function replaced(bytes: Buffer, from: number, findings: readonly Finding[], label: Label): Buffer {
  if (findings.length === 0) return bytes;
  const parts: Buffer[] = [];
  let at = 0;
  for (const { name, start, end } of coveredBy(findings)) {
    const first = Math.min(Math.max(start - from, at), bytes.length);
    if (end <= from || first === bytes.length) continue;
    parts.push(bytes.subarray(at, first));
    // What began in earlier bytes has its label already.
    if (start >= from) parts.push(Buffer.from(`[${label} ${name}]`, "latin1"));
    at = Math.min(end - from, bytes.length);
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/** The same for latin1 text. */
export function replacedText(text: string, findings: readonly Finding[], label: Label): string {
  return coveredBy(findings).reduceRight(
    (result, { name, start, end }) => `${result.slice(0, start)}[${label} ${name}]${result.slice(end)}`,
    text,
  );
}

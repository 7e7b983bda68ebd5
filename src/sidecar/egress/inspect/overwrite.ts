import { coveredBy, type Finding } from "../../../dlp/finding.ts";

/**
 * `bytes`, which begin at `from` of their text, with all that `findings` cover replaced by as many bytes: a label that is
 * cut short, or filled up with `*`. So no length has to be stated anew.
 */
export function overwrite(bytes: Buffer, from: number, findings: readonly Finding[]): Buffer {
  const to = from + bytes.length;
  let result: Buffer | undefined;
  for (const { name, start, end } of coveredBy(findings)) {
    if (end <= from || start >= to) continue;
    result ??= Buffer.from(bytes);
    const label = Buffer.from(`[redacted ${name}]`.slice(0, end - start).padEnd(end - start, "*"), "latin1");
    const cut = Math.max(start, from);
    label.copy(result, cut - from, cut - start, Math.min(end, to) - start);
  }
  return result ?? bytes;
}

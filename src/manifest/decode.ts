import type { Problems } from "./problem.ts";
import { SourceFile } from "./source-file.ts";

// What YAML 1.2 §5.1 calls unprintable, and the bidirectional controls that make a line read differently from what it
// is (CVE-2021-42574). Tab and line feed are fine.
const FORBIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;

/**
 * Bytes of a file -> text: UTF-8 only, a byte order mark dropped, CRLF and CR-only line breaks made `\n` (YAML 1.2
 * §5.4). A carriage return in the middle of a line is refused: editors and parsers disagree about what it is.
 */
export function decodeFile(path: string, bytes: Uint8Array, problems: Problems): SourceFile | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    problems.add({
      file: path,
      message: utf16 ? "the file is UTF-16, not UTF-8" : "the file is not valid UTF-8",
      mend: "save it as UTF-8",
    });
    return undefined;
  }
  const onlyCr = !text.includes("\n");
  const file = new SourceFile(path, text.replace(onlyCr ? /\r/g : /\r\n/g, "\n"));
  const bad = FORBIDDEN.exec(file.text);
  if (bad === null) return file;
  const code = (file.text.codePointAt(bad.index) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  problems.add({
    file,
    start: bad.index,
    end: bad.index + 1,
    message:
      code === "000D"
        ? "a carriage return in the middle of a line"
        : `a ${code === "0000" ? "NUL" : "control"} character (U+${code}), which no manifest may hold`,
    mend: "remove it",
  });
  return undefined;
}

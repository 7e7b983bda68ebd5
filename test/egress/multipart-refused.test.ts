import { expect, test } from "vitest";
import { BodyFault } from "../../src/sidecar/egress/inspect/body-fault.ts";
import {
  MULTIPART_DEPTH,
  PART_COUNT,
  PART_HEAD_BYTES,
  PREAMBLE_BYTES,
} from "../../src/sidecar/egress/inspect/limits.ts";
import { parseMediaType } from "../../src/sidecar/egress/inspect/media-type.ts";
import { boundaryOf, MultipartReader } from "../../src/sidecar/egress/inspect/multipart-reader.ts";

/** The code of the fault that reading it ends in. */
function fault(read: () => void): string | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof BodyFault) return error.code;
    throw error;
  }
  return undefined;
}

function read(body: string): string | undefined {
  return fault(() => {
    const reader = new MultipartReader("B", { frame() {}, partStart() {}, partData() {}, partEnd() {} });
    reader.write(Buffer.from(body, "latin1"), 0, true);
    reader.end();
  });
}

const part = (head: string, body = "x") => `--B\r\n${head}\r\n\r\n${body}\r\n`;
const END = "--B--\r\n";

/** Multipart bodies inside each other, their boundaries B, C, D, … */
function nested(depth: number, name = "B"): string {
  const inner = String.fromCharCode(name.charCodeAt(0) + 1);
  if (depth === 1) return `--${name}\r\n\r\nx\r\n--${name}--\r\n`;
  const head = `Content-Type: multipart/mixed; boundary=${inner}`;
  return `--${name}\r\n${head}\r\n\r\n${nested(depth - 1, inner)}\r\n--${name}--\r\n`;
}

test.each([
  ["one part", `${part("A: b")}${END}`],
  ["a preamble and an epilogue", `words\r\n${part("A: b")}${END}more`],
  ["as many parts as may be", `${part("A: b").repeat(PART_COUNT)}${END}`],
  ["as deep as may be", nested(MULTIPART_DEPTH)],
])("%s is read", (_, body) => {
  expect(read(body)).toBeUndefined();
});

test.each([
  ["two types of a part", `${part("Content-Type: a/b\r\nContent-Type: c/d")}${END}`, "dlp.body_unreadable"],
  [
    "two transfer encodings of a part",
    `${part("Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit")}${END}`,
    "dlp.body_unreadable",
  ],
  ["an unknown transfer encoding", `${part("Content-Transfer-Encoding: x-uu")}${END}`, "dlp.body_unreadable"],
  ["a boundary right behind a part's head", "--B\r\nA: b\r\n\r\n--B--\r\n", "dlp.body_unreadable"],
  ["a boundary inside a line", `${part("A: b")}--Bx\r\n\r\nx\r\n${END}`, "dlp.body_unreadable"],
  ["a part's head that is none", `${part("no field")}${END}`, "dlp.body_unreadable"],
  ["a long preamble", `${"x".repeat(PREAMBLE_BYTES + 10)}\r\n${part("A: b")}${END}`, "dlp.body_unreadable"],
  ["a long part head", `${part(`A: ${"x".repeat(PART_HEAD_BYTES)}`)}${END}`, "dlp.body_unreadable"],
  ["no end", part("A: b"), "dlp.body_unreadable"],
  [
    "two dispositions of a part",
    `${part("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b")}${END}`,
    "dlp.body_unreadable",
  ],
  ["too many parts", `${part("A: b").repeat(PART_COUNT + 1)}${END}`, "dlp.body_too_large"],
  ["too many inside each other", nested(MULTIPART_DEPTH + 1), "dlp.body_too_large"],
])("%s is refused", (_, body, code) => {
  expect(read(body)).toBe(code);
});

test.each([
  "multipart/form-data",
  "multipart/form-data; boundary=",
  'multipart/form-data; boundary="a\\"b"',
  "multipart/form-data; boundary=a; boundary=b",
  `multipart/form-data; boundary=${"a".repeat(71)}`,
])("a boundary that readers could differ about is refused: %s", (type) => {
  expect(fault(() => boundaryOf(parseMediaType(type)))).toBe("dlp.body_unreadable");
});

import { expect, test } from "vitest";
import { readSection, readTrailers } from "../../src/sidecar/egress/http2/fields.ts";
import { ProtocolError } from "../../src/sidecar/egress/protocol-error.ts";

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "accepted";
}

// What node's own parser lets through today may change; the bytes would become lines in HTTP/1.1.
test.for([
  ["CR LF in a value", ["x-a", "b\r\nx-smuggled: 1"]],
  ["LF in a value", ["x-a", "b\nc"]],
  ["CR in a value", ["x-a", "b\rc"]],
  ["NUL in a value", ["x-a", "b\0c"]],
  ["CR LF in a name", ["x-a\r\nx-b", "c"]],
  ["CR LF in the path", [":path", "/a HTTP/1.1\r\nHost: evil.test\r\n\r\n"]],
  ["CR LF in the method", [":method", "GET / HTTP/1.1\r\nx: y"]],
])("takes %s for dlp.crlf", ([, raw]) => {
  expect(codeOf(() => readSection(raw as string[]))).toBe("dlp.crlf");
});

test.for([
  ["a colon in a name", ["x:a", "b"]],
  ["a space in a name", ["x a", "b"]],
  ["a capital in a name", ["X-A", "b"]],
  ["an empty name", ["", "b"]],
  ["a control character in a value", ["x-a", "b\x01"]],
  ["whitespace around a value", ["x-a", " b"]],
  ["connection", ["connection", "close"]],
  ["transfer-encoding", ["transfer-encoding", "chunked"]],
  ["te other than trailers", ["te", "trailers, gzip"]],
  ["two content-length", ["content-length", "1", "content-length", "1"]],
  ["a signed content-length", ["content-length", "+1"]],
  ["two :path", [":path", "/", ":path", "/b"]],
  ["two host", ["host", "a", "host", "a"]],
])("takes %s for a protocol error", ([, raw]) => {
  expect(codeOf(() => readSection(raw as string[]))).toBe("egress.protocol_error");
});

test.for([
  ["a pseudo-field", [":path", "/"]],
  ["content-length", ["content-length", "1"]],
  ["host", ["host", "a"]],
])("allows no %s in trailers", ([, raw]) => {
  expect(codeOf(() => readTrailers(raw as string[]))).toBe("egress.protocol_error");
});

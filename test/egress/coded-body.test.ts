import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../src/dlp/scanner.ts";
import { HELD_BYTES } from "../../src/sidecar/egress/inspect/limits.ts";
import { RequestBody } from "../../src/sidecar/egress/inspect/request-body.ts";

test("of a coded body no more is taken than may be held, until it was read; then all of it goes", async () => {
  const detectors = new Detectors([], builtinPatterns());
  const settings = { known: true, patterns: true, allow: new Set<string>() };
  const coded = gzipSync(randomBytes(HELD_BYTES + 65_536), { level: 0 });
  const gone: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const body = new RequestBody(
      ["content-encoding", "gzip"],
      {
        scanner: (found) => detectors.scanner(settings, found),
        scanText: () => [],
        judge: () => undefined,
      },
      {
        release: (bytes) => gone.push(bytes),
        push() {},
        released: resolve,
        refuse: () => reject(new Error("refused")),
        redacted() {},
        beginning() {},
        fault: (fault) => {
          reject(fault);
          return false;
        },
        room: () => body.end(),
      },
    );
    for (let at = 0; at < coded.length; at += 65_536) body.write(coded.subarray(at, at + 65_536));
    expect(body.roomy()).toBe(false);
  });
  expect(Buffer.concat(gone).equals(coded)).toBe(true);
});

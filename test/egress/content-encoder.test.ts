import { expect, test, vi } from "vitest";
import { encoded } from "../../src/sidecar/egress/inspect/content-encoder.ts";

// As when zlib has no memory: it says so in its callback, or throws at once.
vi.mock("node:zlib", async (original) => ({
  ...(await original<typeof import("node:zlib")>()),
  gzip: (_text: Buffer, done: (error: Error | null) => void) => setImmediate(done, new Error("no memory")),
  zstdCompress: () => {
    throw new Error("no memory");
  },
}));

test.each([
  ["fails in the pool", ["gzip"]],
  ["can't be begun", ["zstd"]],
  ["fails behind another that was put on", ["deflate", "gzip"]],
] as const)("a coding that %s is told, and throws nowhere", async (_how, codings) => {
  const text = Buffer.from("text");
  const coded = await new Promise((resolve) => encoded(text, codings, text, resolve));
  expect(coded).toBeUndefined();
});

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { KnownSecret } from "../../../src/dlp/known/secret.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors, type ScanSettings } from "../../../src/dlp/scanner.ts";
import { SPLIT_WINDOW_MS } from "../../../src/dlp/split/limits.ts";
import { SplitIndex } from "../../../src/dlp/split/split-index.ts";
import type { Surface } from "../../../src/dlp/split/values.ts";

const VALUE = ["q7Rk2", "Zt9wLx4", "Vb8nMc3", "Yh6pDs1"].join("");
const SECRETS: readonly KnownSecret[] = [
  { name: "DEPLOY_TOKEN", value: new Secret("DEPLOY_TOKEN", VALUE), kind: "bottle" },
];
const ALL: ScanSettings = { known: true, patterns: false, allow: new Set() };

function index(): SplitIndex {
  return new SplitIndex(new Detectors(SECRETS, new PatternSet([])), SECRETS);
}

function get(target: string, fields: readonly string[] = [], body?: string): Surface {
  return {
    host: "api.example.com",
    target,
    fields,
    body: body === undefined ? undefined : Buffer.from(body),
  };
}

/** The number of the request at which the secret is found. */
function foundAt(surfaces: readonly Surface[], settings = ALL, step = 10): number | undefined {
  const split = index();
  for (const [number, surface] of surfaces.entries())
    if (split.observe(surface, settings, number * step)) return number;
  return undefined;
}

const characters = [...VALUE];

describe("a secret spread over requests", () => {
  it.each([
    ["a query parameter", (c: string) => get(`/search?q=${encodeURIComponent(c)}`)],
    ["a place in the path", (c: string) => get(`/img/${c}.png`)],
    ["the name of a parameter", (c: string) => get(`/search?${c}=1`)],
    ["a field", (c: string) => get("/", ["x-trace", c, "user-agent", "curl/8"])],
    ["a JSON string", (c: string) => get("/", [], JSON.stringify({ a: { b: [c] }, n: c }))],
    ["a JSON number", (c: string) => get("/", [], JSON.stringify({ code: c.charCodeAt(0) }))],
    ["a form", (c: string) => get("/", [], `a=1&b=${c}`)],
    ["a body of one character", (c: string) => get("/", [], c)],
    ["a label of the host", (c: string) => ({ ...get("/"), host: `${c}.example.com` })],
  ])("is found one character at a time in %s", (_, surface) => {
    expect(foundAt(characters.map(surface))).toBeLessThanOrEqual(12);
  });

  it("is found in pieces of six with noise around them, in any order and anywhere", () => {
    const [a, b, c] = [VALUE.slice(0, 6), VALUE.slice(6, 12), VALUE.slice(12, 18)];
    expect(foundAt([get("/", [], `text xx${b}yy`), get(`/a/zz${c}zz/1`), get("/", ["x-b", `_${a}_`])])).toBe(
      1,
    );
  });

  it("is found in pieces of four that stand alone", () => {
    const pieces = VALUE.match(/.{1,4}/g) ?? [];
    expect(foundAt(pieces.map((piece, i) => get(`/?p${i}=${piece}`)))).toBeLessThanOrEqual(3);
  });

  it("is found in pieces in the names of fields, and in one request", () => {
    const pieces = VALUE.match(/.{1,8}/g) ?? [];
    expect(foundAt(pieces.map((piece, i) => get("/", [`x-${piece}-${i}`, "1"])))).toBe(1);
    expect(foundAt([get(`/?a=${VALUE.slice(0, 11)}&bb=${VALUE.slice(11, 22)}`)])).toBe(0);
  });

  it("is found where its own separators, or what a vendor's tokens begin with, make its pieces long", () => {
    const separated = VALUE.slice(0, 20).replaceAll(/../g, "$&_");
    for (const value of [separated, `sk_test_${VALUE.slice(0, 18)}`]) {
      const secrets = [{ name: "KEY", value: new Secret("KEY", value), kind: "bottle" as const }];
      const split = new SplitIndex(new Detectors(secrets, new PatternSet([])), secrets);
      expect(split.observe(get(`/?a=${value.slice(0, 16)}`), ALL, 0)).toBeUndefined();
      expect(split.observe(get(`/?b=${value.slice(16)}`), ALL, 1)?.name).toBe("KEY");
    }
  });

  it("is found when the requests go to different hosts", () => {
    expect(
      foundAt(characters.map((c, i) => ({ ...get(`/?q=${c}`), host: `h${i}.example.com` }))),
    ).toBeLessThanOrEqual(12);
  });

  it("passes where the route allows the secret", () => {
    const settings = { ...ALL, allow: new Set(["DEPLOY_TOKEN"]) };
    expect(
      foundAt(
        characters.map((c) => get(`/?q=${c}`)),
        settings,
      ),
    ).toBeUndefined();
  });

  it("is found when one long body comes byte by byte between its pieces", () => {
    const split = index();
    split.observe(get("/", [], `xx${VALUE.slice(0, 6)}yy`), ALL, 0);
    let continues: number | undefined;
    for (let i = 0; i < 5000; i++) {
      expect(split.observe({ ...get("", [], "."), continues }, ALL, i)).toBeUndefined();
      continues ??= split.request;
    }
    expect(split.observe(get("/", [], `xx${VALUE.slice(6, 12)}yy`), ALL, 6000)?.name).toBe("DEPLOY_TOKEN");
  });

  it("is found in bodies that come at the same time", () => {
    const split = index();
    split.observe(get("", [], "text"), ALL, 0);
    const continues = split.request;
    expect(split.observe(get("", [], `xx${VALUE.slice(0, 6)}yy`), ALL, 1)).toBeUndefined();
    const rest = { ...get("", [], `xx${VALUE.slice(6, 12)}yy`), continues };
    expect(split.observe(rest, ALL, 2)?.name).toBe("DEPLOY_TOKEN");
  });

  it("is found behind any number of other values of the same key", () => {
    const noise = Array.from({ length: 400 }, (_, i) => get(`/?q=value${i}`));
    const found = foundAt([...noise, ...characters.map((c) => get(`/?q=${c}`))]);
    expect(found).toBeLessThanOrEqual(noise.length + 12);
  });

  it("is forgotten after the window", () => {
    expect(
      foundAt([get(`/?a=${VALUE.slice(0, 8)}`), get(`/?b=${VALUE.slice(8, 16)}`)], ALL, SPLIT_WINDOW_MS + 1),
    ).toBeUndefined();
  });
});

describe("ordinary traffic", () => {
  it.each([
    ["base64", Buffer.from(VALUE).toString("base64")],
    ["hex", Buffer.from(VALUE).toString("hex")],
    ["base64 in base64", Buffer.from(Buffer.from(VALUE).toString("base64")).toString("base64")],
  ])("passes behind a value that was refused: a secret in %s", (_, spelled) => {
    const split = index();
    expect(split.observe(get("/", ["x-key", spelled]), ALL, 0)).toBeDefined();
    for (const value of ["{}", "AAAABBBB", "word"])
      expect(split.observe(get("/", ["x-key", value]), ALL, 1)).toBeUndefined();
  });

  const hash = (text: string, coding: "hex" | "base64url") =>
    createHash("sha256").update(text).digest(coding);

  it("is no secret, in ten thousand requests full of hashes", () => {
    const split = index();
    const finds: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      const surface = get(
        `/v1/objects/${hash(`a${i}`, "hex")}?page=${i % 40}&cursor=${hash(`b${i}`, "base64url")}`,
        ["user-agent", "git/2.39", "x-request-id", hash(`c${i}`, "base64url"), "accept", "*/*"],
        JSON.stringify({ model: "m", id: i, signature: hash(`d${i}`, "base64url").repeat(20) }),
      );
      if (split.observe(surface, ALL, i * 10)) finds.push(i);
    }
    expect(finds).toEqual([]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../src/dlp/scanner.ts";
import { FieldJudge } from "../../src/sidecar/egress/credential/field-judge.ts";
import { createBodyText } from "../../src/sidecar/egress/inspect/body-text.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const PARTS = "multipart/form-data; boundary=b";

/** A body that is read for credentials of the agent's own; `found`: the names of those. */
function reading(type: string, allowed: readonly string[] = []) {
  const found: string[] = [];
  const judge = new FieldJudge(false, new Set(allowed), (name) => found.push(name));
  const detectors = new Detectors([], builtinPatterns());
  const settings = { known: true, patterns: false, allow: new Set<string>() };
  const text = createBodyText(["content-type", type], {
    reading: {
      scanner: (heard) => detectors.scanner(settings, heard),
      scanText: (bytes) => detectors.scanText(bytes, settings),
      judge: () => judge,
    },
    found: () => {},
    rewrites: false,
    judge,
    kind: "text",
  });
  return { text, found };
}

test.for([
  ["form", FORM, "a=1&client_secret="],
  ["JSON", JSON_TYPE, '{"a":1,"client_secret":"'],
  ["part", PARTS, "--b\r\nContent-Disposition: form-data; name=api_key\r\n\r\n"],
] as const)("while the value of a %s may be an allowed one, none of it goes", ([, type, lead]) => {
  const { text, found } = reading(type, ["allowed"]);
  text.write(Buffer.from(lead));
  text.write(Buffer.from(`other ${"x".repeat(100)}`));
  text.settle();
  expect(text.safe).toBeLessThanOrEqual(lead.length);
  expect(found).toEqual([]);
});

test("where no value is allowed it is refused at its first byte, before that goes", () => {
  const { text, found } = reading(FORM);
  text.write(Buffer.from("a=1&client_secret="));
  expect(found).toEqual([]);
  text.write(Buffer.from("o"));
  expect(found).toEqual(["client_secret"]);
});

/** What a plain reading of the whole body finds. */
function plainly(type: string, body: string): boolean {
  if (type === FORM) return body.split(/[&;]/).some((pair) => /^(?:client_secret|api[-_]?key)=./i.test(pair));
  const value: unknown = JSON.parse(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).some(
    ([name, member]) =>
      /^(?:client_secret|api[-_]?key) *$/i.test(name) &&
      member !== "" &&
      member !== null &&
      typeof member !== "boolean",
  );
}

const name = fc.constantFrom(
  "client_secret",
  "api_key",
  "apiKey",
  "a",
  "client_secrets",
  "",
  "client_secret ",
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("", "x", 'q"\\', "client_secret", 0, -1.5e3, true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
})).value;
const form = fc
  .array(
    fc.tuple(
      name.map((text) => text.trim()),
      fc.constantFrom("", "x", "1%202", "client_secret"),
    ),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join("&"));

describe("whatever a body holds and however it is cut, its fields are those of a plain reading", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

  function read(type: string, body: string, sizes: readonly number[], allowed: readonly string[]): boolean {
    const { text, found } = reading(type, allowed);
    const bytes = Buffer.from(body);
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      text.write(bytes.subarray(at, at + size));
      at += size;
    }
    text.end();
    return found.length > 0;
  }

  test("JSON", () => {
    fc.assert(
      fc.property(json, cuts, fc.boolean(), (value, sizes, spaced) => {
        const body = JSON.stringify(value, undefined, spaced ? 1 : 0);
        for (const allowed of [[], ["other"]])
          expect([body, read(JSON_TYPE, body, sizes, allowed)]).toEqual([body, plainly(JSON_TYPE, body)]);
      }),
      { seed: 21, numRuns: 400 },
    );
  });

  test("a form", () => {
    fc.assert(
      fc.property(form, cuts, (body, sizes) => {
        for (const allowed of [[], ["other"]])
          expect([body, read(FORM, body, sizes, allowed)]).toEqual([body, plainly(FORM, body)]);
      }),
      { seed: 22, numRuns: 400 },
    );
  });
});

test("no bytes that say they are JSON or a form make the reading throw anything but that it is none", () => {
  const noise = fc.array(
    fc.oneof(
      fc.constantFrom(...'{}[]":,\\&=;ntf0 \n\0'),
      fc.constantFrom("client_secret", "\\u0061", "\ufeff", "é"),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(noise, fc.constantFrom(FORM, JSON_TYPE, "text/plain"), (parts, type) => {
      const { text } = reading(type);
      try {
        for (const part of parts) text.write(Buffer.from(part));
        text.end();
      } catch (error) {
        expect(error).toMatchObject({ name: "BodyFault", code: "dlp.body_unreadable" });
      }
    }),
    { seed: 23, numRuns: 1000 },
  );
});

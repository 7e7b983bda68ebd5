import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, readJson } from "../../src/policy/model-api/json.ts";
import { runs } from "../support/runs.ts";

const read = (text: string | Buffer) => readJson(Buffer.from(text as string));

/** As JSON.parse gives it; a name like `__proto__` is one of the object's own. */
function plain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  const members = [...value].map(([name, member]) => [name, plain(member)] as const);
  const object: Record<string, unknown> = {};
  for (const [name, member] of members)
    Object.defineProperty(object, name, {
      value: member,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return object;
}

describe("what is read is what JSON.parse reads", () => {
  const text = fc.oneof(
    fc.json({ noUnicodeString: false, maxDepth: 6 }),
    fc.json({ noUnicodeString: false, maxDepth: 6 }).map((json) => JSON.stringify(JSON.parse(json), null, 2)),
  );

  test("of any JSON that has one reading", () => {
    fc.assert(
      fc.property(text, (json) => {
        const result = read(json);
        const halves = !JSON.stringify(JSON.parse(json)).isWellFormed() || /\\ud[89a-f]/i.test(json);
        if (!result.ok) expect(halves).toBe(true);
        else expect(plain(result.value)).toEqual(JSON.parse(json));
      }),
      runs(400),
    );
  });

  test("of JSON that was damaged: it is refused, or both read the same", () => {
    const bytes = fc.array(
      fc.constantFrom(...Buffer.from('{}[]",:\\u0d8e1 \n\t-+.truefalsn\u0000\u001f"'), 0xc3, 0xa9, 0xff),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    const damaged = fc.tuple(text, fc.nat(), fc.nat(3), bytes).map(([json, at, cut, insert]) => {
      const whole = Buffer.from(json);
      const place = at % (whole.length + 1);
      return Buffer.concat([whole.subarray(0, place), Buffer.from(insert), whole.subarray(place + cut)]);
    });
    fc.assert(
      fc.property(damaged, (body) => {
        const result = read(body);
        if (!result.ok) return;
        const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
        expect(plain(result.value)).toEqual(JSON.parse(strict));
      }),
      runs(3000),
    );
  });
});

test.each([
  ["a name twice", '{"a":1,"a":1}', "has one name twice in one object"],
  ["a name twice, spelled in two ways", '{"ab":1,"a\\u0062":1}', "has one name twice in one object"],
  ["__proto__ twice", '{"__proto__":1,"__proto__":1}', "has one name twice in one object"],
  ["half of a surrogate pair", '"\\udfff"', "holds half of a surrogate pair"],
  ["half of a surrogate pair in a name", '{"\\ud800":1}', "holds half of a surrogate pair"],
  ["more than its end", "1 1", "goes on behind its end"],
  ["a byte order mark", "\ufeff1", "is no JSON"],
  ["a level too deep", `${"[".repeat(130)}${"]".repeat(130)}`, "is nested deeper than 128 levels"],
  ["a value too many", `[${"1,".repeat(250_000)}1]`, "has more than 250000 values"],
  ["a number that is too long", "1".repeat(64), "has a number that is too long"],
])("%s is refused", (_, text, problem) => {
  expect(read(text)).toEqual({ ok: false, problem });
});

test("bytes that are no UTF-8, overlong forms and encoded surrogates are refused", () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    expect(read(Buffer.from([0x22, ...bytes, 0x22]))).toEqual({ ok: false, problem: "is no UTF-8" });
  }
});

test("as many values are read as may be, and not one more", () => {
  const values = (count: number) => `[${"1,".repeat(count - 2)}1]`;
  expect(read(values(250_000)).ok).toBe(true);
  expect(read(values(250_001))).toEqual({ ok: false, problem: "has more than 250000 values" });
});

test("128 levels are read, and a name like __proto__ is a name", () => {
  expect(read(`${"[".repeat(128)}${"]".repeat(128)}`).ok).toBe(true);
  const result = read('{"__proto__":{"type":"x"},"constructor":1}');
  expect(result.ok && result.value instanceof Map && [...result.value.keys()]).toEqual([
    "__proto__",
    "constructor",
  ]);
});

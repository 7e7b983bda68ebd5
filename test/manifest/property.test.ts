import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bottle, EnvEntry, Route } from "../../src/manifest/bottle.ts";
import { compileBottle } from "../../src/manifest/compile-bottle.ts";
import { decodeFile } from "../../src/manifest/decode.ts";
import { parseDuration, parseSize } from "../../src/manifest/definitions/quantity.ts";
import { keyRows } from "../../src/manifest/key-table.ts";
import { emptyBottle, mergeBottles } from "../../src/manifest/merge.ts";
import { Problems } from "../../src/manifest/problem.ts";
import { readAgentFile, readBottleFile, readSettingsFile } from "../../src/manifest/read.ts";
import { editDistance } from "../../src/manifest/suggest.ts";
import { parseYaml } from "../../src/manifest/yaml.ts";
import { source } from "./home.ts";

/** Text that has a chance to be YAML. */
const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."{ } [ ] : - ? & * ! | > % @ # , ' \" \n   \t ~ --- ... << __proto__ constructor env egress routes host".split(
          " ",
        ),
        "\n",
        "\n  ",
        ": ",
        "- ",
        "&a ",
        "*a ",
        "!!str ",
        "\u0000",
        "\ufeff",
        "\r",
      ),
      fc.string({ maxLength: 8, unit: "binary" }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

const frozen = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

describe("parsers answer or report, whatever they are given", () => {
  test("bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const problems = new Problems();
        const file = decodeFile("x.md", bytes, problems);
        expect((file === undefined) === problems.count > 0).toBe(true);
        expect(typeof problems.render()).toBe("string");
      }),
    );
  });

  test("YAML", () => {
    fc.assert(
      fc.property(yamlish, (text) => {
        const problems = new Problems();
        const node = parseYaml(source(text), 0, text.length, problems);
        expect((node === undefined) === problems.count > 0).toBe(true);
        expect(problems.render().length).toBeLessThan(10_000);
        expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(frozen);
      }),
      { numRuns: 500 },
    );
  });

  test("whole files of each kind", () => {
    fc.assert(
      fc.property(yamlish, (text) => {
        for (const read of [
          (problems: Problems) =>
            readBottleFile(source(`---\n${text}\n---\n`), problems, () => undefined).read,
          (problems: Problems) => readAgentFile(source(`---\n${text}\n---\n`), problems).read,
          (problems: Problems) => readSettingsFile(source(text), problems),
        ]) {
          const problems = new Problems();
          const value = read(problems);
          expect((value === undefined) === problems.count > 0).toBe(true);
          problems.render();
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Values under known and unknown keys: near to a manifest, far from right. */
const keys = [...new Set(keyRows("bottle").flatMap(({ key }) => key.split(/\[?\]?\./)))];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      80,
      443,
      -1,
      1.5,
      "",
      "?",
      "$\u007bA}",
      "*.example.com",
      "1h",
      "512M",
    ),
    fc.string({ maxLength: 12 }),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 6 })), tie("any"), {
      maxKeys: 5,
    }),
  ),
})).any;

test("random values under the format's own keys never crash the validator", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }), (document) => {
      const text = `---\n${JSON.stringify(document)}\n---\n`;
      const file = source(text);
      const problems = new Problems();
      const { read } = readBottleFile(file, problems, () => undefined);
      expect((read === undefined) === problems.count > 0).toBe(true);
      if (read !== undefined) compileBottle("dev", read);
      problems.render();
      expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(frozen);
    }),
    { numRuns: 500 },
  );
});

const at = fc.integer({ min: 1, max: 99 }).map((line) => `x.md:${line}`);
const located = <T>(inner: fc.Arbitrary<T>) => fc.option(fc.record({ value: inner, at }), { nil: undefined });
const name = fc.constantFrom("a", "b", "c", "d");
const host = fc.constantFrom("one.example.com", "two.example.com", "*.example.com");
const envEntry = fc.record({
  kind: fc.constant("literal" as const),
  value: fc.string(),
  at,
}) satisfies fc.Arbitrary<EnvEntry>;
const route: fc.Arbitrary<Route> = fc.record({
  host,
  at,
  git: fc.constant({}),
  ports: fc.option(fc.constant([443]), { nil: undefined }),
});

/** Bottles without git-gate and template: those two rules look at both sides at once. */
const bottle: fc.Arbitrary<Bottle> = fc.record({
  name,
  env: fc
    .uniqueArray(fc.tuple(name, envEntry), { selector: ([key]) => key, maxLength: 4 })
    .map((pairs) => new Map(pairs)),
  provider: fc.record({ authToken: located(name), dockerfile: located(name) }),
  log: located(fc.constantFrom<0 | 1 | 2>(0, 1, 2)),
  routes: fc
    .uniqueArray(route, { selector: (item) => item.host, maxLength: 3 })
    .map((list) => new Map(list.map((item) => [item.host, item]))),
  gitUser: fc.record({
    name: fc.option(name, { nil: undefined }),
    email: fc.option(name, { nil: undefined }),
  }),
  repos: fc.constant(new Map()),
  supervise: located(fc.boolean()),
  workspace: fc.record({ path: located(name), exclude: located(fc.array(name)) }),
  limits: fc.record({ pids: located(fc.nat()), time: located(fc.nat()) }),
  isolation: fc.record({ nested: located(fc.boolean()) }),
});

const merged = (...bottles: Bottle[]) => mergeBottles(bottles).bottle;

test("merging is associative, and an empty bottle changes nothing but the name", () => {
  fc.assert(
    fc.property(bottle, bottle, bottle, (a, b, c) => {
      expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)));
      expect(merged(a, b, c)).toEqual(merged(merged(a, b), c));
      expect(merged(a, { ...emptyBottle(a.name) })).toEqual(a);
      expect(merged(emptyBottle("x"), a)).toEqual(a);
    }),
  );
});

test("sizes and times: what is parsed is what was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom("k", "M", "G", "T"), (amount, unit) => {
      const power = { k: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }[unit];
      expect(parseSize(`${amount}${unit}`)).toBe(amount * (power ?? 0));
      expect(parseSize(`${amount}${unit}iB`)).toBe(amount * (power ?? 0));
    }),
  );
  expect([parseSize("1.5G"), parseSize("M"), parseSize("-1M"), parseSize("1e3M"), parseSize("")]).toEqual([
    1.5 * 1024 ** 3,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([
    parseDuration("1h30m"),
    parseDuration("90s"),
    parseDuration("2w"),
    parseDuration("30m1h"),
    parseDuration(""),
  ]).toEqual([5400, 90, 1_209_600, undefined, undefined]);
});

test("edit distance is zero for equal words only, and the same both ways", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
  expect(editDistance("hots", "host")).toBe(1);
});

import { describe, expect, test } from "vitest";
import { bottleFault, bottleOf, faultOf, matter, TestHome } from "./home.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");
const load = (content: string | Uint8Array) => {
  const home = new TestHome({});
  home.write("bottles/dev.md", content);
  return home.manifests.loadBottles(["dev"]);
};

describe("a file in an odd encoding is read, or refused with the reason", () => {
  test.each([
    ["a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes(matter("env: {A: x}"))])],
    ["CRLF", bytes(matter("env: {A: x}").replaceAll("\n", "\r\n"))],
    ["CR only", bytes(matter("env: {A: x}").replaceAll("\n", "\r"))],
    ["blanks after the fences", bytes("---  \nenv: {A: x}\n---\t\n")],
    ["no line break at the end", bytes("---\nenv: {A: x}\n---")],
  ])("%s is fine", async (_, content) => {
    expect((await load(content)).bottle.env.get("A")).toMatchObject({
      kind: "literal",
      value: "x",
      at: "dev.md:2",
    });
  });

  test.each([
    ["UTF-16", Buffer.from(`\ufeff${matter("env: {}")}`, "utf16le"), "is UTF-16, not UTF-8"],
    ["broken UTF-8", Buffer.from([0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe]), "not valid UTF-8"],
    ["NUL", bytes(matter("env: {A: x\0}")), "dev.md:2:11: a NUL character (U+0000)"],
    ["an escape sequence", bytes(matter("env: {A: \u001b]0;title\u0007}")), "control character (U+001B)"],
    ["a right-to-left override", bytes(matter("env: {A: \u202ex}")), "control character (U+202E)"],
    [
      "a stray carriage return",
      bytes(matter("# a comment\renv: {A: x}")),
      "carriage return in the middle of a line",
    ],
    ["an empty file", bytes(""), "begins with `---`"],
    ["text before the fence", bytes(`\n${matter("env: {}")}`), "begins with `---` on its first line"],
    ["no closing fence", bytes("---\nenv: {A: x}\n"), "never closed"],
  ])("%s is not", async (_, content, reason) => {
    expect(await faultOf(load(content))).toContain(reason);
  });
});

describe("YAML that is made to hurt is refused in bounded work", () => {
  const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join("\n")}`;
  test.each([
    ["__proto__", "__proto__: {isAdmin: true}", "`__proto__` can't be a key"],
    ["__proto__ in env", "env: {__proto__: x}", "`__proto__` can't be a key"],
    ["constructor", "constructor: {prototype: {}}", "unknown key `constructor`"],
    ["a merge key", "base: &b {A: x}\nenv: {<<: *b}", "`<<` (merge keys) is not YAML 1.2"],
    [
      "a duplicate key",
      "supervise: true\nenv: {}\nsupervise: false",
      "dev.md:4:1: `supervise` is written twice; the first is on line 2",
    ],
    ["a duplicate variable", "env: {A: x, A: y}", "`A` is written twice"],
    ["an alias bomb", bomb, "more than"],
    ["an alias of itself", "env: &e {A: *e}", "holds itself"],
    ["an alias without an anchor", "env: *nope", "nope"],
    ["deep lists", `env: ${"[".repeat(3000)}`, "nested"],
    [
      "deep maps",
      Array.from({ length: 100 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      "nested deeper than 32 levels",
    ],
    ["a custom tag", "env: !!js/function x", "tag"],
    ["a map as a key", "? {a: b}\n: c", "key"],
    ["a long key", `${"k".repeat(2000)}: x`, "1024 chars"],
    ["a long quoted key", `"${"k".repeat(1000)}": x`, "a key of more than 256 characters"],
    ["too much YAML", `env:\n${"  # filler filler filler\n".repeat(10_000)}`, "characters of YAML"],
    ["too many values", `extends: [${"a,".repeat(25_000)}]`, "more than 20000 values"],
    ["a tab for indentation", "env:\n\tA: x", "dev.md:3:1"],
    ["an unclosed quote", 'env: {A: "x}', "Missing closing"],
  ])("%s", async (_, yaml, reason) => {
    expect(await bottleFault(yaml)).toContain(reason);
    expect({}).not.toHaveProperty("isAdmin");
  });

  test("a key of a megabyte", async () => {
    const message = await bottleFault(`${"k".repeat(1_000_000)}: x`);
    expect(message).toContain("characters of YAML");
    expect(message.length).toBeLessThan(1000);
  });

  test("a file of more than a megabyte", async () => {
    expect(await bottleFault(`env: {A: "${"x".repeat(2_000_000)}"}`)).toContain("larger than 1024 KiB");
  });

  test("a %YAML 1.1 directive in settings", async () => {
    const home = new TestHome({ "settings.yml": "%YAML 1.1\n---\nbackend: linux\n" });
    expect(await faultOf(home.manifests.loadSettings())).toContain("%YAML");
  });

  test("what follows the second fence is text, not a second document", async () => {
    expect((await bottleOf("env: {}\n---\nsupervise: true")).bottle.supervise).toBeUndefined();
  });

  test("an alias in its place is followed", async () => {
    const { bottle } = await bottleOf("env: {A: &a hello, B: *a}");
    expect(bottle.env.get("B")).toMatchObject({ value: "hello" });
  });

  test("names that objects have anyway are ordinary variables", async () => {
    const { bottle } = await bottleOf("env: {constructor: a, toString: b, hasOwnProperty: c}");
    expect([...bottle.env.keys()]).toEqual(["constructor", "toString", "hasOwnProperty"]);
  });
});

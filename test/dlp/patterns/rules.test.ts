import { describe, expect, it } from "vitest";
import { BUILTIN_RULES } from "../../../src/dlp/patterns/builtin.ts";
import { Shape } from "../../../src/dlp/patterns/shape/matcher.ts";
import { EXAMPLES, fill, numbers } from "./examples.ts";
import { find, rules } from "./find.ts";

/** How a credential stands in what a program sends. */
const PLACES: readonly ((credential: string) => string)[] = [
  (credential) => credential,
  (credential) => `{"input": "first line\\n${credential}\\nlast", "n": 1}`,
  (credential) => `export KEY='${credential}'\n`,
  (credential) => `<a title="${credential}">x</a>`,
];

describe("rules", () => {
  it("are 120 and more, each with a source, an example and keywords that the scanner can search for", () => {
    const ids = new Set(BUILTIN_RULES.map(({ id }) => id));
    expect(ids.size).toBeGreaterThanOrEqual(120);
    expect([...ids].filter((id) => !EXAMPLES.some(([rule]) => rule === id))).toEqual([]);
    for (const { source, keywords, description } of BUILTIN_RULES) {
      expect(source.length).toBeGreaterThan(8);
      expect(description).not.toBe("");
      for (const keyword of keywords) expect(keyword).toMatch(/^[!-~ ]{3,}$/);
      for (const keyword of keywords) expect(keyword).toBe(keyword.toLowerCase());
    }
  });

  it("match in one manner only, from the keyword on, so in linear time", () => {
    for (const rule of BUILTIN_RULES)
      for (const keyword of rule.keywords)
        expect(() => new Shape(rule.regex, keyword, rule.secretGroup), rule.id).not.toThrow();
  });

  it("mean the same to JavaScript's engine", () => {
    for (const [at, [, template]] of EXAMPLES.entries()) {
      const text = fill(template, numbers(at)).replaceAll(/[{}]/g, "");
      for (const match of find(text)) {
        if (match === "more") throw new Error("undecided at the end of a text");
        const secret = text.slice(match.start, match.end);
        const regexes = BUILTIN_RULES.filter(({ id }) => id === match.rule).map(
          ({ regex }) =>
            new RegExp(
              regex.replaceAll(/\(\?i:([^)]*)\)/g, (_, word: string) => anyCase(word)),
              "s",
            ),
        );
        const taken = regexes.flatMap((regex) => regex.exec(text)?.slice(-1) ?? []);
        // a private key's find goes on to its last line
        expect(
          taken.some((other) => secret.startsWith(other) || other.startsWith(secret)),
          match.rule,
        ).toBe(true);
      }
    }
  });
});

function anyCase(word: string): string {
  return `(?:${word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)})`;
}

describe("true examples", () => {
  it.each(EXAMPLES)("%s is found, and no more than the secret is taken", (rule, template) => {
    for (const [seed, place] of PLACES.entries()) {
      const written = fill(template, numbers(seed + 1));
      const secret = /\{([\s\S]*)\}/.exec(written)?.[1] ?? written;
      const text = place(written.replaceAll(/[{}]/g, ""));
      const spans = find(text).flatMap((match) =>
        match !== "more" && match.rule === rule ? [text.slice(match.start, match.end)] : [],
      );
      expect(spans, text).toContain(secret);
    }
  });
});

describe("false examples", () => {
  it.each(EXAMPLES)("%s: not a stand-in, not one repeated character, not a part of it", (rule, template) => {
    const constant = (character: string) =>
      template
        .replaceAll("<u>", "<h36>")
        .replaceAll(/<[a-zA-Z](\d+)>/g, (_, count: string) => character.repeat(Number(count)));
    const half = template
      .replaceAll("<u>", "<h36>")
      .replaceAll(
        /<([a-zA-Z])(\d+)>/g,
        (_, name: string, count: string) => `<${name}${Math.floor(Number(count) / 8)}>`,
      );
    const standIn = template
      .replaceAll("<u>", "<h36>")
      .replaceAll(/<[a-zA-Z](\d+)>/g, (_, count: string) =>
        Number(count) < 16
          ? "x".repeat(Number(count))
          : "your-placeholder-goes-right-here-instead-of-the-real-thing".repeat(5).slice(0, Number(count)),
      );
    for (const written of [constant("x"), constant("0"), fill(half, numbers(7)), standIn])
      expect(rules(`a ${written.replaceAll(/[{}]/g, "")} z`), written).not.toContain(rule);
  });

  it("spares what documentation and our own placeholders show", () => {
    for (const text of [
      ["AKIAIOSFODNN7", "EXAMPLE"].join(""),
      ["wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKEY"].join(""),
      "sk-ant-api03-placeholder-the-real-key-is-held-by-the-bot-bottle-sidecar",
      "sk-ant-oat01-placeholder-the-real-token-is-held-by-the-bot-bottle-sidecar",
      `sk-proj-${"x".repeat(60)}`,
      "postgres://user:password@localhost:5432/db",
      ["postgres://user:$", "{PASSWORD}@localhost:5432/db"].join(""),
      "mysql://root:<your-password>@host/db",
      "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
      "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
      "cloudflare: see https://developers.cloudflare.com/fundamentals/",
    ])
      expect(rules(text), text).toEqual([]);
  });

  it("finds nothing in lists of UUIDs and hashes", () => {
    const next = numbers(3);
    const lines = ["<u>", "<h32>", "<h40>", "<h64>", "sha512-<b86>==", "<x22>", "<w43>"];
    const list = Array.from({ length: 14_000 }, (_, at) => fill(lines[at % lines.length] ?? "", next)).join(
      "\n",
    );
    expect(rules(list)).toEqual([]);
  });
});

describe("a credential can't be made to look like a placeholder", () => {
  it("by what is appended to it", () => {
    const token = fill("glpat-<x20>", numbers(5));
    for (const suffix of ["EXAMPLE", "a".repeat(200), "-placeholder"])
      expect(rules(`${token}${suffix}`)).toContain("gitlab-pat");
    expect(rules(`${fill("hvs.<x95>", numbers(5))}EXAMPLE`)).toContain("vault-service-token");
  });

  it("by text glued to it, where its checksum says what it is", () => {
    const known = ["ghp", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"].join("_");
    expect(rules(`xx${known}xx`)).toContain("github-pat");
    expect(rules(`xx${known.slice(0, -1)}8xx`)).toEqual([]);
  });
});

describe("a window of a stream", () => {
  it("is undecided exactly while a token may still be completed", () => {
    const token = fill("ghp_<x36>", numbers(9));
    for (let length = 4; length < token.length; length++)
      expect(find(token.slice(0, length), undefined, false)).toEqual(["more"]);
    expect(find(`${token} `, undefined, false)).toEqual([
      { rule: "github-pat", start: 0, end: 40, whole: true },
    ]);
    expect(find(`${token.slice(0, 20)} `, undefined, false)).toEqual([]);
  });

  it("says of a private key that is longer than it that it goes on", () => {
    const key = fill("-----BEGIN PRIVATE KEY-----\n<b6000>\n-----END PRIVATE KEY-----", numbers(2));
    expect(find(key.slice(0, 3000), undefined, false)).toEqual(["more"]);
    expect(find(key)).toMatchObject([{ rule: "private-key", whole: false }]);
  });
});

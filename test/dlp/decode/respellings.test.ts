import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";

const VALUE = ["x9Qv", "Lw27", "TzrB", "p4Ke"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const secrets = [{ name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" as const }];
const detectors = new Detectors(secrets, builtinPatterns());
const settings = { known: true, patterns: true, allow: new Set<string>() };

function scan(text: Buffer, cuts: readonly number[] = []): Finding[] {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  let from = 0;
  for (const cut of cuts) {
    scanner.write(text.subarray(from, cut));
    from = cut;
  }
  scanner.write(text.subarray(from), true);
  return findings;
}

type Spell = (text: string) => string;
const each =
  (spell: (character: string, i: number) => string, every = 1): Spell =>
  (text) =>
    [...text].map((character, i) => (i % every === every - 1 ? spell(character, i) : character)).join("");
const hex = (character: string, width: number) => character.charCodeAt(0).toString(16).padStart(width, "0");
const code = (character: string) => character.charCodeAt(0);
const wide: Spell = each((c) => String.fromCharCode(code(c) + 0xfee0));
const bold: Spell = each((c) =>
  /[A-Z]/.test(c)
    ? String.fromCodePoint(0x1d400 + code(c) - 65)
    : /[a-z]/.test(c)
      ? String.fromCodePoint(0x1d41a + code(c) - 97)
      : c,
);
const json: Spell = (text) => JSON.stringify(text).slice(1, -1);

/** Ways to write every third character, so that no plain piece is long enough for a find. */
const ESCAPED: Record<string, Spell> = {
  percent: each((c) => `%${hex(c, 2)}`, 3),
  "percent of old scripts": each((c) => `%u${hex(c, 4)}`, 3),
  "JSON escapes": each((c) => `\\u${hex(c, 4).toUpperCase()}`, 3),
  "JSON escapes in a string in a string": (text) => json(json(each((c) => `\\u${hex(c, 4)}`, 3)(text))),
  "escapes of C": each((c) => `\\x${hex(c, 2)}`, 3),
  "escapes in braces": each((c) => `\\u{${hex(c, 1)}}`, 3),
  "long escapes": each((c) => `\\U${hex(c, 8)}`, 3),
  octal: each((c) => `\\${code(c).toString(8).padStart(3, "0")}`, 3),
  "octal of echo": each((c) => `\\0${code(c).toString(8).padStart(3, "0")}`, 3),
  "HTML references": each((c) => `&#${code(c)};`, 3),
  "HTML references in hex": each((c) => `&#x${hex(c, 1)};`, 3),
  "HTML references without semicolons": (text) =>
    text.replaceAll(/(..)(.)(?![0-9])/g, (_, plain: string, c: string) => `${plain}&#${code(c)}`),
  "quoted-printable": each((c) => `=${hex(c, 2).toUpperCase()}`, 3),
  "lines of quoted-printable": each((c) => `${c}=\r\n`, 5),
  "lines of a shell": each((c) => `${c}\\\n`, 5),
  "all kinds": each(
    (c, i) => [`%${hex(c, 2)}`, `\\x${hex(c, 2)}`, `&#${code(c)};`, `\\u${hex(c, 4)}`][(i / 3) & 3] ?? c,
    3,
  ),
  "percent of percent": each((c) => `%25${hex(c, 2)}`, 3),
  "percent of HTML": each((c) => `%26%23${code(c)}%3B`, 3),
  "HTML of HTML": each((c) => `&amp;#${code(c)};`, 3),
  "HTML of percent in JSON": each((c) => `\\u0026#37;${hex(c, 2)}`, 3),
};
const FOLDED: Record<string, Spell> = {
  "full-width letters": wide,
  "one full-width letter": (text) => text.slice(0, 9) + wide(text.slice(9, 10)) + text.slice(10),
  "bold letters": bold,
  "Cyrillic and Greek letters": (text) =>
    text.replaceAll(
      /[aceopxyABEKMHOPCTX]/g,
      (c) => "асеорхуАВЕКМНОРСТХ"["aceopxyABEKMHOPCTX".indexOf(c)] ?? c,
    ),
  "zero-width spaces": each((c) => `${c}\u200b`, 3),
  "soft hyphens": each((c) => `${c}\u00ad`, 2),
  "joiners and selectors": each((c) => `${c}\u200d\ufe0f`, 3),
  "combining marks": each((c) => `${c}\u0301`, 3),
  "tag characters between": each((c) => `${c}\u{e0041}`, 3),
  "full-width letters in percent": (text) => encodeURIComponent(wide(text)),
  "full-width letters in JSON escapes": (text) => each((c) => `\\u${hex(c, 4)}`)(wide(text)),
  "bold letters in JSON escapes": (text) =>
    bold(text).replaceAll(/[\ud800-\udfff]/g, (c) => `\\u${hex(c, 4)}`),
};
const DEEP: ReadonlySet<string> = new Set(["HTML of percent in JSON"]);
const all = { ...ESCAPED, ...FOLDED };

function nameOf(finding: Finding): string {
  return `${finding.detector} ${finding.name}`;
}

describe.each(Object.entries(all))("%s", (_, spell) => {
  const body = Buffer.from(`{"a": "${spell(`see ${TOKEN} there`)}"}`);

  test("hide no vendor's token", () => {
    expect(scan(body).map(nameOf)).toContain("token_patterns github-pat");
  });

  test("hide no known secret", () => {
    expect(scan(Buffer.from(`a=${spell(VALUE)}&b=1`)).map(nameOf)).toContain("known_secrets KEY");
  });

  test("hide none however the text is cut, and what is found is the same", () => {
    const whole = scan(body);
    for (let cut = 1; cut < body.length; cut++) expect(scan(body, [cut])).toEqual(whole);
    expect(scan(body, [...body.keys()])).toEqual(whole);
  });
});

// three encodings are undone, and one of these is three by itself
test.each(Object.entries(all).filter(([name]) => !DEEP.has(name)))(
  "%s hide no token in base64",
  (_, spell) => {
    const encoded = Buffer.from(`{"a": "${spell(`see ${TOKEN} there`)}"}`).toString("base64");
    expect(scan(Buffer.from(encoded)).map((found) => found.name)).toContain("github-pat");
  },
);

test.each(Object.entries(ESCAPED))("what %s spell is replaced where it stands", (_, spell) => {
  const spelled = spell(TOKEN);
  const body = Buffer.from(`{"a": "see ${spelled} there"}`);
  const found = scan(body).filter(({ name }) => name === "github-pat");
  expect(found.length).toBeGreaterThan(0);
  for (const { start, end, replaceable } of found) {
    expect(replaceable).toBe(true);
    expect(body.toString("latin1", start, end)).toBe(spelled);
  }
});

test("what is only found after folding can't be replaced", () => {
  for (const spell of Object.values(FOLDED))
    expect(scan(Buffer.from(` ${spell(TOKEN)} `)).every(({ replaceable }) => !replaceable)).toBe(true);
});

test("finds a token in UTF-16 of either byte order, and in tag characters", () => {
  const text = ` see ${TOKEN} there`;
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  const tags = Buffer.from([...text].map((c) => String.fromCodePoint(0xe0000 + code(c))).join(""));
  for (const body of [little, big, tags]) {
    expect(scan(body).map(({ name }) => name)).toContain("github-pat");
    expect(scan(body, [...body.keys()])).toEqual(scan(body));
  }
});

test("a token that stands in the text as it is isn't found once more among escapes", () => {
  expect(scan(Buffer.from(`{"a\\u0041": "${TOKEN}", "%41": 1}`))).toHaveLength(1);
});

test("of a token that is being spelled no more goes than of a plain one", () => {
  const spelled = Buffer.from(`see ${ESCAPED["JSON escapes"]?.(TOKEN)}`);
  const scanner = detectors.scanner(settings, () => {});
  for (const byte of spelled) {
    scanner.write(Buffer.from([byte]));
    expect(scanner.safe).toBeLessThan(4 + "ghp_".length * 6);
  }
});

test("any text in any cuts is found the same, and let go at the end", () => {
  const piece = fc.oneof(
    fc.constantFrom(TOKEN, VALUE, " ", "%", "\\", "&", "=", "\\u00", "%4", "&#", "\r\n", "\u200b", "\0"),
    fc.constantFrom(...Object.values(all)).map((spell) => spell(TOKEN)),
    fc.constantFrom(...Object.values(all)).map((spell) => spell(VALUE)),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.nat(700).map((length) => "x.".repeat(length)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.nat(3000), { maxLength: 8 }),
      (pieces, cuts) => {
        const text = Buffer.from(pieces.join(""));
        const places = [...new Set(cuts)].filter((cut) => cut < text.length).sort((a, b) => a - b);
        expect(sorted(scan(text, places))).toEqual(sorted(scan(text)));
        const scanner = detectors.scanner(settings, () => {});
        scanner.write(text);
        scanner.boundary();
        expect(scanner.safe).toBe(text.length);
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});

function sorted(findings: readonly Finding[]): string[] {
  return findings.map((finding) => JSON.stringify(finding)).sort();
}

test("names, links, programs and other languages are nothing", () => {
  const text = [
    "https://example.com/a%20b/c%2Fd?q=%C3%A9&r=100%25",
    'const re = /\\d+\\x41[\\u0000-\\u007f]/; printf("%d%%\\n", x);',
    "<p>Tom &amp; Jerry &lt;3 &#8212; &copy; 2026</p>",
    "Привет, мир! Это обычный текст о секретах и токенах. Καλημέρα κόσμε.",
    "你好，世界！这是普通的文字。日本語のテキスト。👩‍👩‍👧‍👦 ❤️",
  ].join("\n");
  expect(scan(Buffer.from(text.repeat(20)))).toEqual([]);
});

/** What stands behind characters of a secret, and would leave letters or digits there. */
const SEPARATORS: Record<string, readonly string[]> = {
  "controls of JSON": ["\\u0001", "\\\\u0000", "\\u0000"],
  "NULs of C": ["\\x00"],
  "code points in braces": ["\\u{1}"],
  "NULs and spaces of URLs": ["%00", "%20"],
  "spaces of HTML": ["&nbsp;", "&thinsp;", "&#8202;"],
  "references to nothing": ["&#0;"],
  "tags of HTML": ["<br>", "</b>", "<br />", "<!---->"],
  "letters of another language": ["\\u4f60"],
  "spaces of quoted-printable": ["=20"],
  "all kinds of separators": ["\\u0001", "&nbsp;", "%00", "<br>", "\\n"],
};

describe.each(Object.entries(SEPARATORS))("%s", (_, separators) => {
  test.each([1, 2, 3, 5])(
    "behind every %i characters hide no known secret, which is replaced where it stands",
    (every) => {
      let count = 0;
      const spelled = VALUE.replaceAll(
        new RegExp(`.{${every}}(?!$)`, "g"),
        (piece) => piece + (separators[count++ % separators.length] ?? ""),
      );
      const body = Buffer.from(`{"a": "it is ${spelled}"}`);
      const found = scan(body);
      expect(found.map(nameOf)).toContain("known_secrets KEY");
      for (const { start, end, replaceable } of found) {
        expect(replaceable).toBe(true);
        expect(body.toString("latin1", start, end)).toBe(spelled);
      }
      for (let cut = 1; cut < body.length; cut++) expect(sorted(scan(body, [cut]))).toEqual(sorted(found));
      expect(sorted(scan(body, [...body.keys()]))).toEqual(sorted(found));
    },
  );
});

test("sixteen separators behind each character hide no known secret", () => {
  for (const separator of ["\\u0001", "&nbsp;", "<br>"])
    expect(scan(Buffer.from([...VALUE].join(separator.repeat(16)))).map(nameOf)).toContain(
      "known_secrets KEY",
    );
});

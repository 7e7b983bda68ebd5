import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ObjectError, ObjectReader } from "../../../src/sidecar/git-gate/scan/object-reader.ts";
import { pieces, ScannedRepo } from "./scanned-repo.ts";

/** What is told of some bytes that come so many at a time. */
function read(bytes: Buffer, chunk = bytes.length): readonly string[] {
  const told: string[] = [];
  let content: Buffer[] = [];
  const reader = new ObjectReader({
    begin: (oid, type, size) => {
      content = [];
      told.push(`${oid} ${type} ${size}`);
    },
    data: (part) => {
      content.push(Buffer.from(part));
    },
    end: () => {
      told.push(Buffer.concat(content).toString("latin1"));
    },
  });
  for (const piece of pieces(bytes, chunk)) reader.write(piece);
  reader.end();
  return told;
}

function printed(type: string, content: string, algorithm = "sha1"): string {
  const oid = createHash(algorithm).update(`${type} ${content.length}\0${content}`, "latin1").digest("hex");
  return `${oid} ${type} ${content.length}\n${content}\n`;
}

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("what git prints of objects", () => {
  for (const format of ["sha1", "sha256"] as const)
    test(`is read as git meant it, cut anywhere, in a repository of ${format}`, () => {
      const repo = new ScannedRepo(format);
      repo.commit(
        { a: "one\n", b: "", c: "\n\n\0\n", "d/e": `${"0".repeat(40)} blob 3\nabc\n` },
        { message: "x" },
      );
      const objects = repo.objects();
      repo.close();
      const whole = read(objects);
      const ids = objects.toString("latin1").match(/^[0-9a-f]{40,64} (?:blob|tree|commit) \d+$/gm) ?? [];
      // one of those stands in a file
      expect(whole.filter((_, at) => at % 2 === 0)).toEqual(ids.filter((line) => !line.startsWith("0000")));
      for (let chunk = 1; chunk < 100; chunk++) expect(read(objects, chunk)).toEqual(whole);
    });

  test("is refused where an object is not what its id says", () => {
    const good = printed("blob", "key");
    expect(read(bytes(good))).toHaveLength(2);
    for (const lie of [
      good.replace("key", "kez"),
      good.replace("blob", "tree"),
      printed("blob", "key", "sha256").slice(24),
    ])
      expect(() => read(bytes(lie))).toThrow(ObjectError);
    expect(read(bytes(printed("blob", "key", "sha256")))).toHaveLength(2);
  });

  const id = "1".repeat(40);
  const strange: readonly (readonly [why: string, text: string])[] = [
    ["that is missing", `${id} missing\n`],
    ["of a type that there isn't", `${id} bolb 0\n\n`],
    ["whose size is no number", `${id} blob 1x\n`],
    ["whose size has a zero before it", printed("blob", "key").replace(" 3", " 03")],
    ["whose size is negative", `${id} blob -1\n`],
    ["whose size can't be counted", `${id} blob 99999999999999999999\n`],
    ["with more bytes than it says", `${printed("blob", "key").trimEnd()}s\n`],
    ["that breaks off", printed("blob", "key").slice(0, -2)],
    ["without its last line feed", printed("blob", "key").slice(0, -1)],
    ["with a head that does not end", `${id} blob ${"1".repeat(200)}`],
    ["with half a head", `${id} blob`],
    ["with an id in capitals", printed("blob", "key").replace(/^[0-9a-f]+/, (oid) => oid.toUpperCase())],
    ["behind an empty line", `\n${printed("blob", "key")}`],
  ];
  for (const [why, text] of strange)
    test(`is refused of an object ${why}`, () => {
      for (let chunk = 1; chunk < 60; chunk += 7) expect(() => read(bytes(text), chunk)).toThrow(ObjectError);
    });
});

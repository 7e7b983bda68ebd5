import fc from "fast-check";
import { expect, test } from "vitest";
import { detectors, noise, scan } from "./spellings.ts";

const VALUES = ["!!@@##$$%%^^", "a-b_c.d!e?f*", "(╯°□°)╯︵ ┻━┻", "  <>  {}  ;;  "];

test.each(VALUES)("finds %s, which has hardly any letters and digits, as it stands and encoded", (value) => {
  const bytes = Buffer.from(value);
  const of = detectors(value);
  const spelled = [
    bytes,
    Buffer.from(bytes.toString("base64")),
    Buffer.from(bytes.toString("hex")),
    Buffer.from(encodeURIComponent(value)),
    Buffer.from(JSON.stringify({ value })),
  ];
  for (const text of spelled)
    expect(scan(of, Buffer.concat([Buffer.from("a="), text, Buffer.from(" b")])).length).toBeGreaterThan(0);
});

test("finds it the same in whatever chunks it comes, where it can be replaced", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VALUES),
      noise,
      noise,
      fc.array(fc.nat(400)),
      (value, before, behind, cuts) => {
        const text = Buffer.concat([before, Buffer.from(value), behind]);
        const found = scan(detectors(value), text, cuts).filter(({ encoding }) => encoding === "raw");
        const at = text.indexOf(value);
        expect(found[0]).toMatchObject({ start: at, end: at + Buffer.byteLength(value), replaceable: true });
      },
    ),
    { numRuns: 200, seed: 6 },
  );
});

test("holds back what begins it, and lets it go at a message's end", () => {
  const scanner = detectors("!!@@##$$%%^^").scanner(
    { known: true, patterns: false, allow: new Set() },
    () => {},
  );
  scanner.write(Buffer.from("a !!@@##"));
  expect(scanner.safe).toBe(2);
  scanner.boundary();
  expect(scanner.safe).toBe(8);
});

test("what is one character over and over, or too short, is not searched for", () => {
  for (const value of ["************", "!?!?!?!?!?!?", "!@#$%"])
    expect(scan(detectors(value), Buffer.from(` ${value} `))).toEqual([]);
});

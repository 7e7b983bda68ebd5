import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseAuthority, parseHostName } from "../../src/policy/host.ts";

const hostOf = (text: string): string | undefined => {
  const result = parseHostName(text);
  return result.ok ? result.host : undefined;
};

describe("parseHostName", () => {
  it.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com", "example.com"],
    ["example.com.", "example.com"],
    ["faß.de", "xn--fa-hia.de"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["ｅｘａｍｐｌｅ.com", "example.com"],
    ["example。com", "example.com"],
    ["ex\u00adample.com", "example.com"],
    ["\u212Aernel.org", "kernel.org"],
    ["localhost", "localhost"],
    ["1.2.3.4.example", "1.2.3.4.example"],
    ["127.0.0.1.nip.io", "127.0.0.1.nip.io"],
    ["0x7f.example", "0x7f.example"],
    ["r3---sn-x.example", "r3---sn-x.example"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ])("makes one canonical name of %j", (text, host) => {
    expect(hostOf(text)).toBe(host);
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F.1",
    "0x7f.0.0.0x1",
    "017700000001",
    "0177.0.0.01",
    "0x",
    "0177.0x0.1",
    "999.999.999.999",
    "1.2.3.4.5",
    "foo.123",
    "foo.0x4",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "0x7f%2e1",
    "[::1]",
    "[::1",
    "[fe80::1%25eth0]",
    "::1",
    "::",
    "fe80::1%eth0",
    "::ffff:127.0.0.1",
    "[::ffff:7f00:1]",
    "64:ff9b::7f00:1",
    "[v1.fe]",
  ])("knows the address in %j", (text) => {
    expect(parseHostName(text)).toMatchObject({ ok: false, ipLiteral: true });
  });

  it.each([
    "",
    ".",
    "..",
    ".example.com",
    "a..b",
    "example.com..",
    "user@example.com",
    "allowed.example@evil.example",
    "example.com:443",
    "exa%6dple.com",
    "example.com%00.evil",
    "exam ple.com",
    "example.com\t",
    "example.com\n",
    "exa\u0000mple.com",
    "example.com/",
    "example.com\\",
    "example.com#",
    "example.com?",
    "a_b.example",
    "-a.example",
    "a-.example",
    "*.example.com",
    "a\u2100b.example",
    `${"a".repeat(64)}.example`,
    "a.".repeat(128),
    "a".repeat(5000),
    "\ud800.example",
    "example\uff0fcom",
    "allowed.example\uff20evil.example",
  ])("refuses %j", (text) => {
    expect(parseHostName(text)).toMatchObject({ ok: false });
  });

  it("is idempotent, and what it accepts is what a URL parser dials", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.domain(),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      mangled(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseHostName(text);
        if (!result.ok) return;
        const { host } = result;
        expect(host).toMatch(
          /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
        );
        expect(parseHostName(host)).toEqual(result);
        expect(isIP(host)).toBe(0);
        expect(new URL(`https://${host}/`).hostname).toBe(host);
        expect(new URL(`https://${text}/`).hostname.replace(/\.$/, "")).toBe(host);
      }),
      { numRuns: 2000 },
    );
  });

  it("never takes an IPv4 address for a name, however its numbers are written", () => {
    const number = fc
      .tuple(fc.nat(0xffffffff), fc.constantFrom(8, 10, 16), fc.boolean())
      .map(([value, base, upper]) => {
        const digits = (base === 8 ? "0" : base === 16 ? "0x" : "") + value.toString(base);
        return upper ? digits.toUpperCase() : digits;
      });
    const spelling = fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(spelling, fc.constantFrom("", "."), (text, dot) => {
        expect(parseHostName(text + dot)).toMatchObject({ ok: false, ipLiteral: true });
      }),
    );
  });
});

/** A domain with one character put in or swapped. */
function mangled(): fc.Arbitrary<string> {
  const characters = fc.oneof(
    fc.constantFrom(...Array.from("%@:/\\#?[]_-.\u00ad\u3002\uff0e\uff05\u200d\u0000 ١１")),
    fc.string({ minLength: 1, maxLength: 1 }),
  );
  return fc.tuple(fc.domain(), fc.nat(), characters).map(([domain, at, c]) => {
    const index = at % (domain.length + 1);
    return domain.slice(0, index) + c + domain.slice(index);
  });
}

describe("parseAuthority", () => {
  it("takes the default port when none is written", () => {
    expect(parseAuthority("Example.com", 443)).toEqual({ ok: true, host: "example.com", port: 443 });
    expect(parseAuthority("example.com:8443", 443)).toEqual({ ok: true, host: "example.com", port: 8443 });
  });

  it("wants a port where no default is given, as a CONNECT target does", () => {
    expect(parseAuthority("example.com", undefined)).toMatchObject({ ok: false });
    expect(parseAuthority("example.com:443", undefined)).toMatchObject({ ok: true, port: 443 });
  });

  it.each([
    "example.com:",
    "example.com:0",
    "example.com:0443",
    "example.com:65536",
    "example.com:+1",
    "example.com:1e3",
    "example.com:4٣",
    "example.com:443:443",
    "example.com: 443",
    " example.com",
    "u@example.com:443",
    "bücher.example",
    "",
  ])("refuses %j", (text) => {
    expect(parseAuthority(text, 443)).toMatchObject({ ok: false });
  });

  it.each(["127.0.0.1:443", "[::1]:443", "[::1]", "::1", "[fe80::1%25lo]:80", "0x7f.1:80", "１２７.0.0.1"])(
    "knows the address in %j",
    (text) => {
      expect(parseAuthority(text, 443)).toMatchObject({ ok: false, ipLiteral: true });
    },
  );

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseAuthority(text, 443)).toHaveProperty("ok");
      }),
    );
  });
});

const wpt = new URL("../../../shared/data/wpt-url/", import.meta.url);
const haveWpt = existsSync(wpt);
if (!haveWpt)
  console.log("skipped: the URL test data of web-platform-tests is not in ../shared/data/wpt-url");

describe.skipIf(!haveWpt)(
  "web-platform-tests: the host the policy sees is the host that is dialled, or it is blocked",
  () => {
    const read = (file: string): unknown[] =>
      z.array(z.unknown()).parse(JSON.parse(readFileSync(new URL(file, wpt), "utf8")));
    const field = (entry: unknown, name: string): string | undefined => {
      const value: unknown =
        typeof entry === "object" && entry !== null ? Reflect.get(entry, name) : undefined;
      return typeof value === "string" ? value : undefined;
    };
    const dialled = (text: string): string | undefined =>
      URL.parse(`https://${text}/`)?.hostname.replace(/\.$/, "");

    it("holds for toascii.json", () => {
      let accepted = 0;
      for (const entry of read("toascii.json")) {
        const input = field(entry, "input");
        if (input === undefined) continue;
        const host = hostOf(input);
        if (host === undefined) continue;
        accepted += 1;
        expect(host).toBe(dialled(input));
        expect(host).toBe(field(entry, "output")?.replace(/\.$/, ""));
      }
      expect(accepted).toBeGreaterThan(10);
    });

    it("holds for the hosts of urltestdata.json", () => {
      let accepted = 0;
      for (const entry of read("urltestdata.json")) {
        const input = field(entry, "input");
        // what a naive reader of a URL takes for its host
        const raw = input === undefined ? undefined : /^[a-z]+:[\\/]*([^\\/?#]*)/is.exec(input)?.[1];
        for (const text of [raw, field(entry, "host"), field(entry, "hostname"), input]) {
          if (text === undefined) continue;
          const host = hostOf(text);
          if (host === undefined) continue;
          accepted += 1;
          expect(host).toBe(dialled(text));
          expect(isIP(host)).toBe(0);
        }
      }
      expect(accepted).toBeGreaterThan(100);
    });

    it("lets no URL through whose host differs from the one it names", () => {
      for (const entry of read("urltestdata.json")) {
        const input = field(entry, "input");
        const url = input === undefined ? null : URL.parse(input);
        if (url === null || !/^(https?|wss?):$/.test(url.protocol)) continue;
        const result = parseAuthority(url.host, 443);
        const dialled = url.hostname.replace(/\.$/, "");
        expect(result.ok ? result.host : dialled).toBe(dialled);
      }
    });
  },
);

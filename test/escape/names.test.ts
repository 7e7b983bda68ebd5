import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { API_BOTTLE, left, startInternet, TOKEN } from "./internet.ts";
import { brief, type Outcomes, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

/** The one address every name has in a bottle. */
const CONSTANT = "198.18.0.1";
const NO_DATA = ["AAAA", "TXT", "NULL", "SRV", "MX", "NS", "CNAME", "SVCB", "HTTPS"];
/** Types that carry free text or names: nothing an ordinary program asks for. */
const DATA_TYPES = ["TXT", "NULL", "SRV", "MX", "NS", "CNAME"];
const detail = (of: Outcomes, name: string) => {
  const one = outcome(of, name);
  return one.kind === "done" ? one.detail : brief(one);
};

describe("on a machine without a bottle", () => {
  it("the same questions reach their servers: the tests can fail", async () => {
    const internet = await startInternet();
    try {
      await probeOutside(internet, "names.ts");
      await internet.settle();
      expect(left(internet)).toEqual(
        expect.arrayContaining(["udp 8.8.8.8 53", "tcp 8.8.8.8 53", "udp 224.0.0.251 5353"]),
      );
      const asked = internet.of("dns").map(({ name }) => name);
      expect(asked).toContain("s3cr3t-outside-1.evil.example.net");
    } finally {
      await internet.close();
    }
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "names.ts",
    bottles: { dev: API_BOTTLE },
    env: { API_TOKEN_REAL: TOKEN },
  });

  describe.each(WAYS)("asked as %s", (way) => {
    it.each(["type-A", "over-tcp"])("answers an address question (%s) with the one constant", (name) => {
      expect(detail(attack.probed[way], name)).toBe(`rcode 0, 1 answers, ${CONSTANT}`);
    });

    it.each(["own-resolver", "unlisted-name"])("resolves every name to the one constant: %s", (name) => {
      expect(detail(attack.probed[way], name)).toBe(CONSTANT);
    });

    it.each(NO_DATA)("answers a question of type %s with nothing", (type) => {
      expect(detail(attack.probed[way], `type-${type}`)).toMatch(/^rcode 0, 0 answers/);
    });

    it.each([
      "outside-v6",
      "type-ANY",
      "type-AXFR",
      "txt-over-tcp",
      "chaos-class",
      "update",
      "notify",
      "two-questions",
      "pointer-loop",
      "garbage",
      "long-name",
      "long-label",
      "many-labels",
    ])("gives %s no answer that carries data", (name) => {
      expect(detail(attack.probed[way], name)).toMatch(
        new RegExp(
          `^(rcode \\d+, 0 answers|rcode 0, 1 answers, ${CONSTANT}|failed (TIMEOUT|CLOSED|ECONNRESET))`,
        ),
      );
    });

    it.each(["mdns", "llmnr", "other-port"])("has nobody who listens to %s", (name) => {
      expect(detail(attack.probed[way], name)).toMatch(
        /^failed (ECONNREFUSED|TIMEOUT|ENETUNREACH|EINVAL|EPERM)$/,
      );
    });

    it("refuses DNS over HTTPS", () => {
      expect(detail(attack.probed[way], "doh")).toBe("refused egress.host_not_allowed");
    });
  });

  it.each(DATA_TYPES)("writes a question of type %s down, with its name", (type) => {
    expect(attack.probed.records).toContainEqual(
      expect.objectContaining({
        kind: "dns",
        type,
        name: "s3cr3t-agent-1.evil.example.net",
        answer: "nodata",
      }),
    );
  });

  it("counts those that come too fast to be written down one by one", () => {
    const written = attack.probed.records.filter(({ kind }) => kind === "dns");
    expect(written.some(({ name }) => String(name).startsWith("s3cr3t-exec-"))).toBe(true);
    expect(written.some((record) => Number(record.left_out ?? 0) > 0)).toBe(true);
  });

  it("sent not one packet and not one question out", () => {
    expect(attack.internet.of("dns")).toEqual([]);
    expect(left(attack.internet)).toEqual([]);
  });
});

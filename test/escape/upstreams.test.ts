import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { left, startInternet } from "./internet.ts";
import { brief, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
egress:
  routes:
    - host: "*.example.com"
`;

const PRIVATE = ["loop", "private", "link-local", "cgnat", "metadata", "multicast", "self", "unspecified"];
const BAD_CERTIFICATE = ["expired", "self-signed", "other-name"];

describe("on a machine without a bottle", () => {
  it("the same names lead to private addresses and bad certificates: the tests can fail", async () => {
    const internet = await startInternet();
    try {
      const seen = await probeOutside(internet, "upstreams.ts");
      expect(brief(outcome(seen, "expired"))).toBe("http 200");
      await internet.settle();
      expect(left(internet)).toEqual(
        expect.arrayContaining(["tcp 10.0.0.1 443", "tcp 169.254.169.254 443", "tcp 100.64.0.1 443"]),
      );
    } finally {
      await internet.close();
    }
  });
});

describe.each(STARTERS)("a bottle started by %s whose allowed names lead astray", (starter) => {
  const attack = attacked({
    starter,
    script: "upstreams.ts",
    bottles: { dev: BOTTLE },
  });

  describe.each(WAYS)("attacked as %s", (way) => {
    const refused = (name: string, code: string) => {
      expect(brief(outcome(attack.probed[way], name))).toBe(`refused ${code}`);
      expect(attack.probed.records).toContainEqual(
        expect.objectContaining({ kind: "request", code, path: `/v1/${way}/${name}` }),
      );
    };

    it("reaches a good one", () => expect(brief(outcome(attack.probed[way], "good"))).toBe("http 200"));

    it.each(PRIVATE)("refuses the address of %s.example.com", (name) =>
      refused(name, "egress.upstream_address_refused"),
    );

    it.each(BAD_CERTIFICATE)("refuses the certificate of %s.example.com", (name) =>
      refused(name, "egress.upstream_tls_invalid"),
    );

    it("says that a name does not exist", () => refused("missing", "egress.upstream_unreachable"));

    it("hands a redirect to another host back, and follows it nowhere itself", () => {
      expect(outcome(attack.probed[way], "redirect")).toMatchObject({ kind: "http", status: 302 });
    });
  });

  it("never follows a name from a public address to a private one", () => {
    // `rebind` alternates: whichever answer a look-up got, the loopback one was never dialled
    for (const way of WAYS) {
      for (const name of ["rebind", "rebind-again"]) {
        expect(["http 200", "refused egress.upstream_address_refused"]).toContain(
          brief(outcome(attack.probed[way], name)),
        );
      }
    }
    expect(attack.internet.of("host")).toEqual([]);
  });

  it("sent no packet to a private, reserved or unlisted address", () => {
    const allowed = /^(udp 203\.0\.113\.53 53|tcp 203\.0\.113\.(10|21|22|23|24) 443)$/;
    expect(left(attack.internet).filter((packet) => !allowed.test(packet))).toEqual([]);
  });

  it("let no request reach an upstream whose certificate does not verify", () => {
    const reached = new Set(attack.internet.of("request").map(({ upstream }) => upstream));
    reached.delete("rebind");
    expect(reached).toEqual(new Set(["api"]));
  });
});

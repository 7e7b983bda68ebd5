import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { startInternet } from "./internet.ts";
import { brief, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
egress:
  routes:
    - host: api.example.com
      ports: [443, 8443]
`;

const TAKES = ["plain", "reuse-address", "reuse-port", "bind-device", "one-address", "foreign-address"];
const PORTS = [53, 80, 443, 9099, 8443];

describe("on a machine without a bottle", () => {
  it("the same ports are free to take: the tests can fail", async () => {
    const internet = await startInternet();
    try {
      const seen = await probeOutside(
        internet,
        "ports.ts",
        [],
        process.getuid?.() === 0 ? [] : ["unshare", "-Urn"],
      );
      expect(brief(outcome(seen, "plain-443"))).toBe("done");
      expect(brief(outcome(seen, "foreign-address-9099"))).toBe("done");
    } finally {
      await internet.close();
    }
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "ports.ts",
    bottles: { dev: BOTTLE },
  });

  describe.each(WAYS)("attacked as %s", (way) => {
    it("may listen on a port of its own", () =>
      expect(brief(outcome(attack.probed[way], "free"))).toBe("done"));

    it.each(PORTS.flatMap((port) => TAKES.map((take) => `${take}-${port}`)))("can't take %s", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toMatch(/^failed (EADDRINUSE|EACCES|EPERM)$/);
    });

    it.each(["udp-53", "udp-53-one-address", "v6-443", "v6-9099", "v6-loopback-443", "transparent-option"])(
      "can't take %s",
      (name) => {
        expect(brief(outcome(attack.probed[way], name))).toMatch(/^failed (EADDRINUSE|EACCES|EPERM)$/);
      },
    );

    it("still has its sidecar on those ports afterwards", () => {
      expect(brief(outcome(attack.probed[way], "afterwards"))).toBe("http 200");
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeInternet } from "../support/fake-internet.ts";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { API_ADDRESS, API_BOTTLE, left, NAME_SERVER_PACKET, startInternet, TOKEN } from "./internet.ts";
import { brief, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

/** Probe -> what the agent sees. Nobody listens on these: the kernel itself refuses. */
const REFUSED_BY_THE_KERNEL = [
  "port-22",
  "port-25",
  "port-853",
  "port-3128",
  "port-8443",
  "port-8443-v6",
  "host-loopback",
  "host-loopback-v6",
  "host-any",
  "host-address",
  "host-gateway",
  "host-abstract",
  "udp-443",
  "udp-443-v6",
  "udp-123",
];

/** Probe -> the code of the refusal, which is in the journal too. */
const REFUSED_BY_THE_SIDECAR = {
  "other-host": "egress.host_not_allowed",
  "other-host-v6": "egress.host_not_allowed",
  "other-host-plain": "egress.host_not_allowed",
  metadata: "egress.ip_literal",
};

const NO_PRIVILEGE = [
  "raw-socket",
  "raw-icmp",
  "raw-socket-v6",
  "packet-socket",
  "packet-dgram",
  "vsock",
  "add-address",
  "interface-down",
  "delete-route",
];

describe("on a machine without a bottle", () => {
  let internet: FakeInternet;
  beforeAll(async () => {
    internet = await startInternet();
  });
  afterAll(() => internet.close());

  it("the same attacks get out and are seen: the tests can fail", async () => {
    const seen = await probeOutside(internet, "network.ts");
    expect(brief(outcome(seen, "other-host"))).toBe("http 200");
    expect(brief(outcome(seen, "host-abstract"))).toBe("bytes a service of the host\n");
    expect(brief(outcome(seen, "host-loopback"))).toBe("bytes a service of the host\n");
    await internet.settle();
    expect(left(internet)).toEqual(
      expect.arrayContaining([
        "tcp 198.51.100.7 22",
        "tcp 169.254.169.254 80",
        "tcp 2001:db8:66::7 443",
        "udp 198.51.100.7 443",
        "udp 2001:db8:66::7 443",
      ]),
    );
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "network.ts",
    bottles: { dev: API_BOTTLE },
    env: { API_TOKEN_REAL: TOKEN },
  });

  describe.each(WAYS)("attacked as %s", (way) => {
    it("reaches the one host it may, by name and by any address", () => {
      for (const name of ["allowed", "allowed-by-address", "allowed-by-any-address"]) {
        expect([name, brief(outcome(attack.probed[way], name))]).toEqual([name, "http 200"]);
      }
    });

    it.each(REFUSED_BY_THE_KERNEL)("is refused %s at once: nobody listens", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toBe("failed ECONNREFUSED");
    });

    it.each(Object.entries(REFUSED_BY_THE_SIDECAR))(
      "is refused %s with %s, in the journal too",
      (name, code) => {
        expect(brief(outcome(attack.probed[way], name))).toBe(`refused ${code}`);
        const path = name === "metadata" ? `/v1/${way}/metadata` : `/v1/${way}/${name}`;
        expect(attack.probed.records).toContainEqual(
          expect.objectContaining({ kind: "request", verdict: "block", code, path }),
        );
      },
    );

    it.each(NO_PRIVILEGE)("has no privilege for %s", (name) => {
      expect(["failed EPERM", "failed EACCES", "failed EAFNOSUPPORT"]).toContain(
        brief(outcome(attack.probed[way], name)),
      );
    });

    it.each(["host-dbus", "host-docker"])("does not see the host's socket: %s", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toBe("failed ENOENT");
    });

    it.each(["tls-bytes-on-80", "plain-on-443", "not-http", "mdns"])("gets nothing out by %s", (name) => {
      expect(brief(outcome(attack.probed[way], name))).not.toMatch(/^(http 2|bytes|done)/);
    });
  });

  it("sent no packet but to the allowed upstream and the resolver of the host", () => {
    expect(left(attack.internet).filter((packet) => packet !== NAME_SERVER_PACKET)).toEqual([
      `tcp ${API_ADDRESS} 443`,
    ]);
  });

  it("asked the host's resolver for the allowed name only", () => {
    expect(new Set(attack.internet.of("dns").map(({ name }) => name))).toEqual(new Set(["api.example.com"]));
  });

  it("touched no service of the host", () => {
    expect(attack.internet.of("host")).toEqual([]);
  });
});

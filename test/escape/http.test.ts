import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { API_ADDRESS, API_BOTTLE, left, NAME_SERVER_PACKET, startInternet, TOKEN } from "./internet.ts";
import { brief, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

const ALLOWED = [
  "allowed",
  "allowed-upper-case",
  "allowed-port",
  "h2-allowed",
  "proxy-allowed",
  "proxy-reverse-allowed",
];

/** Probe -> the codes that say rightly what is wrong with it. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "other-host": ["egress.host_not_allowed"],
  doh: ["egress.host_not_allowed"],
  "sni-allowed-host-other": ["egress.host_mismatch"],
  "sni-other-host-allowed": ["egress.host_mismatch"],
  "no-sni": ["egress.host_mismatch"],
  "no-host": ["egress.protocol_error", "egress.host_mismatch"],
  "two-hosts": ["egress.host_mismatch", "egress.protocol_error"],
  "two-hosts-reversed": ["egress.host_mismatch", "egress.protocol_error"],
  "host-other-port": ["egress.host_mismatch", "egress.port_not_allowed"],
  userinfo: ["egress.host_mismatch", "egress.protocol_error"],
  "absolute-other": ["egress.host_mismatch", "egress.protocol_error", "egress.host_not_allowed"],
  "ip-plain": ["egress.ip_literal"],
  "ip-octal": ["egress.ip_literal"],
  "ip-hex": ["egress.ip_literal"],
  "ip-dword": ["egress.ip_literal"],
  "ip-hex-dword": ["egress.ip_literal"],
  "ip-mixed": ["egress.ip_literal"],
  "ip-trailing-dot": ["egress.ip_literal"],
  "ip-mapped": ["egress.ip_literal"],
  "ip-v6": ["egress.ip_literal"],
  "ip-v6-zone": ["egress.ip_literal", "egress.protocol_error"],
  "ip-as-sni": ["egress.host_mismatch"],
  "full-width": ["egress.ip_literal", "egress.protocol_error", "egress.host_not_allowed"],
  "h2-coalesced": ["egress.host_mismatch"],
  "h2-host-differs": ["egress.host_mismatch", "egress.protocol_error"],
  "h2-sni-other": ["egress.host_mismatch"],
  "proxy-connect-other": ["egress.host_not_allowed"],
  "proxy-connect-25": ["egress.port_not_allowed"],
  "proxy-connect-ip": ["egress.ip_literal", "egress.host_mismatch"],
  "proxy-connect-loopback": ["egress.ip_literal", "egress.port_not_allowed"],
  "proxy-connect-sni-other": ["egress.host_mismatch"],
  "proxy-connect-host-other": ["egress.host_mismatch"],
  "proxy-connect-nested": ["egress.method_refused", "egress.host_mismatch", "egress.protocol_error"],
  "proxy-absolute-other": ["egress.host_not_allowed"],
  "proxy-absolute-host-differs": ["egress.host_mismatch", "egress.host_not_allowed"],
  "proxy-absolute-loopback": ["egress.ip_literal"],
  "proxy-reverse-other": ["egress.host_not_allowed"],
  "proxy-reverse-userinfo": ["egress.protocol_error", "egress.host_not_allowed", "egress.path_ambiguous"],
  "smuggle-nul": ["dlp.crlf", "egress.protocol_error"],
  upgrade: ["egress.upgrade_refused"],
  trace: ["egress.method_refused"],
  "path-outside": ["egress.path_not_allowed"],
  "path-dots": ["egress.path_not_allowed"],
  "path-encoded-dots": ["egress.path_not_allowed", "egress.path_ambiguous"],
  "path-half-encoded-dots": ["egress.path_not_allowed", "egress.path_ambiguous"],
  "path-encoded-slash": ["egress.path_ambiguous"],
  "path-encoded-backslash": ["egress.path_ambiguous"],
  "path-backslash": ["egress.path_ambiguous", "egress.protocol_error"],
  "path-semicolon": ["egress.path_ambiguous"],
  "path-double-slash": ["egress.path_not_allowed", "egress.path_ambiguous"],
  "path-nul": ["egress.path_ambiguous", "dlp.crlf"],
  "path-prefix-word": ["egress.path_not_allowed"],
  "path-fragment": ["egress.path_ambiguous", "egress.path_not_allowed", "egress.protocol_error"],
};

const SMUGGLING = [
  "smuggle-cl-te",
  "smuggle-te-cl",
  "smuggle-te-te",
  "smuggle-xchunked",
  "smuggle-two-lengths",
  "smuggle-signed-length",
  "smuggle-bare-lf",
  "smuggle-obs-fold",
  "smuggle-space-colon",
  "smuggle-bare-cr",
];

describe("on a machine without a bottle", () => {
  it("the same requests are answered by the upstream: the tests can fail", async () => {
    const internet = await startInternet();
    try {
      const seen = await probeOutside(internet, "http.ts");
      for (const name of ["sni-allowed-host-other", "ip-octal", "h2-coalesced", "path-dots", "trace"]) {
        expect([name, brief(outcome(seen, name))]).toEqual([name, "http 200"]);
      }
    } finally {
      await internet.close();
    }
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "http.ts",
    bottles: { dev: API_BOTTLE },
    env: { API_TOKEN_REAL: TOKEN },
  });

  describe.each(WAYS)("attacked as %s", (way) => {
    it.each(ALLOWED)("lets %s through", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toBe("http 200");
    });

    it.each(Object.entries(REFUSED))("refuses %s with the code that says why", (name, codes) => {
      const [word, code = ""] = brief(outcome(attack.probed[way], name)).split(" ");
      expect([name, word]).toEqual([name, "refused"]);
      expect(codes).toContain(code);
      expect(attack.probed.records).toContainEqual(
        expect.objectContaining({ kind: "request", verdict: "block", code }),
      );
    });

    it.each(SMUGGLING)("answers %s with 400 and forwards nothing", (name) => {
      expect(outcome(attack.probed[way], name)).toMatchObject({ kind: "http", status: 400 });
    });

    it("closes a CONNECT tunnel that does not carry TLS, and writes it down", () => {
      expect(brief(outcome(attack.probed[way], "proxy-connect-not-tls"))).toMatch(
        /^failed (CLOSED|ECONNRESET)$/,
      );
      expect(attack.probed.records).toContainEqual(
        expect.objectContaining({ kind: "request", verdict: "block", code: "egress.tls_required" }),
      );
    });

    it("answers the first of two pipelined requests and refuses the second", () => {
      const one = outcome(attack.probed[way], "pipelined");
      expect(one).toMatchObject({ kind: "http", status: 200 });
      expect(one.kind === "http" ? one.raw : "").toContain("egress.host_mismatch");
    });
  });

  it("let only requests under the allowed prefix reach the upstream, all for the allowed host", () => {
    const requests = attack.internet.of("request");
    expect(requests.length).toBeGreaterThan(0);
    for (const { upstream, seen } of requests) {
      expect([
        upstream,
        seen.authority.toLowerCase().replace(/:443$/, ""),
        seen.url.startsWith("/v1/"),
      ]).toEqual(["api", "api.example.com", true]);
    }
    expect(
      requests.filter(({ seen }) => /smuggled|admin|\/s$/.test(seen.url)).map(({ seen }) => seen.url),
    ).toEqual(requests.filter(({ seen }) => /overlong|%c0%ae/i.test(seen.url)).map(({ seen }) => seen.url));
  });

  it("sent no packet but to the allowed upstream and the resolver of the host", () => {
    expect(left(attack.internet).filter((packet) => packet !== NAME_SERVER_PACKET)).toEqual([
      `tcp ${API_ADDRESS} 443`,
    ]);
    expect(attack.internet.of("host")).toEqual([]);
  });
});

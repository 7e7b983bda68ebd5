import { FakeInternet, NAME_SERVER } from "../support/fake-internet.ts";
import { TestCa } from "../support/pki.ts";

/** Signs every upstream that is what it should be. */
export const ca = new TestCa();

export const API_ADDRESS = "203.0.113.10";
export const EVIL_ADDRESS = "198.51.100.7";
export const TOKEN = "tok-real-0a1b2c3d4e5f60718293a4b5c6d7e8f9";

/** A bottle that may GET https://api.example.com/v1/…, with a credential it does not hold. */
export const API_BOTTLE = `
agent_provider: {template: command}
supervise: false
env: {API_TOKEN: placeholder}
egress:
  routes:
    - host: api.example.com
      auth: {scheme: Bearer, token_ref: API_TOKEN_REAL}
      matches:
        - paths: [{value: /v1/}]
          methods: [GET, POST]
`;

export function startInternet(): Promise<FakeInternet> {
  const good = { credentials: ca.leaf(["api.example.com", "good.example.com"]), address: API_ADDRESS };
  return FakeInternet.start({
    upstreams: {
      api: good,
      evil: { address: EVIL_ADDRESS, credentials: ca.leaf(["evil.example.net", "api.example.com"]) },
      expired: {
        address: "203.0.113.21",
        credentials: ca.leaf(["expired.example.com"], { notBeforeDays: -20, notAfterDays: -2 }),
      },
      selfSigned: { address: "203.0.113.22", credentials: TestCa.selfSigned(["self-signed.example.com"]) },
      otherName: { address: "203.0.113.23", credentials: ca.leaf(["another.example.com"]) },
      rebind: { address: "203.0.113.24", credentials: ca.leaf(["rebind.example.com"]) },
    },
    names: {
      "api.example.com": [API_ADDRESS],
      "good.example.com": [API_ADDRESS],
      "evil.example.net": [EVIL_ADDRESS],
      "dns.google": [EVIL_ADDRESS],
      "loop.example.com": ["127.0.0.1"],
      "private.example.com": ["10.0.0.1"],
      "link-local.example.com": ["169.254.1.1"],
      "metadata.example.com": ["169.254.169.254"],
      "cgnat.example.com": ["100.64.0.1"],
      "multicast.example.com": ["224.0.0.251"],
      "self.example.com": ["192.0.2.2"],
      "unspecified.example.com": ["0.0.0.0"],
      "rebind.example.com": ["203.0.113.24", "127.0.0.1"],
      "expired.example.com": ["203.0.113.21"],
      "self-signed.example.com": ["203.0.113.22"],
      "other-name.example.com": ["203.0.113.23"],
    },
  });
}

/** What left the machine, as `tcp ADDRESS PORT`. */
export function left(internet: FakeInternet): string[] {
  return [
    ...new Set(internet.of("packet").map(({ protocol, to, port }) => `${protocol} ${to} ${port}`)),
  ].sort();
}

/** The host's own resolver is asked by the sidecar for allowed names. */
export const NAME_SERVER_PACKET = `udp ${NAME_SERVER} 53`;

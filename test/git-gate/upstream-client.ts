import { onTestFinished } from "vitest";
import { Deadlines } from "../../src/sidecar/egress/deadlines.ts";
import { createDialler } from "../../src/sidecar/egress/dial.ts";
import { createTrust } from "../../src/sidecar/egress/tls/trust.ts";
import { createUpstream } from "../../src/sidecar/egress/upstream.ts";
import { HttpClient } from "../../src/sidecar/git-gate/upstream/http-client.ts";
import { TestCa } from "../support/pki.ts";

export const FORGE = "forge.example.com";
export const STORE = "store.example.net";
export const ca = new TestCa();
/** of the forge, and of a store beside it */
export const credentials = ca.leaf([FORGE, STORE]);

/** The gate's HTTP client over the egress plane's own connections. `resolve`: as in settings, private addresses included. */
export function httpClient(resolve: Readonly<Record<string, string>>): HttpClient {
  const deadlines = new Deadlines();
  const dialler = createDialler({
    upstream: { resolve, proxy: undefined, proxyResolves: false },
    ownAddresses: [],
    lookup: async () => ["10.0.0.1"],
  });
  const upstream = createUpstream(dialler, createTrust(ca.cert), deadlines);
  onTestFinished(() => {
    upstream.close();
    deadlines.stop();
  });
  return new HttpClient(upstream);
}

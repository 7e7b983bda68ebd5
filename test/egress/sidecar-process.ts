import { route, Sidecar } from "./harness.ts";

/** The egress plane in a process of its own, so that its memory can be measured: `node sidecar-process.ts ORIGIN_PORT ORIGIN_CA SECRETS ROUTE`. */
const [originPort, originCa, secrets, fields] = process.argv.slice(2);
const side = new Sidecar({
  origin: { port: Number(originPort) },
  caPem: originCa ?? null,
  routes: [
    route({
      auth: { header: "x-api-key", scheme: "raw", secret: "API_TOKEN" },
      ...JSON.parse(fields ?? "{}"),
    }),
  ],
  secrets: { API_TOKEN: "tok-7Hq2xV9bLmZ4eR8sWc1d" },
  bottleSecrets: JSON.parse(secrets ?? "{}"),
});
process.on("message", () => {
  const codes = side.events.splice(0).map(({ code }) => code ?? "");
  const resident = process.memoryUsage.rss();
  const peak = process.resourceUsage().maxRSS * 1024;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ resident, peak, held: heapUsed + external, codes });
});
process.on("disconnect", () => process.exit());
process.send?.({ port: await side.transparent(), ca: side.caPem });

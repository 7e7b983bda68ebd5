import { readFileSync } from "node:fs";
import { usageFault } from "../base/fault.ts";
import type { Settings } from "../manifest/settings.ts";
import type { UpstreamConfig } from "../sidecar/protocol.ts";
import { expandTilde } from "./expand-tilde.ts";

/** What settings.yml says of upstreams, its files read. Throws `Fault` (exit 2). */
export function upstreamConfig({ upstream, path }: Settings, env: NodeJS.ProcessEnv): UpstreamConfig {
  let ca: string | undefined;
  if (upstream.caFile !== undefined) {
    const file = expandTilde(upstream.caFile, env);
    try {
      ca = readFileSync(file, "utf8");
    } catch (error) {
      throw usageFault(
        `${path}: upstream.ca_file can't be read: ${error instanceof Error ? error.message : String(error)}`,
        "name a PEM file",
      );
    }
    if (!ca.includes("-----BEGIN CERTIFICATE-----")) {
      throw usageFault(`${path}: upstream.ca_file ${file} holds no PEM certificate`, "name a PEM file");
    }
  }
  return { resolve: upstream.resolve, ca, proxy: upstream.proxy, proxyResolves: upstream.proxyResolves };
}

import { setTimeout as sleep } from "node:timers/promises";
import { eventDelays } from "./events.ts";
import type { Figures } from "./figures.ts";
import type { Load } from "./load.ts";
import type { Options, Section } from "./options.ts";
import type { Target } from "./targets.ts";

/** Enough to keep a proxy busy, few enough that no queue is measured. */
const CONNECTIONS = 32;
const TLS_CONNECTIONS = 8;
/** 64 MiB each, before memory is looked at. */
const WARM_DOWNLOADS = 4;
/** How often memory is looked at during a long download. */
const SAMPLE_MS = 100;
/** Given to a collector after a long download, before memory "after" is read. */
const SETTLE_MS = 2000;

export interface Bench {
  readonly options: Options;
  readonly load: Load;
  readonly figures: Figures;
  readonly originPort: number;
}

type Measure = (bench: Bench, target: Target, round: number) => Promise<void>;

/** One turn of one target, by section. */
export const PROXY_SECTIONS: Partial<Record<Section, Measure>> = {
  async requests({ load, options, figures }, target, round) {
    // the first turn also warms caches and compilers
    if (round === 0) await load.requests(target, { connections: CONNECTIONS, seconds: 2, keepAlive: true });
    const how = { connections: CONNECTIONS, seconds: options.seconds, keepAlive: true };
    const { result, cpu } = await withCpu(target, () => load.requests(target, how));
    figures.add("perSecond", target.name, result.perSecond);
    if (cpu !== undefined) figures.add("cpuMicros", target.name, cpu / result.requests);
  },

  async latency({ load, options, figures }, target) {
    const result = await load.requests(target, { connections: 1, seconds: options.seconds, keepAlive: true });
    figures.add("p50Ms", target.name, result.p50Ms);
    figures.add("p99Ms", target.name, result.p99Ms);
  },

  async tls({ load, options, figures }, target) {
    const how = { connections: TLS_CONNECTIONS, seconds: options.seconds, keepAlive: false };
    const { result, cpu } = await withCpu(target, () => load.requests(target, how));
    figures.add("tlsPerSecond", target.name, result.perSecond);
    if (cpu !== undefined) figures.add("tlsCpuMicros", target.name, cpu / result.requests);
  },

  async download({ load, figures }, target) {
    figures.add("downloadMbs", target.name, await load.download(target));
  },

  async upload({ load, figures }, target) {
    figures.add("uploadMbs", target.name, await load.upload(target));
  },

  async sse({ originPort, figures }, target, round) {
    // the first stream also warms compilers
    if (round === 0) await eventDelays(target, originPort);
    for (const delay of await eventDelays(target, originPort)) figures.add("eventMs", target.name, delay);
  },

  async memory({ load, options, figures }, { server, ...target }, round) {
    if (round > 0 || server === undefined) return;
    // what the first bytes make grow once, for good, is not what is measured
    for (let time = 0; time < WARM_DOWNLOADS; time += 1) await load.download({ server, ...target });
    figures.add("residentBefore", target.name, server.residentMib());
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, server.residentMib());
    }, SAMPLE_MS);
    try {
      await load.stream({ server, ...target }, options.streamMib);
    } finally {
      clearInterval(sampler);
    }
    figures.add("residentPeak", target.name, peak);
    await sleep(SETTLE_MS);
    figures.add("residentAfter", target.name, server.residentMib());
  },
};

/** What `act` gave, and the processor time the proxy took meanwhile, microseconds; undefined without a proxy. */
async function withCpu<T>(
  target: Target,
  act: () => Promise<T>,
): Promise<{ result: T; cpu: number | undefined }> {
  const before = target.server?.cpuMicros();
  const result = await act();
  const after = target.server?.cpuMicros();
  return { result, cpu: before === undefined || after === undefined ? undefined : after - before };
}

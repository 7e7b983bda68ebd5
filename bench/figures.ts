import type { TargetName } from "./options.ts";

/** What is measured, with the words of the report. */
export const METRICS = {
  perSecond: { title: "1 KiB GET, requests/s", digits: 0 },
  cpuMicros: { title: "CPU per request, µs", digits: 0 },
  p50Ms: { title: "p50 at one client, ms", digits: 3 },
  p99Ms: { title: "p99 at one client, ms", digits: 3 },
  tlsPerSecond: { title: "new TLS connections/s", digits: 0 },
  tlsCpuMicros: { title: "CPU per new connection, µs", digits: 0 },
  downloadMbs: { title: "64 MiB download, MB/s", digits: 0 },
  uploadMbs: { title: "64 MiB upload, MB/s", digits: 0 },
  eventMs: { title: "server-sent event, sent to received, p50 ms", digits: 3 },
  residentBefore: { title: "memory before a long download, MiB", digits: 0 },
  residentPeak: { title: "its peak, MiB", digits: 0 },
  residentAfter: { title: "after it, MiB", digits: 0 },
} as const;
export type Metric = keyof typeof METRICS;

/** Metrics of bot-bottle's own, with nothing to compare at a peer. */
export const OWN_METRICS = {
  bareStartMs: { title: "bare bwrap and node, command to first output, ms", digits: 0 },
  bottleStartMs: { title: "the same in a bottle, ms", digits: 0 },
  restMib: { title: "sidecar at rest, MiB", digits: 0 },
} as const;
export type OwnMetric = keyof typeof OWN_METRICS;

/** Every value measured, by metric and target; the report takes medians. */
export class Figures {
  readonly #values = new Map<string, number[]>();

  add(metric: Metric, target: TargetName, value: number): void {
    this.#push(`${metric} ${target}`, value);
  }

  addOwn(metric: OwnMetric, value: number): void {
    this.#push(metric, value);
  }

  /** undefined when nothing was measured */
  median(metric: Metric, target: TargetName): number | undefined {
    return median(this.#values.get(`${metric} ${target}`));
  }

  ownMedian(metric: OwnMetric): number | undefined {
    return median(this.#values.get(metric));
  }

  toJSON(): Record<string, number[]> {
    return Object.fromEntries(this.#values);
  }

  #push(key: string, value: number): void {
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }
}

function median(values: readonly number[] | undefined): number | undefined {
  if (values === undefined) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

import type { RequestFacts } from "./facts.ts";
import { headBytes } from "./head-bytes.ts";
import { HOST_METER_COUNT, QUOTA_BUCKETS, QUOTA_STEPS } from "./limits.ts";
import type { Quota, RouteSpec } from "./route.ts";
import { type Refusal, refuse } from "./verdict.ts";

/** Quotas of a whole bottle (SPEC §11, `limits`). */
export interface BottleQuotas {
  readonly requests?: Quota;
  readonly bytesOut?: Quota;
  readonly hosts?: Quota;
}

type Kind = "requests" | "bytes_out" | "hosts";

/** What a whole-life quota has counted, as it is journalled and handed back on `resume`. */
export interface Spent {
  /** `bottle`, or `route` and its host */
  readonly scope: string;
  readonly quota: Kind;
  /** requests or bytes; of hosts: how many there were with this one */
  readonly count: number;
  /** of `hosts`: the one that is new */
  readonly host?: string;
}

/** What happened to a quota that the journal should know, in the fields of a lifecycle event. */
export type QuotaEvent =
  | ({ readonly event: "quota_spent" } & Spent)
  | {
      readonly event: "quota_warning";
      readonly scope: string;
      readonly quota: Kind;
      readonly per: Quota["per"];
      readonly count: number;
      readonly soft: number;
    };

const MINUTE_MS = 60_000;
const WINDOW_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, life: Number.POSITIVE_INFINITY } as const;

/**
 * The quotas of one bottle and its routes. Time comes in as an argument (ms, any clock that does not run backwards). Over
 * a hard limit nothing is counted and the request is refused; over a soft one `tell` hears of it once a window. Counts
 * over a whole life are told ahead of what is spent (`quota_spent`), so that a bottle that is resumed after a crash has
 * never more left than it had.
 */
export class Quotas {
  readonly #bottle: BottleQuotas;
  readonly #tell: (event: QuotaEvent) => void;
  readonly #meters = new Map<string, Meter>();
  readonly #spent: readonly Spent[];

  constructor(bottle: BottleQuotas, spent: readonly Spent[], tell: (event: QuotaEvent) => void) {
    this.#bottle = bottle;
    this.#spent = spent;
    this.#tell = tell;
  }

  /** Counts a request to `host` and the bytes of its head; the refusal when a hard limit is reached: then none is counted. */
  admit(route: RouteSpec, host: string, facts: RequestFacts, now: number): Refusal | undefined {
    const { requests, hosts, bytesOut } = this.#bottle;
    const limits = route.limits;
    if (!requests && !hosts && !bytesOut && !limits) return undefined;
    const bytes = headBytes(facts);
    const meters: { meter: Meter; amount: number; host?: string }[] = [];
    if (hosts) meters.push({ meter: this.#meter(BOTTLE, "hosts", hosts), amount: 0, host });
    if (requests) meters.push({ meter: this.#meter(BOTTLE, "requests", requests), amount: 1 });
    if (bytesOut) meters.push({ meter: this.#meter(BOTTLE, "bytes_out", bytesOut), amount: bytes });
    const scope = scopeOf(route);
    if (limits?.requests) meters.push({ meter: this.#meter(scope, "requests", limits.requests), amount: 1 });
    if (limits?.bytesOut)
      meters.push({ meter: this.#meter(scope, "bytes_out", limits.bytesOut), amount: bytes });
    for (const { meter, amount, host: name } of meters) {
      const wait = meter.wait(Math.max(amount, 1), name, now);
      if (wait !== undefined) return exceeded(meter, wait, route);
    }
    for (const { meter, amount, host: name } of meters) meter.add(amount, name, now);
    return undefined;
  }

  /**
   * Counts bytes that are about to go out behind a head (body, trailers, frames, as the agent sent them); the refusal when they would pass a hard limit: then
   * they are not counted and must not go.
   */
  send(route: RouteSpec, bytes: number, now: number): Refusal | undefined {
    const ofBottle = this.#bottle.bytesOut;
    const ofRoute = route.limits?.bytesOut;
    if (!ofBottle && !ofRoute) return undefined;
    const first = ofBottle && this.#meter(BOTTLE, "bytes_out", ofBottle);
    const second = ofRoute && this.#meter(scopeOf(route), "bytes_out", ofRoute);
    for (const meter of [first, second]) {
      const wait = meter?.wait(bytes, undefined, now);
      if (meter && wait !== undefined) return exceeded(meter, wait, route);
    }
    first?.add(bytes, undefined, now);
    second?.add(bytes, undefined, now);
    return undefined;
  }

  /** Tells the exact whole-life counts, at an orderly end. */
  close(): void {
    for (const meter of this.#meters.values()) meter.settle();
  }

  #meter(scope: string, kind: Kind, quota: Quota): Meter {
    const key = `${kind} ${quota.per} ${scope}`;
    let meter = this.#meters.get(key);
    if (!meter) {
      const spent = this.#spent.filter((one) => one.scope === scope && one.quota === kind);
      meter = new Meter(scope, kind, quota, quota.per === "life" ? spent : [], this.#tell);
      this.#meters.set(key, meter);
    }
    // a live policy may have changed the numbers
    meter.quota = quota;
    return meter;
  }
}

const BOTTLE = "bottle";

function scopeOf(route: RouteSpec): string {
  return `route ${route.host}`;
}

/** Counts one thing over one window: by buckets, never less than the whole window. */
class Meter {
  quota: Quota;
  readonly scope: string;
  readonly kind: Kind;
  readonly #window: number;
  readonly #tell: (event: QuotaEvent) => void;
  readonly #buckets = new Array<number>(QUOTA_BUCKETS + 1).fill(0);
  /** number of the bucket that is filled now */
  #bucket = 0;
  #total = 0;
  /** of `hosts`: when each was last asked for */
  readonly #hosts = new Map<string, number>();
  /** of a life: how much the journal knows as spent */
  #told = 0;
  #warnedUntil = Number.NEGATIVE_INFINITY;

  constructor(
    scope: string,
    kind: Kind,
    quota: Quota,
    spent: readonly Spent[],
    tell: (event: QuotaEvent) => void,
  ) {
    this.scope = scope;
    this.kind = kind;
    this.quota = quota;
    this.#window = WINDOW_MS[quota.per];
    this.#tell = tell;
    for (const { count, host } of spent) {
      this.#total = this.#told = Math.max(0, count);
      if (host !== undefined) this.#hosts.set(host, Number.POSITIVE_INFINITY);
    }
  }

  /** Undefined: `amount` more is within the hard limit; else the ms until it may be, Infinity: never. */
  wait(amount: number, host: string | undefined, now: number): number | undefined {
    const { hard } = this.quota;
    this.#turn(now);
    if (host !== undefined && this.#hosts.has(host)) return undefined;
    // of what may not even be counted there is always too much
    const full = host !== undefined && this.#hosts.size >= HOST_METER_COUNT;
    if (!full && (hard === undefined || this.#count() + amount <= hard)) return undefined;
    if (hard !== undefined && amount > hard) return Number.POSITIVE_INFINITY;
    return host === undefined ? this.#whenFree(amount, hard ?? 0, now) : this.#whenForgotten(now);
  }

  add(amount: number, host: string | undefined, now: number): void {
    this.#turn(now);
    if (host !== undefined) this.#addHost(host, now);
    else {
      this.#total += amount;
      this.#buckets[this.#bucket % this.#buckets.length] =
        (this.#buckets[this.#bucket % this.#buckets.length] ?? 0) + amount;
      this.#tellAhead();
    }
    const { soft, per } = this.quota;
    const count = this.#count();
    if (soft === undefined || count <= soft || now < this.#warnedUntil) return;
    this.#warnedUntil = now + this.#window;
    this.#tell({ event: "quota_warning", scope: this.scope, quota: this.kind, per, count, soft });
  }

  settle(): void {
    if (this.quota.per !== "life" || this.kind === "hosts" || this.#told === this.#total) return;
    this.#told = this.#total;
    this.#tell({ event: "quota_spent", scope: this.scope, quota: this.kind, count: this.#total });
  }

  #count(): number {
    return this.kind === "hosts" ? this.#hosts.size : this.#total;
  }

  #addHost(host: string, now: number): void {
    const known = this.#hosts.delete(host);
    // at the end, so that the oldest stands first
    this.#hosts.set(host, now);
    if (known || this.quota.per !== "life") return;
    this.#tell({
      event: "quota_spent",
      scope: this.scope,
      quota: "hosts",
      count: this.#hosts.size,
      host,
    });
  }

  /** Forgets what has left the window. */
  #turn(now: number): void {
    if (this.quota.per === "life") return;
    if (this.kind === "hosts") {
      for (const [host, seen] of this.#hosts) {
        if (seen > now - this.#window) return;
        this.#hosts.delete(host);
      }
      return;
    }
    const bucket = Math.floor(now / this.#bucketMs());
    const passed = bucket - this.#bucket;
    if (passed <= 0) return;
    const size = this.#buckets.length;
    for (let i = 1; i <= Math.min(passed, size); i++) {
      const at = (this.#bucket + i) % size;
      this.#total -= this.#buckets[at] ?? 0;
      this.#buckets[at] = 0;
    }
    this.#bucket = bucket;
  }

  #bucketMs(): number {
    return this.#window / QUOTA_BUCKETS;
  }

  #whenFree(amount: number, hard: number, now: number): number {
    if (this.quota.per === "life") return Number.POSITIVE_INFINITY;
    let left = this.#total;
    const size = this.#buckets.length;
    for (let i = 1; i <= size; i++) {
      // the oldest bucket stands after the one being filled
      left -= this.#buckets[(this.#bucket + i) % size] ?? 0;
      if (left + amount <= hard) return (this.#bucket + i) * this.#bucketMs() - now;
    }
    return this.#window;
  }

  #whenForgotten(now: number): number {
    const oldest = this.#hosts.values().next().value ?? now;
    return oldest + this.#window - now;
  }

  /** A life's count is journalled in steps, each before the first of it is spent. */
  #tellAhead(): void {
    if (this.quota.per !== "life" || this.#total <= this.#told) return;
    const { hard, soft } = this.quota;
    const ahead = this.#total + Math.floor((hard ?? soft ?? 0) / QUOTA_STEPS);
    this.#told = Math.max(this.#total, Math.min(ahead, hard ?? ahead));
    this.#tell({ event: "quota_spent", scope: this.scope, quota: this.kind, count: this.#told });
  }
}

const NOUNS: Readonly<Record<Kind, string>> = {
  requests: "requests",
  bytes_out: "bytes out",
  hosts: "different hosts",
};

function exceeded({ scope, kind, quota }: Meter, wait: number, route: RouteSpec): Refusal {
  const { per, hard = 0 } = quota;
  const whose = scope === BOTTLE ? "bottle" : `route ${route.host}`;
  const rule = `limits.${kind} of the ${whose}${scope === BOTTLE ? "" : ` (${route.source})`}`;
  const over = per === "life" ? "over its whole life" : `per ${per}`;
  const used = `The ${whose} may have ${hard} ${NOUNS[kind]} ${over}`;
  if (!Number.isFinite(wait)) {
    return refuse("egress.quota_exceeded", `${used}: this would be more.`, rule, {
      needed: `a higher \`hard\` in \`limits.${kind}\` of the ${whose}`,
    });
  }
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  return refuse("egress.quota_exceeded", `${used}: try again in ${seconds} s.`, rule, { retryable: true });
}

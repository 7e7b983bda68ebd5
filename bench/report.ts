import { cpus } from "node:os";
import { type Figures, METRICS, type Metric, OWN_METRICS, type OwnMetric } from "./figures.ts";
import type { TargetName } from "./options.ts";

const METRIC_NAMES = Object.keys(METRICS).filter((name): name is Metric => name in METRICS);
const OWN_NAMES = Object.keys(OWN_METRICS).filter((name): name is OwnMetric => name in OWN_METRICS);

/** A table for the README: a line a metric, a column a target, then the goals and whether each is met. */
export function report(figures: Figures, targets: readonly TargetName[], streamMib: number): string {
  const lines: string[] = [];
  const compared = METRIC_NAMES.filter((metric) =>
    targets.some((t) => figures.median(metric, t) !== undefined),
  );
  if (compared.length > 0)
    lines.push(`| | ${targets.join(" | ")} |`, `|---|${"---:|".repeat(targets.length)}`);
  for (const metric of compared) {
    const { title, digits } = METRICS[metric];
    lines.push(`| ${title} | ${targets.map((t) => shown(figures.median(metric, t), digits)).join(" | ")} |`);
  }
  const own = OWN_NAMES.filter((metric) => figures.ownMedian(metric) !== undefined);
  if (own.length > 0) {
    lines.push("", "| | bot-bottle |", "|---|---:|");
    for (const metric of own) {
      lines.push(
        `| ${OWN_METRICS[metric].title} | ${shown(figures.ownMedian(metric), OWN_METRICS[metric].digits)} |`,
      );
    }
  }
  lines.push("", "| goal | measured | |", "|---|---:|---|");
  for (const { goal, measured, met } of goals(figures)) {
    lines.push(`| ${goal} | ${measured} | ${met ? "met" : "**missed**"} |`);
  }
  const model = cpus()[0]?.model ?? "unknown processor";
  lines.push(
    "",
    `Medians of interleaved rounds; each proxy alone on one core of ${cpus().length} (${model}), load and origin on another; ` +
      `Node ${process.versions.node}; long download ${streamMib} MiB. Run again with \`npm run bench\`.`,
  );
  return lines.join("\n");
}

interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Only what was measured. */
function goals(figures: Figures): Goal[] {
  const of = (metric: Metric, target: TargetName): number => figures.median(metric, target) ?? Number.NaN;
  const own = (metric: OwnMetric): number => figures.ownMedian(metric) ?? Number.NaN;
  const overMitmdump = of("cpuMicros", "mitmdump") / of("cpuMicros", "bot-bottle");
  const overSquid = of("cpuMicros", "squid") / of("cpuMicros", "bot-bottle");
  const added = of("p50Ms", "bot-bottle") - of("p50Ms", "direct");
  const download = of("downloadMbs", "bot-bottle") / of("downloadMbs", "direct");
  const growth = Math.max(
    of("residentPeak", "bot-bottle") - of("residentBefore", "bot-bottle"),
    of("residentAfter", "bot-bottle") - of("residentBefore", "bot-bottle"),
  );
  const dlpCpu = of("cpuMicros", "bot-bottle") / of("cpuMicros", "bot-bottle, DLP off");
  const dlpUpload = of("uploadMbs", "bot-bottle") / of("uploadMbs", "bot-bottle, DLP off");
  const event = of("eventMs", "bot-bottle") - of("eventMs", "direct");
  const start = own("bottleStartMs") - own("bareStartMs");
  const rest = own("restMib");
  const all: [number, Goal][] = [
    [
      overMitmdump,
      goal("requests per CPU second, times mitmdump's: 10 or more", overMitmdump, 1, "x", overMitmdump >= 10),
    ],
    [overSquid, goal("requests per CPU second, times squid's: 1 or more", overSquid, 2, "x", overSquid >= 1)],
    [added, goal("added p50 at one client: under 0.3 ms", added, 3, " ms", added < 0.3)],
    [download, goal("download, of direct: half or more", download, 2, "x", download >= 0.5)],
    [growth, goal("memory growth in a long download: 16 MiB or less", growth, 1, " MiB", growth <= 16)],
    [dlpCpu, goal("CPU per request, of that without DLP: 1.25 or less", dlpCpu, 2, "x", dlpCpu <= 1.25)],
    [dlpUpload, goal("upload, of that without DLP: 0.6 or more", dlpUpload, 2, "x", dlpUpload >= 0.6)],
    [event, goal("added to a server-sent event, p50: under 1 ms", event, 3, " ms", event < 1)],
    [start, goal("bottle start above bare bwrap: under 300 ms", start, 0, " ms", start < 300)],
    [rest, goal("sidecar at rest: under 70 MiB", rest, 1, " MiB", rest < 70)],
  ];
  return all.filter(([value]) => !Number.isNaN(value)).map(([, one]) => one);
}

function goal(text: string, value: number, digits: number, unit: string, met: boolean): Goal {
  return { goal: text, measured: `${value.toFixed(digits)}${unit}`, met };
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? "–" : value.toFixed(digits);
}

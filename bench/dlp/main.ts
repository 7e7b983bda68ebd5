/** MB/s of the detectors on one core, beside other ways to search. `--mib N`: size of each text (64), `--rounds N` (5). */
import { parseArgs } from "node:util";
import { DEFAULTS, KNOWN_ALONE, speedOf, timeOfScan } from "./bottle.ts";
import { corpora } from "./corpora.ts";
import { STORMS } from "./hostile.ts";
import { rivals } from "./rivals.ts";

const { values } = parseArgs({
  options: { mib: { type: "string", default: "64" }, rounds: { type: "string", default: "5" } },
});
const size = Number(values.mib) * 1024 ** 2;
const rounds = Number(values.rounds);
const others = rivals();

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

row(["MB/s", "all defaults", "known secrets alone", ...others.map(({ name }) => name)]);
row(["---", "---", "---", ...others.map(() => "---")]);
// gitleaks passes over what it takes for no text: no slower than its start
const said = (speed: number) => (speed > 0 && speed < 500 ? speed.toPrecision(2) : "-");
const ours = (body: Buffer) => [
  speedOf(body, rounds, (text) => timeOfScan(text, DEFAULTS)).toFixed(0),
  speedOf(body, rounds, (text) => timeOfScan(text, KNOWN_ALONE)).toFixed(0),
];
for (const [name, body] of corpora(size)) {
  const theirs = others.map(({ bytes, run }) => said(speedOf(body.subarray(0, bytes), 1, run)));
  row([name, ...ours(body), ...theirs]);
}
// texts made to be slow, of the kinds that bench/dlp/slowest.ts finds
for (const [name, unit] of STORMS) {
  const body = Buffer.alloc(size / 64, Buffer.from(unit, "latin1"));
  row([name, ...ours(body), ...others.map(() => "")]);
}

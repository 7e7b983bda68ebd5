import { printable } from "../../base/printable.ts";
import type { OperatorIo } from "../../launch/request.ts";
import { paint } from "../paint.ts";
import type { Finding } from "./judge.ts";
import { ALLOWED_HOST } from "./operator.ts";
import type { Row } from "./rows.ts";

/** Column widths: with the three gaps they make 80; the longest code has 25 characters. */
const WIDTHS = [26, 9, 25, 17] as const;

export function printIntroduction(io: OperatorIo): void {
  const { bold } = paint(io.stdout, io.env);
  io.stdout.write(`
${bold("A hostile agent in a real bottle")}

It may GET https://${ALLOWED_HOST}/v1/ and nothing else. The real token stays
outside: the agent holds a placeholder, the sidecar puts the token on. A deploy
key it does hold, and may not give away.

`);
}

/** The table and its sum; false when anything got out or could not be proved. */
export function printFindings(
  io: OperatorIo,
  rows: readonly Row[],
  journal: { readonly records: number; readonly verified: boolean },
): boolean {
  const { bold, dim, green, red, yellow } = paint(io.stdout, io.env);
  const colours = {
    allowed: green,
    blocked: green,
    escaped: red,
    unproven: red,
    "not tried": yellow,
  } as const;
  const line = (cells: readonly string[], colour: (text: string) => string) => {
    const [first = "", second = "", ...rest] = cells.map((cell, column) =>
      printable(cell)
        .slice(0, WIDTHS[column])
        .padEnd(WIDTHS[column] ?? 0),
    );
    return `${first} ${colour(second)} ${rest.join(" ").trimEnd()}\n`;
  };
  io.stdout.write(bold(line(["attempt", "verdict", "code", "what stopped it"], (text) => text)));
  for (const { title, finding } of rows) {
    const word = finding.verdict === "escaped" ? "ESCAPED" : finding.verdict;
    io.stdout.write(line([title, word, finding.code, finding.stoppedBy], colours[finding.verdict]));
  }
  const count = (verdict: Finding["verdict"]) => rows.filter((row) => row.finding.verdict === verdict).length;
  const bad = count("escaped") + count("unproven");
  const safe = bad === 0 && count("allowed") === 1 && journal.verified;
  const tried = rows.length - 1 - count("not tried");
  const sum = `${tried} ways out tried, ${count("escaped")} got out`;
  const doubt = count("unproven") > 0 ? `, ${count("unproven")} not proved` : "";
  const left = count("not tried") > 0 ? `, ${count("not tried")} not tried` : "";
  io.stdout.write(`\n${safe ? green(sum) : red(`${sum}${doubt}`)}${left}.\n`);
  const chain = journal.verified ? "its chain verifies" : red("its chain does NOT verify");
  io.stdout.write(dim(`The journal of this run had ${journal.records} records; ${chain}.\n`));
  return safe;
}

export function printNextSteps(io: OperatorIo): void {
  const { bold } = paint(io.stdout, io.env);
  io.stdout.write(`
${bold("Next, a real agent:")}
  npm install --global @anthropic-ai/claude-code
  mkdir -p ~/.bot-bottle && chmod 700 ~/.bot-bottle
  cp -r examples/bottles examples/agents ~/.bot-bottle/
  export CLAUDE_CODE_OAUTH_TOKEN=...      # from: claude setup-token
  bin/bot-bottle start reviewer --workspace FOLDER
`);
}

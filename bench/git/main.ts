/**
 * What the git gate costs: pushes and fetches through it beside the same to the same sshd, taking turns, medians. The
 * gate is the shipped program's, the git in front of it a bottle's. `--help` says what can be chosen.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ordinaryUser } from "../../test/support/ordinary-user.ts";
import { startSshUpstream } from "../../test/support/ssh-upstream.ts";
import { measureFetch } from "./fetch.ts";
import { measureLarge } from "./large.ts";
import { Operator } from "./operator.ts";
import { measurePush } from "./push.ts";
import { measureScan } from "./scan.ts";
import { type Bench, GITLEAKS, Table } from "./table.ts";

const SECTIONS = { push: measurePush, fetch: measureFetch, large: measureLarge, scan: measureScan } as const;
const USAGE = `usage: npm run bench:git -- [--rounds N] [--files N] [--only NAME]

  --rounds N    pushes and fetches of each kind (15)
  --files N     files of 10 KiB in the large push (100,000: one gigabyte)
  --only NAME   only this section, repeatable: ${Object.keys(SECTIONS).join(", ")}`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    files: { type: "string", default: "100000" },
    only: { type: "string", multiple: true, default: Object.keys(SECTIONS) },
    help: { type: "boolean", default: false },
  },
});
const [rounds, files] = [Number(values.rounds), Number(values.files)];
if (values.help || !(rounds > 0) || !(files > 0) || values.only.some((name) => !(name in SECTIONS))) {
  console.error(USAGE);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "bot-bottle-bench-git-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
// started by root, the bottle is its workspace's owner's
chmodSync(folder, 0o755);
const workspace = join(folder, "workspace");
mkdirSync(workspace);
if (process.getuid?.() === 0) chownSync(workspace, ordinaryUser().uid, ordinaryUser().gid);

const upstream = await startSshUpstream();
try {
  const repos = existsSync(GITLEAKS.folder)
    ? (["small", "leaks", "large"] as const)
    : (["small", "large"] as const);
  for (const name of repos) await upstream.createRepo(name);
  const table = new Table();
  const operator = new Operator(folder, upstream, repos);
  const bench: Bench = { folder, workspace, upstream, operator, repos, rounds, files, table };
  for (const [name, measure] of Object.entries(SECTIONS)) {
    if (!values.only.includes(name)) continue;
    console.error(`${name} …`);
    await measure(bench);
  }
  console.log(table.text());
} finally {
  await upstream.close();
}

import { directShell, type RepoName } from "./operator.ts";
import type { Bench } from "./table.ts";

/** Pushes of one small commit each, both ways in turn. */
export async function measurePush(bench: Bench): Promise<void> {
  await pushes(bench, "small", "push of one commit", bench.rounds, "150 ms more");
  if (bench.repos.includes("leaks"))
    await pushes(
      bench,
      "leaks",
      "the same, read by gitleaks in WebAssembly",
      Math.ceil(bench.rounds / 3),
      "",
    );
}

async function pushes(
  bench: Bench,
  repo: RepoName,
  what: string,
  rounds: number,
  goal: string,
): Promise<void> {
  const { folder, workspace, upstream, operator, table } = bench;
  const direct = directShell(folder, upstream);
  const gate = operator.bottle(workspace);
  try {
    await direct.time(
      `cd "$HOME" && rm -rf ${repo} && git clone -q ${upstream.url(repo)} ${repo} && cd ${repo}`,
    );
    await gate.time(`cd "$HOME" && git clone -q ${operator.url(repo)} ${repo} && cd ${repo}`);
    const [one, other]: [number[], number[]] = [[], []];
    // the first push of each makes its branch, and what it reads is in no cache
    for (let round = 0; round <= rounds; round += 1) {
      for (const [shell, branch, took] of [
        [direct, "direct", one],
        [gate, "gate", other],
      ] as const) {
        await shell.time(`echo "${branch} ${round}" >file && git add file && git commit -qm ${round}`);
        const time = await shell.time(`git push -q origin HEAD:refs/heads/${branch}`);
        if (round > 0) took.push(time);
      }
    }
    table.compare(what, one, other, goal);
  } finally {
    await gate.close();
    await direct.close();
  }
}

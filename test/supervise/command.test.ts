import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveControl } from "../../src/launch/control.ts";
import { homePaths } from "../../src/launch/paths.ts";
import { ownProcessId } from "../../src/launch/process-id.ts";
import { PROPOSALS_OPEN } from "../../src/sidecar/supervise/limits.ts";
import { answerOperator, type OperatorAnswer } from "../../src/sidecar/supervise/operator-request.ts";
import type { ProposalStore } from "../../src/sidecar/supervise/proposals.ts";
import { Operator, type Ran } from "../cli/fixture.ts";
import { ask, filed, fullAsk, storeWithClock } from "./asks.ts";

let operator: Operator;
let closing: (() => void)[];
beforeEach(() => {
  operator = new Operator();
  closing = [];
});
afterEach(() => {
  for (const close of closing) close();
  operator[Symbol.dispose]();
});

/** A bottle whose launcher is this process, with a control socket. */
async function bottle(
  id: string,
  answer: (store: ProposalStore) => OperatorAnswer | undefined = () => undefined,
): Promise<ProposalStore> {
  const launcher = ownProcessId();
  operator.file(`home/state/${id}/metadata.json`, JSON.stringify({ id, phase: "running", launcher }));
  const { run } = homePaths(operator.home);
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const { store } = storeWithClock();
  const { close } = await serveControl(join(run, `${id}.sock`), {
    stop: () => {},
    record: async () => false,
    supervise: async (request) => answer(store) ?? answerOperator(store, request),
  });
  closing.push(close);
  return store;
}

function supervise(...args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = operator.start(["supervise", ...args]);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

describe("supervise --once", () => {
  it("shows what waits in all running bottles, with the lines that decide it", async () => {
    const one = await bottle("fixer-aaaaa");
    const two = await bottle("fixer-bbbbb");
    const first = filed(one.file("push", ask(1, { options: ["ci.skip"] })));
    const second = filed(two.file("gitleaks-allow", ask(2)));
    const { code, stdout, stderr } = await supervise("--once");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      [
        `${first.id}  1970-01-01 00:16 UTC  fixer-aaaaa`,
        "  a push to",
        "    | widgets at ssh://git@forge.example.com/team/widgets.git",
        "  that changes",
        `    | ${"a".repeat(12)}..${"0".repeat(39)}1  refs/heads/main`,
        `    | new at ${"b".repeat(40)}  refs/heads/two`,
        "  with the push options",
        "    | ci.skip",
        "  waits for you because of",
        "    | git.held  .github/workflows/ci.yml",
        `  bot-bottle supervise approve ${first.id}`,
        `  bot-bottle supervise reject ${first.id} --reason TEXT`,
        "",
      ].join("\n"),
    );
    expect(stdout).toContain(
      `${second.id}  1970-01-01 00:16 UTC  fixer-bbbbb\n  findings marked gitleaks:allow`,
    );
  });

  it("gives the same as JSON, with all of the agent's texts escaped", async () => {
    const store = await bottle("fixer-aaaaa");
    const { id, digest } = filed(store.file("push", fullAsk(1)));
    const { stdout } = await supervise("--once", "--json");
    expect(stdout).not.toMatch(/[^\n -~]/);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        bottle: "fixer-aaaaa",
        id,
        digest,
        state: "pending",
        createdAt: "1970-01-01T00:16:40.000Z",
        push: store.find(id)?.push,
      }),
    ]);
  });

  it("says so when nothing waits", async () => {
    await bottle("fixer-aaaaa");
    expect(await supervise("--once")).toEqual({ code: 0, stdout: "", stderr: "nothing waits for you\n" });
    expect(await supervise("--once", "--json")).toMatchObject({ code: 0, stdout: "[]\n" });
  });

  it("names a bottle that could not be asked, and shows the others", async () => {
    const store = await bottle("fixer-aaaaa");
    const { id } = filed(store.file("push", ask()));
    await bottle("fixer-bbbbb", () => ({ ok: false, why: "its sidecar\u001b[2J does not answer" }));
    const { code, stdout, stderr } = await supervise("--once");
    expect(stdout).toContain(id);
    expect(stderr).toBe("fixer-bbbbb could not be asked: its sidecar\\u{1b}[2J does not answer\n");
    expect(code).toBe(125);
  });

  it("asks no bottle that has ended", async () => {
    const launcher = { ...ownProcessId(), started: "1" };
    operator.file(
      "home/state/old-aaaaa/metadata.json",
      JSON.stringify({ id: "old-aaaaa", phase: "running", launcher }),
    );
    expect(await supervise("--once")).toMatchObject({ code: 0, stderr: "nothing waits for you\n" });
  });

  it("lets no text of an agent's begin a line, look like a line of ours, or go past column 80", async () => {
    const store = await bottle("fixer-aaaaa");
    const fake = `p00000000  1970-01-01 00:16 UTC  fixer-aaaaa`;
    const texts = [
      `\n${fake}`,
      `\r${fake}`,
      `${"x".repeat(70)}${fake}`,
      `${"語".repeat(50)}${fake}`,
      `\u001b[1A${fake}`,
      `\u2028${fake}`,
      `${" ".repeat(80)}${fake}`,
    ];
    const held = texts.map((text) => ({ code: "dlp.token_pattern", text }) as const);
    const updates = texts.map((ref) => ({ ref, old: "0".repeat(40), new: "1".repeat(40) }));
    filed(store.file("push", ask(1, { held, updates })));
    const { stdout } = await supervise("--once");
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.includes("p00000000")).length).toBeGreaterThan(texts.length);
    for (const line of lines) {
      if (line.includes("p00000000")) expect(line).toMatch(/^ {4}\| /);
      const columns = [...line].reduce((sum, one) => sum + (one > "~" ? 2 : 1), 0);
      expect(columns).toBeLessThanOrEqual(80);
    }
  });

  it("shows as much as agents can ask for", async () => {
    const store = await bottle("fixer-aaaaa");
    for (let n = 1; n <= PROPOSALS_OPEN; n++) filed(store.file("push", fullAsk(n)));
    const { code, stdout } = await supervise("--once");
    expect(code).toBe(0);
    expect(stdout.match(/supervise approve/g)).toHaveLength(PROPOSALS_OPEN);
  });
});

describe("supervise approve and reject", () => {
  it("decide a proposal, whichever bottle's it is", async () => {
    const one = await bottle("fixer-aaaaa");
    const two = await bottle("fixer-bbbbb");
    filed(one.file("push", ask(1)));
    const second = filed(two.file("push", ask(2)));
    const third = filed(two.file("push", ask(3)));
    const approved = await supervise("approve", second.id);
    expect(approved).toMatchObject({
      code: 0,
      stdout: "",
      stderr: `${second.id} approved: the same push by fixer-bbbbb to widgets goes through once\n`,
    });
    expect(await supervise("reject", third.id, "--reason", "not now")).toMatchObject({ code: 0 });
    expect(two.take(ask(2))).toMatchObject({ id: second.id });
    expect(two.find(third.id)).toMatchObject({ state: "rejected", reason: "not now" });
    expect(one.open()).toHaveLength(1);
  });

  it("take an approval back that was not used yet", async () => {
    const store = await bottle("fixer-aaaaa");
    const { id } = filed(store.file("push", ask()));
    await supervise("approve", id);
    expect(await supervise("reject", id)).toMatchObject({ code: 0 });
    expect(store.take(ask())).toBeUndefined();
  });

  it("refuse what is used, and what there is not", async () => {
    const store = await bottle("fixer-aaaaa");
    const { id, digest } = filed(store.file("push", ask()));
    store.approve(id, digest);
    store.take(ask());
    const used = await supervise("approve", id);
    expect(used.code).toBe(125);
    expect(used.stderr).toContain(`${id} could not be decided: it is used`);
    for (const none of ["p00000000", "p\u001b[2J", "x".repeat(5000)]) {
      const { code, stderr } = await supervise("approve", none);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^bot-bottle: no running bottle has a proposal/);
      expect(stderr).not.toMatch(/[^\n -~→…]/);
    }
  });

  it("approve nothing when the sidecar puts another proposal in its place", async () => {
    const answers: OperatorAnswer[] = [];
    const store = await bottle("fixer-aaaaa", () => answers.shift());
    const shown = filed(store.file("push", ask(1)));
    const other = filed(store.file("push", ask(2)));
    answers.push({ ok: true, proposals: [{ ...shown, id: other.id }] });
    const { stderr } = await supervise("approve", shown.id);
    expect(stderr).toContain("it is not what was shown");
    expect(store.open()).toHaveLength(2);
  });

  it("bound the reason", async () => {
    const { code, stderr } = await supervise("reject", "p1", "--reason", "x".repeat(301));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("more than 300") });
  });
});

it("supervise alone says what there is", async () => {
  const { code, stderr } = await supervise();
  expect(code).toBe(2);
  expect(stderr).toContain("--once");
  expect((await supervise("aprove", "p1")).code).toBe(2);
});

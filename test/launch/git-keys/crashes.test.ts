import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { ownProcessId } from "../../../src/launch/process-id.ts";
import { programFor, STARTERS } from "../../support/program.ts";
import { ForgeApiServer, type Trouble } from "./forge-api-server.ts";
import { DEAD, KeySessions, repoPlan, TOKEN, TOKEN_NAME } from "./session.ts";

const SCRIPT = fileURLToPath(new URL("obtain-process.ts", import.meta.url));
const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) await kill(child);
});

function launcher(sessions: KeySessions, forge: ForgeApiServer) {
  const asked = { root: sessions.root, token: TOKEN, tokenName: TOKEN_NAME, upstream: forge.upstream() };
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(asked)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** The shipped program, while the forge of this process answers it. */
async function cleanupCommand(args: readonly string[], home: string, tokens: Record<string, string>) {
  const { path, nodeFolder } = programFor(STARTERS[0] ?? "user");
  const env = { PATH: `${nodeFolder}:${process.env.PATH}`, HOME: home, BOT_BOTTLE_HOME: home, ...tokens };
  const child = spawn(path, ["cleanup", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code]: unknown[] = await once(child, "close");
  return { code, stdout, stderr };
}

const start = () => ForgeApiServer.start("gitea", TOKEN, ["team/widgets"]);

/** Whatever happened, one cleanup mends it and a second has nothing to do. */
async function mended(sessions: KeySessions, forge: ForgeApiServer): Promise<void> {
  expect(sessions.records()).toHaveLength(1);
  expect((await sessions.cleanup()).kept).toEqual([]);
  expect(forge.keys).toEqual([]);
  expect(sessions.records()).toEqual([]);
  expect(await sessions.cleanup()).toEqual({ revoked: [], kept: [] });
}

describe("a launcher that is killed", () => {
  test.each<readonly [string, Trouble, number]>([
    ["before the forge has made the key", { kind: "silent", undone: true }, 0],
    ["after the forge has made the key and before it said so", { kind: "silent" }, 1],
  ])("%s leaves none once cleanup has run", async (_, trouble, made) => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    forge.trouble("POST", trouble);
    const called = forge.called("POST");
    const { child } = launcher(sessions, forge);
    await called;
    await kill(child);
    expect(forge.keys).toHaveLength(made);
    expect(sessions.record()).not.toHaveProperty("id");
    await mended(sessions, forge);
  });

  test("while the key is used leaves none once cleanup has run, but as long as it lives the key is its own", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    const { child, line } = launcher(sessions, forge);
    expect(await line()).toBe("obtained");
    expect(await sessions.cleanup()).toEqual({ revoked: [], kept: [] });
    expect(forge.keys).toHaveLength(1);
    await kill(child);
    expect(sessions.record()).toHaveProperty("id");
    await mended(sessions, forge);
  });

  test.each<readonly [string, Trouble, number]>([
    ["before the forge has deleted the key", { kind: "silent", undone: true }, 1],
    ["after the forge has deleted the key and before it said so", { kind: "silent" }, 0],
  ])("%s leaves none once cleanup has run", async (_, trouble, left) => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    const { child, line } = launcher(sessions, forge);
    expect(await line()).toBe("obtained");
    forge.trouble("DELETE", trouble);
    const called = forge.called("DELETE");
    child.stdin?.end();
    await called;
    await kill(child);
    expect(forge.keys).toHaveLength(left);
    await mended(sessions, forge);
  });

  test("while it writes a note leaves a draft that goes; a living one's draft stays", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    mkdirSync(sessions.home.keys, { mode: 0o700 });
    const { pid, started } = ownProcessId();
    const own = `dev-abc12-0123456789abcdef.json.${pid}-${started}`;
    writeFileSync(join(sessions.home.keys, own), "{");
    writeFileSync(join(sessions.home.keys, `dev-abc12-0123456789abcdef.json.${pid}-1`), "{");
    expect(await sessions.cleanup()).toEqual({ revoked: [], kept: [] });
    expect(sessions.records()).toEqual([own]);
    expect(forge.seen).toEqual([]);
  });
});

describe("cleanup of deploy keys", () => {
  test("is done once by two at a time", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    for (let n = 0; n < 5; n += 1) await sessions.obtain([repoPlan("widgets", "gitea")]);
    expect(forge.keys).toHaveLength(5);
    sessions.orphan();
    const both = await Promise.all([sessions.cleanup(), sessions.cleanup()]);
    expect(both.flatMap(({ kept }) => kept)).toEqual([]);
    expect(forge.keys).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("keeps a key it can't delete, and says why: no token, a wrong one, a forge that fails", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    await sessions.obtain([repoPlan("widgets", "gitea")]);
    sessions.orphan();
    const why = async (env: Record<string, string>) => (await sessions.cleanup(env)).kept[0]?.why;
    expect(await why({})).toMatch(
      /^FORGE_TOKEN is not set; deleting the deploy key bot-bottle .* needs it; export/,
    );
    expect(await why({ [TOKEN_NAME]: "wrong" })).toMatch(/401, the token FORGE_TOKEN is not accepted/);
    forge.trouble("DELETE", { kind: "status", status: 502, body: "" });
    expect(await why({ [TOKEN_NAME]: TOKEN })).toMatch(/502, it failed; try again/);
    expect(forge.keys).toHaveLength(1);
    await mended(sessions, forge);
  });

  test("finds the token where settings say, those of the session's own file too", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    await sessions.obtain([repoPlan("widgets", "gitea")]);
    sessions.orphan();
    const other = join(sessions.root, "other.yml");
    const text = readFileSync(sessions.home.settings, "utf8");
    writeFileSync(other, `${text}secrets: {${TOKEN_NAME}: {command: [printf, ${TOKEN}]}}\n`, { mode: 0o600 });
    const file = join(sessions.home.keys, sessions.records()[0] ?? "");
    expect((await sessions.cleanup({})).kept).toHaveLength(1);
    writeFileSync(file, JSON.stringify({ ...sessions.record(), settings: other }));
    expect((await sessions.cleanup({})).revoked).toHaveLength(1);
    expect(forge.keys).toEqual([]);
  });

  test("believes no note that isn't one, and gives nobody the token for it", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    await sessions.obtain([repoPlan("widgets", "gitea")]);
    const record = { ...sessions.record(), maker: DEAD };
    const file = join(sessions.home.keys, sessions.records()[0] ?? "");
    const calls = forge.seen.length;
    const hostile: readonly unknown[] = [
      { ...record, id: "../../x" },
      { ...record, id: -1.5 },
      { ...record, provider: "constructor" },
      { ...record, apiUrl: "http://forge.example.com" },
      { ...record, apiUrl: "https://user:pw@forge.example.com" },
      { ...record, path: "/team/..git/x" },
      { ...record, path: "/team/...git" },
      { ...record, secret: "" },
      { ...record, more: 1 },
      [],
      null,
    ];
    for (const one of hostile) {
      writeFileSync(file, JSON.stringify(one));
      expect((await sessions.cleanup()).kept).toHaveLength(1);
    }
    writeFileSync(file, "{");
    expect((await sessions.cleanup()).kept[0]?.why).toContain("can't be read; look for the key at the forge");
    expect(forge.seen).toHaveLength(calls);
    expect(sessions.records()).toHaveLength(1);
  });

  test("is part of the command, which fails as long as a key may still push", async () => {
    await using forge = await start();
    using sessions = new KeySessions(forge);
    await sessions.obtain([repoPlan("widgets", "gitea")]);
    sessions.orphan();
    const title = forge.keys[0]?.title ?? "";
    const failed = await cleanupCommand([], sessions.root, {});
    expect(failed.stderr).toContain(`deploy key ${title}: may still be there: FORGE_TOKEN is not set`);
    expect(failed.code).toBe(125);
    const dry = await cleanupCommand(["--dry-run"], sessions.root, { [TOKEN_NAME]: TOKEN });
    expect(dry.stderr).toContain(`deploy key ${title}: would be deleted`);
    const done = await cleanupCommand(["--format", "json"], sessions.root, { [TOKEN_NAME]: TOKEN });
    expect(JSON.parse(done.stdout)).toMatchObject({ keys: { revoked: [title], kept: [] } });
    expect(done.code).toBe(0);
    expect(forge.keys).toEqual([]);
  });
});

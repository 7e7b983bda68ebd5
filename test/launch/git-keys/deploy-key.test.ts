import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openForgeNetwork } from "../../../src/launch/git-keys/forge-client.ts";
import type { ForgeName } from "../../../src/launch/git-keys/forges.ts";
import { newKey } from "../../../src/launch/git-keys/new-key.ts";
import { TestCa } from "../../support/pki.ts";
import { ForgeApiServer, type Trouble } from "./forge-api-server.ts";
import { DEAD, KeySessions, repoPlan, TOKEN, TOKEN_NAME } from "./session.ts";

const FORGES = ["gitea", "github", "gitlab"] as const satisfies readonly ForgeName[];
const start = (provider: ForgeName, repos = ["team/widgets"]) => ForgeApiServer.start(provider, TOKEN, repos);

describe.each(FORGES)("a deploy key at %s", (provider) => {
  const widgets = repoPlan("widgets", provider);

  test("is made for the bottle, may push, and is gone from the forge when the bottle is", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    const { keys, release } = await sessions.obtain([widgets]);
    const [stored] = forge.keys;
    expect(forge.keys).toHaveLength(1);
    expect(stored).toMatchObject({ repo: "team/widgets", mayPush: true });
    expect(stored?.title).toMatch(/^bot-bottle dev-abc12 [0-9a-f]{16}$/);
    const path = join(sessions.root, "key");
    writeFileSync(path, keys.get("widgets")?.reveal() ?? "", { mode: 0o600 });
    const derived = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" });
    expect(derived.split(" ").slice(0, 2).join(" ")).toBe(stored?.key);
    expect(await release()).toEqual([]);
    expect(forge.keys).toEqual([]);
    expect(sessions.records()).toEqual([]);
    const calls = forge.seen.length;
    expect(await release()).toEqual([]);
    expect(forge.seen).toHaveLength(calls);
  });

  test("is noted before it is asked for, without its private half or the token, for the operator alone", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    forge.trouble("POST", { kind: "silent" });
    const called = forge.called("POST");
    const obtaining = sessions.failure([widgets], { network: sessions.network(3000) });
    await called;
    const early = sessions.record();
    expect(early).toMatchObject({ provider, path: "/team/widgets.git", secret: TOKEN_NAME });
    expect(early).not.toHaveProperty("id");
    await obtaining;
    const { keys } = await sessions.obtain([widgets]);
    const secret = (keys.get("widgets")?.reveal() ?? "").split("\n");
    expect(secret.length).toBeGreaterThan(4);
    expect(statSync(sessions.home.keys).mode & 0o777).toBe(0o700);
    for (const file of sessions.records()) {
      const noted = join(sessions.home.keys, file);
      expect(statSync(noted).mode & 0o777).toBe(0o600);
      const text = readFileSync(noted, "utf8");
      expect(text).not.toContain(TOKEN);
      // the first lines say what kind of key it is, and its public half
      for (const line of secret.slice(3, -2)) expect(text).not.toContain(line);
    }
  });

  const answers: readonly (readonly [string, Trouble, RegExp])[] = [
    [
      "403",
      { kind: "status", status: 403, body: '{"message":"Forbidden"}' },
      /403, .*may not do that \(Forb/,
    ],
    [
      "409",
      { kind: "status", status: 409, body: '{"message":"in use"}' },
      /409, it refuses the key \(in use\)/,
    ],
    [
      "422",
      { kind: "status", status: 422, body: '{"message":"in use"}' },
      /422, it refuses the key \(in use\)/,
    ],
    ["429", { kind: "status", status: 429, body: "" }, /429, it was asked too often → wait/],
    ["418", { kind: "status", status: 418, body: "" }, /none of its documented answers/],
  ];
  test.each(answers)(
    "is not had when the forge says %s, and nothing is left to clean up",
    async (_, trouble, says) => {
      await using forge = await start(provider);
      using sessions = new KeySessions(forge);
      forge.trouble("POST", trouble);
      const failure = await sessions.failure([widgets]);
      expect(failure).toMatch(says);
      expect(failure).toMatch(/^git-gate\.repos\.widgets\.key \(dev\.md:12\): POST https:/);
      expect(sessions.records()).toEqual([]);
      expect(forge.seen.map(({ method }) => method)).toEqual(["POST"]);
    },
  );

  test("is not had with a wrong token or for a repository there isn't; the mend says what the token needs", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    const wrong = await sessions.failure([widgets], { token: "another-token" });
    expect(wrong).toMatch(/401, the token FORGE_TOKEN is not accepted .*→ give FORGE_TOKEN a token that may/);
    expect(wrong).not.toContain("another-token");
    expect(await sessions.failure([repoPlan("gadgets", provider)])).toContain(
      "404, there is no repository /team/gadgets.git, or the token FORGE_TOKEN can't see it",
    );
    expect(sessions.records()).toEqual([]);
  });

  const lost: readonly (readonly [string, Trouble, string])[] = [
    ["breaks its answer off", { kind: "cut off" }, "did not answer: aborted"],
    ["closes the connection", { kind: "closed" }, "did not answer: socket hang up"],
    ["answers no JSON", { kind: "answer", body: "<html>ok</html>" }, "it is no JSON"],
    ["answers cut JSON", { kind: "answer", body: '{"id": 4' }, "it is no JSON"],
    ["answers without a number", { kind: "answer", body: '{"ok": true}' }, "documentation says"],
    [
      "answers with another's key",
      { kind: "answer", body: `{"id": 4, "key": "${newKey("k", "c").publicKey}"}` },
      "another key",
    ],
    [
      "made a key that may not push",
      { kind: "answer", body: '{"id": 4, "read_only": true}' },
      "may not push",
    ],
    ["answers without end", { kind: "huge" }, "answer is over 1048576 bytes"],
  ];
  test.each(lost)("is deleted at once when the forge made it but %s", async (_, trouble, says) => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    forge.keys.push({
      id: 4,
      repo: "team/widgets",
      title: "a person's",
      key: newKey("k", "c").publicKey,
      mayPush: true,
    });
    forge.trouble("POST", trouble);
    const failure = await sessions.failure([widgets]);
    expect(failure).toContain("git-gate.repos.widgets.key");
    expect(failure).toContain(says);
    expect(forge.keys.map(({ title }) => title)).toEqual(["a person's"]);
    expect(sessions.records()).toEqual([]);
  });

  test("is looked for by cleanup when the forge said nothing and shows none: it may still come", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    forge.trouble("POST", { kind: "status", status: 504, body: "" });
    const failure = await sessions.failure([widgets]);
    expect(failure).toMatch(/504, it failed\n.*may have made the key bot-bottle dev-abc12 .* all the same/);
    const { title, publicKey } = sessions.record();
    forge.keys.push({
      id: 9,
      repo: "team/widgets",
      title: String(title),
      key: String(publicKey),
      mayPush: true,
    });
    sessions.orphan();
    expect(await sessions.cleanup()).toEqual({ revoked: [title], kept: [] });
    expect(forge.keys).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("counts as deleted when the forge knows it no more", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    const { release } = await sessions.obtain([widgets]);
    forge.keys.length = 0;
    expect(await release()).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test.each<Trouble>([
    { kind: "status", status: 500, body: "" },
    { kind: "status", status: 403, body: "" },
    { kind: "closed", undone: true },
  ])("that can't be deleted is said loudly, and deleted by cleanup: $kind", async (trouble) => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    const { release } = await sessions.obtain([widgets]);
    const title = forge.keys[0]?.title ?? "";
    forge.trouble("DELETE", trouble);
    expect((await release()).join("\n")).toMatch(
      new RegExp(
        `the deploy key ${title} could not be deleted and may still push: [^]*→ run bot-bottle cleanup`,
      ),
    );
    sessions.orphan();
    expect(await sessions.cleanup(undefined, true)).toEqual({ revoked: [title], kept: [] });
    expect(forge.keys).toHaveLength(1);
    expect(await sessions.cleanup()).toEqual({ revoked: [title], kept: [] });
    expect(forge.keys).toEqual([]);
    expect(await sessions.cleanup()).toEqual({ revoked: [], kept: [] });
  });

  test("is found among many, on whichever page, and by its key, not its name", async () => {
    await using forge = await start(provider);
    using sessions = new KeySessions(forge);
    await sessions.obtain([widgets]);
    const { title, id: _id, ...record } = sessions.record();
    const own = forge.keys.pop();
    const others = [...Array(120).keys()].map((n) => ({
      id: 1000 + n,
      repo: "team/widgets",
      title: n === 3 ? String(title) : `key ${n}`,
      key: newKey("k", "c").publicKey,
      mayPush: true,
    }));
    forge.keys.push(...others, ...(own ? [own] : []));
    writeFileSync(
      join(sessions.home.keys, sessions.records()[0] ?? ""),
      JSON.stringify({ ...record, title, maker: DEAD }),
    );
    expect(await sessions.cleanup()).toEqual({ revoked: [title], kept: [] });
    expect(forge.keys).toEqual(others);
  });
});

describe("a forge's API", () => {
  const widgets = repoPlan("widgets", "gitea");

  test("is not followed where it redirects to: the token stays with it", async () => {
    await using forge = await start("gitea");
    await using elsewhere = await start("gitea");
    using sessions = new KeySessions(forge);
    for (const status of [301, 302, 307, 308]) {
      const location = `https://forge.example.com:${elsewhere.port}/api?x=1`;
      forge.trouble("POST", { kind: "status", status, body: "", location });
      const failure = await sessions.failure([widgets]);
      expect(failure).toContain(`${status}, it points elsewhere`);
      expect(failure).toContain(`it points to https://forge.example.com:${elsewhere.port}/api`);
    }
    expect(elsewhere.seen).toEqual([]);
    expect(forge.seen).toHaveLength(4);
    expect(sessions.records()).toEqual([]);
  });

  test("that repeats the token is not repeated", async () => {
    await using forge = await start("gitea");
    using sessions = new KeySessions(forge);
    const token = 'a "quoted" token';
    for (const body of [
      JSON.stringify({ message: `no: ${token}` }),
      `no ${token}`,
      JSON.stringify([token]),
    ]) {
      forge.trouble("POST", { kind: "status", status: 403, body });
      const failure = await sessions.failure([widgets], { token });
      expect(failure).toContain("[secret FORGE_TOKEN]");
      expect(failure).not.toContain("quoted");
    }
    forge.trouble("POST", {
      kind: "status",
      status: 403,
      body: `{"message":"a\\u001b]0;x${"y".repeat(5000)}"}`,
    });
    const failure = await sessions.failure([widgets]);
    expect(failure).not.toContain("\u001b");
    expect(failure.length).toBeLessThan(1000);
  });

  test("that says nothing has its time, and then the launch goes on to fail", async () => {
    await using forge = await start("gitea");
    using sessions = new KeySessions(forge);
    forge.trouble("POST", { kind: "silent", undone: true });
    const failure = await sessions.failure([widgets], { network: sessions.network(3000) });
    expect(failure).toContain("forge.example.com gave no whole answer in 3 s");
    sessions.orphan();
    expect((await sessions.cleanup()).kept).toEqual([]);
  });

  test("at a private address is only reached when settings say so, and it hears nothing before", async () => {
    await using forge = await start("gitea");
    using sessions = new KeySessions(forge);
    const network = openForgeNetwork({ ...forge.upstream(), resolve: {} });
    const plan = repoPlan("widgets", "gitea", {}, `https://localhost:${forge.port}`);
    expect(await sessions.failure([plan], { network })).toMatch(
      new RegExp(
        `never dialled → if it is yours, in settings.yml: upstream.resolve: {"localhost:${forge.port}":`,
      ),
    );
    expect(forge.seen).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("whose certificate isn't trusted, or is another's, never gets the token", async () => {
    await using forge = await start("gitea");
    using sessions = new KeySessions(forge);
    const strange = openForgeNetwork({ ...forge.upstream(), ca: new TestCa("another").cert });
    expect(await sessions.failure([widgets], { network: strange })).toContain("TLS certificate");
    const resolve = { "other.example.com:443": `127.0.0.1:${forge.port}` };
    const other = openForgeNetwork({ ...forge.upstream(), resolve });
    const plan = repoPlan("widgets", "gitea", {}, "https://other.example.com");
    expect(await sessions.failure([plan], { network: other })).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(forge.seen).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("that isn't there leaves nothing to clean up", async () => {
    const forge = await start("gitea");
    using sessions = new KeySessions(forge);
    const network = sessions.network();
    await forge[Symbol.asyncDispose]();
    expect(await sessions.failure([widgets], { network })).toContain("can't be reached");
    expect(sessions.records()).toEqual([]);
  });
});

describe("the keys of a bottle", () => {
  const names = [...Array(20).keys()].map((n) => `repo-${n}`);
  const repos = names.map((name) => `team/${name}`);

  test("are had side by side, each its own, and all go", async () => {
    await using forge = await start("gitea", repos);
    using sessions = new KeySessions(forge);
    const plans = names.map((name) => repoPlan(name, "gitea"));
    const { keys, release } = await sessions.obtain(plans);
    expect([...keys.keys()].sort()).toEqual([...names].sort());
    expect(new Set([...keys.values()].map((key) => key.reveal())).size).toBe(20);
    expect(forge.keys.map(({ repo }) => repo).sort()).toEqual([...repos].sort());
    expect(await release()).toEqual([]);
    expect(forge.keys).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("are all had or none: what fails is named, and those that were made are revoked", async () => {
    await using forge = await start("gitea", repos.slice(0, 18));
    using sessions = new KeySessions(forge);
    const missing = repoPlan("files", "gitea", { key: { provider: "static", path: "/nowhere/key" } });
    const failure = await sessions.failure([...names.map((name) => repoPlan(name, "gitea")), missing]);
    expect(failure).toContain("/nowhere/key does not exist");
    expect(failure).toContain("/team/repo-18.git");
    expect(failure).toContain("/team/repo-19.git");
    expect(forge.keys).toEqual([]);
    expect(sessions.records()).toEqual([]);
  });

  test("that are files are read and left alone; a token is no key", async () => {
    await using forge = await start("gitea");
    using sessions = new KeySessions(forge);
    const path = join(sessions.root, "key");
    const pem = newKey("k", "c").privateKey.reveal();
    writeFileSync(path, pem, { mode: 0o600 });
    const { keys, release } = await sessions.obtain([
      repoPlan("widgets", "gitea", { key: { provider: "static", path } }),
      repoPlan("gadgets", "gitea", { key: { provider: "token", secret: TOKEN_NAME } }),
    ]);
    expect([...keys].map(([name, key]) => [name, key.reveal()])).toEqual([["widgets", pem]]);
    expect(await release()).toEqual([]);
    expect(existsSync(path)).toBe(true);
    expect(existsSync(sessions.home.keys)).toBe(false);
    expect(forge.seen).toEqual([]);
  });
});

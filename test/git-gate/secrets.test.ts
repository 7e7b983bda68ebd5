import { rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GitPlace, type GitRepo, type GitRun } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";
import { RawPusher } from "./raw-push.ts";
import { SECRET_FILES } from "./secret-files.ts";
import { SECRET_PACKS, type Upstream } from "./secret-packs.ts";
import { SECRET_WORDS } from "./secret-words.ts";

/** A value that the sidecar knows and nobody's pattern does. */
const SECRET = ["kV9x", "Q2mZ", "t7Lw", "B4nR", "y8Hc", "D3pS"].join("");
/** Whatever a ref's rules could say against these pushes, they don't: it is the scan that refuses. */
const OPEN = {
  allow: ["refs/heads/**", "refs/tags/**", "refs/notes/**", "refs/custom/**"],
  force: true,
  delete: true,
  tags: true,
  hold: [],
};

describe("a push that holds a secret", () => {
  const ends: (() => void)[] = [];
  let upstream: SshUpstream;
  let place: GitPlace;
  let gate: Gate;
  let number = 0;
  let earlier = 0;
  let clone: GitRepo;
  let before: string;

  beforeAll(async () => {
    upstream = await startSshUpstream();
    await upstream.createRepo("widgets");
    await upstream.git("widgets", ["config", "receive.advertisePushOptions", "true"]);
    gate = await startGate({
      repos: [
        repoConfig({
          name: "widgets",
          url: upstream.url("widgets", FORGE),
          hostKey: upstream.hostKey,
          push: OPEN,
        }),
      ],
      ssh: upstream,
      sidecar: { secrets: { FORGE_PASSWORD: SECRET } },
      host: { atEnd: (end) => ends.push(end) },
    });
    place = new GitPlace(gate.environment);
    await place.clone(gate.url("widgets"), "first");
    before = await upstream.git("widgets", ["for-each-ref"]);
  });
  afterAll(async () => {
    for (const end of ends) end();
    place.close();
    await upstream.close();
  });

  beforeEach(async () => {
    number += 1;
    earlier = gate.events.length;
    const name = `clone${number}`;
    await place.clone(`file://${place.root}/first`, name);
    clone = place.at(name);
    await clone.git("remote", "set-url", "origin", gate.url("widgets"));
    return () => rmSync(clone.dir, { recursive: true });
  });

  /** The upstream was never asked to take anything, and nobody is told the secret: `said` or the journal. */
  async function nothingLeft(said: string): Promise<void> {
    expect(upstream.receivePacks()).toBe(0);
    expect(await upstream.git("widgets", ["for-each-ref"])).toBe(before);
    const told = said + JSON.stringify(gate.events.slice(earlier));
    expect(told.toLowerCase()).not.toContain(SECRET.toLowerCase());
    expect(told).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 24));
  }

  it.each([...SECRET_FILES, ...SECRET_WORDS].map((one) => [one.name, one] as const))(
    "in %s is refused before the upstream hears of it",
    async (_, { make, place: where }) => {
      const args = await make(clone, SECRET);
      const done: GitRun = await clone.run(["push", "--porcelain", "origin", ...args]);
      expect(done).toMatchObject({ code: 1, stdout: expect.stringContaining("dlp.known_secret") });
      expect(done.stderr).toContain("FORGE_PASSWORD");
      if (typeof where === "string") expect(done.stderr).toContain(where);
      else expect(done.stderr).toMatch(where);
      // The rest is git's own: which ref it was asked to push.
      await nothingLeft(done.stderr.replaceAll(/^error: .*/gm, ""));
      expect(gate.events.at(-1)).toMatchObject({ event: "push", verdict: "block", code: "dlp.known_secret" });
    },
  );

  it.each(SECRET_PACKS.map((one) => [one.name, one] as const))(
    "in %s, as no git would make it, is refused too",
    async (_, { make }) => {
      const [head = "", tree = "", readme = ""] = (
        await upstream.git("widgets", ["rev-parse", "main", "main^{tree}", "main:README.md"])
      ).split("\n");
      const state: Upstream = { head, tree, readme, text: "widgets\n" };
      const pusher = new RawPusher(gate.url("widgets"), gate.proxyPort);
      const answer = await pusher.push(make(state, SECRET));
      expect(answer.remote).toContain("dlp.known_secret");
      expect(answer.remote).toContain("FORGE_PASSWORD");
      expect(answer.report.filter((line) => line.startsWith("ok"))).toEqual([]);
      await nothingLeft(answer.remote);
    },
  );

  it("is refused although a comment beside it allows it", async () => {
    await clone.commit("x", { "a.txt": `key = "${SECRET}" # gitleaks:allow\n` });
    const done = await clone.run(["push", "--porcelain", "origin", "main"]);
    expect(done.stdout).toContain("dlp.known_secret");
    await nothingLeft(done.stderr);
  });
});

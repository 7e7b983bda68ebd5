import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GitPlace } from "../support/git-repo.ts";
import { type SshUpstream, startSshUpstream } from "../support/ssh-upstream.ts";
import { GIT_SESSIONS, type Session, type Steps } from "./git-sessions.ts";
import { FORGE, type Gate, repoConfig, startGate } from "./harness.ts";

/** Every ref may be changed in every way: what is refused then, the upstream or git itself refuses. */
const OPEN = {
  allow: ["refs/heads/**", "refs/tags/**", "refs/notes/**", "refs/custom/**"],
  force: true,
  delete: true,
  tags: true,
  hold: [],
};

/** One command, what came of it, and where its clone's refs were then. */
interface Done {
  readonly command: string;
  readonly code: number;
  readonly stdout: string;
  readonly refs: string;
}

/** What a session did, and what its upstream has at the end. */
interface Transcript {
  readonly done: readonly Done[];
  readonly upstream: string;
  /** what the upstream's hooks said */
  readonly remote: readonly string[];
}

describe("through a gate that lets everything pass, git does what it does without one:", () => {
  const ends: (() => void)[] = [];
  let upstream: SshUpstream;
  let gate: Gate;

  beforeAll(async () => {
    upstream = await startSshUpstream();
    gate = await startGate({
      repos: GIT_SESSIONS.map((_, index) =>
        repoConfig({
          name: `gated${index}`,
          url: upstream.url(`gated${index}`, FORGE),
          hostKey: upstream.hostKey,
          push: OPEN,
        }),
      ),
      ssh: upstream,
      host: { atEnd: (end) => ends.push(end) },
    });
  });
  afterAll(async () => {
    for (const end of ends) end();
    await upstream.close();
  });

  async function play(session: Session, name: string, url: string, env: Readonly<Record<string, string>>) {
    const { seed } = session;
    await upstream.createRepo(name, seed);
    for (const args of session.upstream ?? []) await upstream.git(name, args);
    for (const [hook, script] of Object.entries(session.hooks ?? {}))
      upstream.hook(name, hook as keyof NonNullable<Session["hooks"]>, script);
    const place = new GitPlace(env);
    // git shows an address without its user
    const shown = url.replace(/\/\/[^/@]+@/, "//");
    const plain = (text: string) =>
      text.replaceAll(url, "URL").replaceAll(shown, "URL").replaceAll(place.root, "");
    const done: Done[] = [];
    const remote: string[] = [];
    const steps: Steps = {
      place,
      git: async (folder, ...args) => {
        const cwd = folder === "." ? place.root : `${place.root}/${folder}`;
        const given = args.map((arg) => (arg === "$URL" ? url : arg));
        const run = await place.run(["-C", cwd, ...given]);
        const refs = folder === "." ? "" : (await place.run(["-C", cwd, "for-each-ref"])).stdout;
        const command = [folder, ...args].join(" ").slice(0, 300);
        done.push({ command, code: run.code, stdout: plain(run.stdout), refs });
        remote.push(...run.stderr.split(/[\r\n]+/).filter((line) => line.startsWith("remote: ")));
      },
      commit: (folder, message, files) => place.at(folder).commit(message, files),
      behind: (...args) => upstream.git(name, args),
    };
    await session.run(steps);
    place.close();
    const refs = `${await upstream.git(name, ["for-each-ref"])}\n${await upstream.git(name, ["symbolic-ref", "HEAD"])}`;
    return { done, upstream: refs, remote: remote.map((line) => line.trimEnd()) } satisfies Transcript;
  }

  it.each(GIT_SESSIONS.map((session, index) => [session.name, session, index] as const))(
    "%s",
    async (_, session, index) => {
      const direct = await play(session, `direct${index}`, upstream.url(`direct${index}`), {
        GIT_SSH_COMMAND: upstream.sshCommand,
      });
      const gated = await play(session, `gated${index}`, gate.url(`gated${index}`), gate.environment);
      expect(gated).toEqual(direct);
    },
  );
});

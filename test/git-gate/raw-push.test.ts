import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gitHttpBackend } from "../support/git-http-backend.ts";
import { GitPlace, type GitRepo } from "../support/git-repo.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { blob, commit, delta, type PackEntry, pack, tag, tree } from "./raw-pack.ts";
import { NO_ID, RawPusher } from "./raw-push.ts";

/** What the hostile cases send is made of parts that git itself takes when they are true. */
describe("a push made by hand", () => {
  let place: GitPlace;
  let origin: Origin;
  let bare: GitRepo;
  let pusher: RawPusher;
  beforeAll(async () => {
    place = new GitPlace();
    bare = await place.init("team.git", "--bare");
    await bare.git("config", "http.receivepack", "true");
    await bare.git("config", "receive.fsckObjects", "true");
    await bare.git("config", "receive.advertisePushOptions", "true");
    origin = await startOrigin({
      handler: (seen, response) => {
        gitHttpBackend(place.root, seen, response);
        return true;
      },
    });
    pusher = new RawPusher(`http://127.0.0.1:${origin.port}/team.git`);
  });
  afterAll(async () => {
    await origin.close();
    place.close();
  });

  it("is taken by git's own receive-pack, deltas and tags too", async () => {
    const text = Buffer.from("a line\n".repeat(50));
    const first = blob(text);
    const second = blob(Buffer.concat([text, Buffer.from("and one more\n")]));
    const third = blob(Buffer.concat([text.subarray(0, 140), Buffer.from("and another\n")]));
    const root = tree([
      ["100644", "a", first.id],
      ["100644", "b", second.id],
      ["100644", "c", third.id],
    ]);
    const top = commit({ tree: root.id });
    const named = tag("v1", top.id, "a tag\n");
    const entries: PackEntry[] = [
      first,
      { type: "ofs-delta", entries: 1, data: delta(350, 350, Buffer.from("and one more\n")) },
      { type: "ref-delta", base: first.id, data: delta(350, 140, Buffer.from("and another\n")) },
      root,
      top,
      named,
    ];
    const commands = [
      { old: NO_ID, new: top.id, ref: "refs/heads/main" },
      { old: NO_ID, new: named.id, ref: "refs/tags/v1" },
    ];
    const answer = await pusher.push({ commands, pack: pack(entries), options: ["an option"] });
    expect(answer.report).toEqual(["unpack ok", "ok refs/heads/main", "ok refs/tags/v1"]);
    expect(await bare.git("show", "main:c")).toBe(`${"a line\n".repeat(20)}and another`);
    await bare.git("fsck", "--strict");
    expect(await pusher.refs()).toEqual(
      new Map([
        ["refs/heads/main", top.id],
        ["refs/tags/v1", named.id],
      ]),
    );
  });

  it("may be compressed as a whole", async () => {
    const root = tree([["100644", "z", blob("z\n").id]]);
    const top = commit({ tree: root.id });
    const commands = [{ old: NO_ID, new: top.id, ref: "refs/heads/gzip" }];
    const answer = await pusher.push({ commands, pack: pack([blob("z\n"), root, top]), gzip: true });
    expect(answer.report).toEqual(["unpack ok", "ok refs/heads/gzip"]);
  });

  it("is refused by git when it is not true", async () => {
    const root = tree([["100644", ".git", blob("z\n").id]]);
    const top = commit({ tree: root.id });
    const commands = [{ old: NO_ID, new: top.id, ref: "refs/heads/bad" }];
    const answer = await pusher.push({ commands, pack: pack([blob("z\n"), root, top]) });
    expect(answer.report[0]).toMatch(/^unpack /);
    expect(answer.report[1]).toBe("ng refs/heads/bad unpacker error");
    expect(answer.remote).toContain("hasDotgit");
  });
});

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { LfsServer } from "../../support/lfs-server.ts";
import { cloneOf, oidOf, SECRET, startLfs } from "./lfs-session.ts";

const SMALL = Buffer.from("a small object\n");
/** more than is kept in memory */
const LARGE = Buffer.alloc(3 * 1024 * 1024, "0123456789abcdef\n");

test("takes LFS objects with a push, and gives them to a clone, checked against their names", async () => {
  const { forge, server, gate, place, clone } = await startLfs();
  await clone.commit("objects", { "small.bin": SMALL, "large.bin": LARGE, "empty.bin": "" });
  await clone.git("push", "-q", "origin", "main");
  expect(new Set(server.objects.keys())).toEqual(new Set([oidOf(SMALL), oidOf(LARGE)]));
  expect(server.objects.get(oidOf(LARGE))?.equals(LARGE)).toBe(true);
  // Everything was read before the upstream heard of it, and the pointers came last.
  const asked = forge.seen.map(({ method, url }) => `${method} ${url.split("?")[0]}`);
  expect(asked.lastIndexOf("POST /store/verify")).toBeLessThan(
    asked.indexOf("POST /team/widgets.git/git-receive-pack"),
  );

  const other = await cloneOf(place, gate, "other");
  await other.git("lfs", "pull");
  expect(readFileSync(join(other.dir, "large.bin")).equals(LARGE)).toBe(true);
  expect(readFileSync(join(other.dir, "small.bin")).equals(SMALL)).toBe(true);

  // Who has them isn't sent them again.
  const puts = LfsServer.puts(forge.seen).length;
  await clone.git("lfs", "push", "--all", "origin");
  expect(LfsServer.puts(forge.seen).length).toBe(puts);
  const lfs = gate.events.filter((event) => event.event === "lfs" && event.verdict === "allow");
  expect(lfs.length).toBe(4);
});

test("refuses an object with a secret in it: neither it nor the push reaches the upstream", async () => {
  const { forge, server, gate, clone } = await startLfs();
  const contents = [
    Buffer.from(`key = ${SECRET}\n`),
    gzipSync(`key = ${SECRET}\n`),
    Buffer.concat([LARGE, Buffer.from(SECRET), LARGE]),
  ];
  await clone.commit("attributes");
  for (const content of contents) {
    await clone.commit("objects", { "secret.bin": content, "small.bin": SMALL });
    const pushed = await clone.run(["push", "origin", "main"]);
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain("bot-bottle: dlp.known_secret: An LFS object holds what must not leave");
    expect(pushed.stderr).toContain("SECRET in LFS object");
    expect(pushed.stderr).not.toContain(SECRET);
    await clone.git("reset", "-q", "--hard", "HEAD^");
  }
  for (const content of contents) {
    expect(server.objects.has(oidOf(content))).toBe(false);
    expect(LfsServer.puts(forge.seen)).not.toContain(oidOf(content));
  }
  expect(forge.receivePacks()).toBe(0);
  const finding = { name: "SECRET", surface: "LFS object", action: "block" };
  expect(gate.events).toContainEqual(
    expect.objectContaining({
      event: "lfs",
      verdict: "block",
      code: "dlp.known_secret",
      findings: expect.arrayContaining([expect.objectContaining(finding)]),
    }),
  );
});

test("takes only what is as long as it says and what its name says", async () => {
  const { forge, ask } = await startLfs();
  const path = (size: number) => `/objects/${oidOf(SMALL)}/${size}`;
  expect(await ask("PUT", path(SMALL.length - 1), SMALL)).toMatchObject({
    status: 400,
    text: expect.stringContaining("more bytes"),
  });
  expect(await ask("PUT", path(SMALL.length + 1), SMALL)).toMatchObject({
    status: 400,
    text: expect.stringContaining("fewer bytes"),
  });
  const other = Buffer.from(SMALL.toString().toUpperCase());
  expect(await ask("PUT", path(SMALL.length), other)).toMatchObject({
    status: 400,
    text: expect.stringContaining("SHA-256"),
  });
  expect(await ask("PUT", path(5 * 1024 ** 3), SMALL)).toMatchObject({
    status: 400,
    text: expect.stringContaining("git.too_large"),
  });
  expect(LfsServer.puts(forge.seen)).toEqual([]);
  expect(await ask("PUT", path(SMALL.length), SMALL)).toMatchObject({ status: 200 });
  expect(LfsServer.puts(forge.seen)).toEqual([oidOf(SMALL)]);
});

test("refuses what is no request of LFS' API, with words git-lfs can print", async () => {
  const { forge, ask } = await startLfs();
  const batch = (value: unknown) => ask("POST", "/objects/batch", JSON.stringify(value));
  const object = { oid: oidOf(SMALL), size: SMALL.length };
  const cases: readonly (readonly [Promise<{ status: number; text: string }>, number, string])[] = [
    [ask("POST", "/objects/batch", "{"), 400, "JSON can't be read"],
    [ask("POST", "/objects/batch", " ".repeat(5 * 1024 * 1024)), 413, "more than"],
    [batch([]), 422, "neither upload nor download"],
    [batch({ operation: "upload", objects: 1 }), 422, "no list of objects"],
    [
      batch({ operation: "upload", objects: [{ ...object, oid: `../${object.oid.slice(3)}` }] }),
      422,
      "no SHA-256",
    ],
    [batch({ operation: "upload", objects: [{ ...object, size: -1 }] }), 422, "no SHA-256 or no size"],
    [
      batch({ operation: "upload", objects: Array.from({ length: 1001 }, () => object) }),
      413,
      "more than 1000 objects",
    ],
    [batch({ operation: "upload", transfers: ["tus"], objects: [object] }), 422, "basic transfer only"],
    [batch({ operation: "upload", hash_algo: "sha512", objects: [object] }), 409, "sha256 only"],
    [ask("GET", "/locks"), 404, "no file locks"],
    [ask("POST", "/locks/verify", "{}"), 404, "no file locks"],
    [ask("DELETE", `/objects/${object.oid}/1`), 404, "nothing else"],
    [ask("GET", `/objects/${object.oid}`), 404, "nothing else"],
  ];
  for (const [asked, status, message] of cases) {
    const answer = await asked;
    expect([answer.status, (JSON.parse(answer.text) as { message: string }).message]).toEqual([
      status,
      expect.stringContaining(message),
    ]);
  }
  expect(forge.seen.filter(({ url }) => url.includes("lfs"))).toEqual([]);
});

test("names nothing to the upstream that spells a secret: an object's name is 32 bytes of the agent's choice", async () => {
  const { forge, ask } = await startLfs();
  const spelled = Buffer.from(SECRET.padEnd(64, ".")).toString("hex");
  const objects = [spelled.slice(0, 64), spelled.slice(64)].map((oid) => ({ oid, size: 1 }));
  for (const operation of ["upload", "download"]) {
    const answer = await ask("POST", "/objects/batch", JSON.stringify({ operation, objects }));
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("dlp.known_secret") });
  }
  expect(forge.seen.filter(({ url }) => url.includes("lfs"))).toEqual([]);
});

test("lets no object up where nothing may be pushed", async () => {
  const { forge, clone, ask } = await startLfs({ push: { allow: [] } });
  await clone.commit("objects", { "small.bin": SMALL });
  const pushed = await clone.run(["lfs", "push", "origin", "main"]);
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain("git.ref_not_allowed");
  expect(await ask("PUT", `/objects/${oidOf(SMALL)}/${SMALL.length}`, SMALL)).toMatchObject({ status: 400 });
  expect(LfsServer.puts(forge.seen)).toEqual([]);
});

test("says of each object that is too large that it is, and takes the others", async () => {
  const { ask } = await startLfs();
  const objects = [
    { oid: oidOf(SMALL), size: SMALL.length },
    { oid: oidOf(LARGE), size: 5 * 1024 ** 3 },
  ];
  const answer = await ask("POST", "/objects/batch", JSON.stringify({ operation: "upload", objects }));
  const href = `http://git.bottle/widgets.git/info/lfs/objects/${oidOf(SMALL)}/${SMALL.length}`;
  expect(JSON.parse(answer.text)).toMatchObject({
    objects: [
      { oid: oidOf(SMALL), actions: { upload: { href } } },
      { oid: oidOf(LARGE), error: { code: 422, message: expect.stringContaining("git.too_large") } },
    ],
  });
});

test("takes many objects at once, and the same one twice", async () => {
  const { forge, server, clone, ask } = await startLfs();
  const contents = Array.from({ length: 30 }, () => randomBytes(2000).toString("base64"));
  await clone.commit("objects", Object.fromEntries(contents.map((content, at) => [`${at}.bin`, content])));
  const large = `/objects/${oidOf(LARGE)}/${LARGE.length}`;
  const [pushed, ...answers] = await Promise.all([
    clone.run(["push", "origin", "main"]),
    ask("PUT", large, LARGE),
    ask("PUT", large, LARGE),
  ]);
  expect(pushed).toMatchObject({ code: 0, stderr: expect.not.stringContaining("error") });
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(server.objects.size).toBe(31);
  expect(LfsServer.puts(forge.seen).filter((oid) => oid === oidOf(LARGE)).length).toBe(1);
});

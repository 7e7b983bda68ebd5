import { expect, test } from "vitest";
import { LfsServer } from "../../support/lfs-server.ts";
import { startSshUpstream } from "../../support/ssh-upstream.ts";
import { FORGE, STORE } from "../upstream-client.ts";
import { AUTHORIZATION, oidOf, startLfs, TOKEN } from "./lfs-session.ts";

const CONTENT = Buffer.from("an object\n");
const OBJECT = { oid: oidOf(CONTENT), size: CONTENT.length };
const PATH = `/objects/${OBJECT.oid}/${OBJECT.size}`;

test("sends objects to the store that the upstream names, with what that wants to be shown and nothing of the gate's", async () => {
  const { forge, server, ask } = await startLfs();
  server.action = (name, oid) => ({
    href: `https://${STORE}:${forge.port}/bucket/${oid}?${name}=signed`,
    header: { "x-store": "yes", Host: "evil.example", "Content-Length": "3", "Transfer-Encoding": "chunked" },
  });
  server.handler = ({ authority, method, headers, body }, response) => {
    if (!authority.startsWith(STORE)) return false;
    if (method === "PUT") server.objects.set(OBJECT.oid, body);
    response.writeHead(headers["x-store"] === "yes" && headers.authorization === undefined ? 200 : 403);
    response.end(method === "GET" ? CONTENT : "");
    return true;
  };
  const batch = await ask(
    "POST",
    "/objects/batch",
    JSON.stringify({ operation: "upload", objects: [OBJECT] }),
  );
  expect(batch.text).not.toContain(STORE);
  expect(await ask("PUT", PATH, CONTENT)).toMatchObject({ status: 200 });
  expect(await ask("GET", PATH)).toEqual({ status: 200, text: CONTENT.toString() });
  const atStore = forge.seen.filter(({ authority }) => authority.startsWith(STORE));
  expect(atStore.map(({ method }) => method)).toEqual(["PUT", "POST", "GET"]);
  expect(JSON.stringify(atStore.map(({ headers }) => headers))).not.toContain(TOKEN);
});

test("goes nowhere the upstream may not send it: without TLS, into a private network, with fields that are none", async () => {
  const { forge, server, ask } = await startLfs();
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, ""]));
  const cases: readonly (readonly [href: string, header: Readonly<Record<string, string>>, told: string])[] =
    [
      [`http://${STORE}/x`, {}, "is no https URL"],
      [`https://me@${STORE}/x`, {}, "is no https URL"],
      ["https://127.0.0.1/x", {}, "never dialled"],
      ["https://[::1]/x", {}, "git.upstream_failed"],
      ["https://other.invalid/x", {}, "other.invalid"],
      ["file:///etc/passwd", {}, "is no https URL"],
      [`https://${STORE}/x`, { a: "b\r\nc: d" }, "header field for its LFS objects that is none"],
      [`https://${STORE}/x`, many, "too many header fields"],
    ];
  for (const [href, header, told] of cases) {
    server.action = () => ({ href, header });
    server.objects.set(OBJECT.oid, CONTENT);
    expect(await ask("GET", PATH)).toMatchObject({ status: 502, text: expect.stringContaining(told) });
    server.objects.clear();
    expect(await ask("PUT", PATH, CONTENT)).toMatchObject({
      status: 502,
      text: expect.stringContaining(told),
    });
  }
  expect(LfsServer.puts(forge.seen)).toEqual([]);
});

test("gives no bottle an object that is another than was asked for", async () => {
  const { server, ask } = await startLfs();
  for (const wrong of ["another object\n", "an objecT\n", "an"]) {
    server.objects.set(OBJECT.oid, Buffer.from(wrong));
    await expect(ask("GET", PATH)).rejects.toThrow(/aborted|hang up/);
  }
  server.objects.clear();
  expect(await ask("GET", PATH)).toMatchObject({
    status: 404,
    text: expect.stringContaining("no such object"),
  });
});

test("tells what the upstream said when it fails, and leaves nothing behind", async () => {
  const { server, gate, clone, ask } = await startLfs();
  const answers: readonly (readonly [path: string, status: number, text: string, told: string])[] = [
    [
      "/batch",
      500,
      '{"message":"the disk is\\u001b[31m full"}',
      "answers 500 to LFS (the batch API): the disk is\\u{1b}[31m full",
    ],
    ["/batch", 200, "<html>", "JSON can't be read"],
    ["/batch", 200, '{"transfer":"tus","objects":[]}', "in another way"],
    ["/batch", 200, '{"objects":[]}', "says nothing of this object"],
    ["/batch", 200, `{"objects":[{"oid":"${OBJECT.oid}","error":{"code":507,"message":"quota"}}]}`, "quota"],
    ["/store/", 507, "", "answers 507 to LFS"],
  ];
  for (const [path, status, text, told] of answers) {
    server.handler = ({ url }, response) => {
      if (!url.includes(path)) return false;
      response.writeHead(status, { "content-type": "application/vnd.git-lfs+json" });
      response.end(text);
      return true;
    };
    const answer = await ask("PUT", PATH, CONTENT);
    expect([answer.status, (JSON.parse(answer.text) as { message: string }).message]).toEqual([
      502,
      expect.stringContaining(told),
    ]);
  }
  await clone.commit("objects", { "an.bin": CONTENT });
  const pushed = await clone.run(["push", "origin", "main"]);
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain("git.upstream_failed");
  server.handler = undefined;
  expect(await ask("PUT", PATH, CONTENT)).toMatchObject({ status: 200 });
  expect(gate.events).toContainEqual(
    expect.objectContaining({ event: "lfs", verdict: "block", code: "git.upstream_failed" }),
  );
});

test("finds the LFS of an ssh upstream by git-lfs-authenticate, with its key and what that answers", async () => {
  const ssh = await startSshUpstream();
  try {
    await ssh.createRepo("widgets");
    const { forge, server, ask } = await startLfs(
      { url: ssh.url("widgets", FORGE), hostKey: ssh.hostKey, key: { provider: "static", path: "/unused" } },
      ssh,
    );
    expect(await ask("PUT", PATH, CONTENT)).toMatchObject({
      status: 502,
      text: expect.stringContaining("git-lfs-authenticate"),
    });
    const header = { Authorization: AUTHORIZATION };
    ssh.lfsAuthenticate(JSON.stringify({ href: `http://${FORGE}/team/widgets.git/info/lfs`, header }));
    expect(await ask("PUT", PATH, CONTENT)).toMatchObject({
      status: 502,
      text: expect.stringContaining("no https URL"),
    });
    ssh.lfsAuthenticate(
      JSON.stringify({ href: `https://${FORGE}:${forge.port}/team/widgets.git/info/lfs/`, header }),
    );
    expect(await ask("PUT", PATH, CONTENT)).toMatchObject({ status: 200 });
    expect(server.objects.has(OBJECT.oid)).toBe(true);
    expect(await ask("GET", PATH)).toEqual({ status: 200, text: CONTENT.toString() });
    const asked = ssh.commands().filter((command) => command.startsWith("git-lfs"));
    expect(asked).toEqual([
      ...Array.from({ length: 3 }, () => "git-lfs-authenticate '/team/widgets.git' upload"),
      "git-lfs-authenticate '/team/widgets.git' download",
    ]);
  } finally {
    await ssh.close();
  }
});

import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { fieldValue } from "../../src/policy/headers.ts";
import { beginningOf, type HttpClient } from "../../src/sidecar/git-gate/upstream/http-client.ts";
import { connectHttp } from "../../src/sidecar/git-gate/upstream/smart-http.ts";
import { lineOf, type PacketReader, packet } from "../../src/sidecar/git-gate/wire/pkt-line.ts";
import {
  type HttpsGitOptions,
  type HttpsGitUpstream,
  startHttpsGitUpstream,
} from "../support/https-git-upstream.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { credentials, FORGE, httpClient } from "./upstream-client.ts";

const TOKEN = "a token of the test's";
const CHUNK = Buffer.alloc(64 * 1024, "x");

async function origin(): Promise<{
  readonly client: HttpClient;
  readonly port: number;
  readonly seen: Origin["seen"];
}> {
  const started = await startOrigin({ credentials });
  onTestFinished(() => started.close());
  return { client: httpClient({ [`${FORGE}:${started.port}`]: started.address }), ...started };
}

/** A server whose answers the test writes itself. */
async function server(
  listener: Parameters<typeof createServer>[1],
): Promise<{ readonly client: HttpClient; readonly port: number }> {
  const started = createServer(credentials, listener);
  await new Promise<void>((resolve) => {
    started.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    started.closeAllConnections();
    started.close();
  });
  const { port } = started.address() as AddressInfo;
  return { client: httpClient({ [`${FORGE}:${port}`]: `127.0.0.1:${port}` }), port };
}

const to = (port: number) =>
  ({ origin: { scheme: "https", host: FORGE, port }, fields: [], repeatable: false }) as const;

async function* chunks(count: number, tell: (sent: number) => void = () => {}): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < count; sent++) {
    tell(sent);
    yield CHUNK;
  }
}

test("sends a body with its length, or chunked where nobody knows it, and gives the answer's head and body", async () => {
  const { client, port, seen } = await origin();
  for (const body of [
    Buffer.from("whole"),
    { source: chunks(3), length: 3 * CHUNK.length },
    { source: chunks(3), length: undefined },
  ]) {
    const answer = await client.request({ ...to(port), method: "POST", target: "/echo?a=b", body });
    expect(answer.status).toBe(200);
    expect(fieldValue(answer.fields, "content-type")).toBe("application/json");
    expect(JSON.parse(await beginningOf(answer.body, 1e6))).toMatchObject({
      url: "/echo?a=b",
      authority: `${FORGE}:${port}`,
    });
  }
  expect(seen.map(({ body }) => body.length)).toEqual([5, 3 * CHUNK.length, 3 * CHUNK.length]);
  expect(seen.map(({ headers }) => headers["content-length"])).toEqual([
    "5",
    String(3 * CHUNK.length),
    undefined,
  ]);
});

test("lets no body go on that is longer or shorter than it said", async () => {
  const { client, port, seen } = await origin();
  for (const length of [CHUNK.length, 4 * CHUNK.length]) {
    const body = { source: chunks(3), length };
    await expect(client.request({ ...to(port), method: "PUT", target: "/", body })).rejects.toThrow(
      /er than it said/,
    );
  }
  const failing = async function* () {
    yield CHUNK;
    throw new Error("the pack could not be made");
  };
  const body = { source: failing(), length: undefined };
  await expect(client.request({ ...to(port), method: "PUT", target: "/", body })).rejects.toThrow(
    "the pack could not be made",
  );
  expect(seen).toEqual([]);
});

test("makes no more of a body than the server takes, and reads no more of an answer than is wanted", async () => {
  const arrived = Promise.withResolvers<IncomingMessage>();
  let written = 0;
  const { client, port } = await server((request, response) => {
    request.pause();
    arrived.resolve(request);
    request.on("end", () => {
      const more = () => {
        for (; written < 1500; written++) {
          if (response.writableNeedDrain) {
            response.once("drain", more);
            return;
          }
          response.write(CHUNK);
        }
        response.end();
      };
      more();
    });
  });
  let sent = 0;
  const source = chunks(1000, (count) => {
    sent = count;
  });
  const body = { source, length: undefined };
  const answering = client.request({ ...to(port), method: "POST", target: "/", body });
  const request = await arrived.promise;
  await quiet(() => sent);
  expect(sent).toBeLessThan(500);
  request.resume();
  const answer = await answering;
  expect(sent).toBe(999);
  await quiet(() => written);
  expect(written).toBeLessThan(750);
  let got = 0;
  for await (const bytes of answer.body as AsyncIterable<Buffer>) got += bytes.length;
  expect(got).toBe(1500 * CHUNK.length);
});

/** Resolves when a count has not changed over many turns of the event loop. */
async function quiet(count: () => number): Promise<void> {
  for (let same = 0, last = -1; same < 50; ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 5);
    await promise;
    same = count() === last ? same + 1 : 0;
    last = count();
  }
}

test("says which host gave no whole answer, and follows no redirect", async () => {
  const { client, port } = await server((request, response) => {
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    } else if (request.url === "/moved") response.writeHead(302, { location: "/elsewhere" }).end();
    else request.socket.destroy();
  });
  const cut = await client.request({ ...to(port), method: "GET", target: "/cut" });
  await expect(beginningOf(cut.body, 1000)).rejects.toThrow("The upstream gave no whole answer");
  expect((await client.request({ ...to(port), method: "GET", target: "/moved" })).status).toBe(302);
  await expect(client.request({ ...to(port), method: "GET", target: "/gone" })).rejects.toThrow(
    "no whole answer",
  );
  const elsewhere = { ...to(port), origin: { scheme: "https", host: "10.1.2.3", port } } as const;
  await expect(client.request({ ...elsewhere, method: "GET", target: "/" })).rejects.toThrow("never dialled");
});

test("asks again over a new connection where the server has closed the kept one, and only what may be asked twice", async () => {
  let requests = 0;
  const { client, port } = await server((request, response) => {
    requests++;
    // Answers one request a connection, and closes it when the second comes.
    const first = Reflect.get(request.socket, "served") === undefined;
    Reflect.set(request.socket, "served", true);
    if (first) response.end("ok");
    else request.socket.destroy();
  });
  const ask = async (repeatable: boolean) => {
    const answer = await client.request({
      ...to(port),
      method: "POST",
      target: "/",
      body: Buffer.from("x"),
      repeatable,
    });
    return beginningOf(answer.body, 10);
  };
  expect(await ask(true)).toBe("ok");
  expect(await ask(true)).toBe("ok");
  expect(requests).toBe(3);
  expect(await ask(false)).toBe("ok");
  expect(requests).toBe(4);
});

test("stops when nobody waits any more", async () => {
  const { client, port } = await origin();
  const given = new AbortController();
  const waiting = client.request({ ...to(port), method: "GET", target: "/hang", signal: given.signal });
  given.abort(new Error("the client has gone"));
  await expect(waiting).rejects.toThrow("the client has gone");
  await expect(
    client.request({ ...to(port), method: "GET", target: "/", signal: given.signal }),
  ).rejects.toThrow("the client has gone");
});

async function forge(handler?: HttpsGitOptions["handler"]): Promise<{
  readonly forge: HttpsGitUpstream;
  connect(token?: string, path?: string): ReturnType<typeof connectHttp>;
}> {
  const started = await startHttpsGitUpstream({ credentials, token: TOKEN, ...(handler ? { handler } : {}) });
  onTestFinished(() => started.close());
  await started.createRepo("widgets");
  const client = httpClient({ [`${FORGE}:${started.port}`]: started.address });
  return {
    forge: started,
    connect: (token = TOKEN, path = "/team/widgets.git") => {
      const upstream = { scheme: "https", user: undefined, host: FORGE, port: started.port, path } as const;
      return connectHttp(client, upstream, new Secret("FORGE_TOKEN", token));
    },
  };
}

async function linesOf(reader: PacketReader): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let read = await reader.next(); Buffer.isBuffer(read); read = await reader.next())
    lines.push(lineOf(read));
  return lines;
}

test("fetches a pack and changes a ref at a forge over HTTPS, with its token", async () => {
  const { forge: up, connect } = await forge();
  const main = await up.git("widgets", ["rev-parse", "main"]);
  const fetching = await connect()("git-upload-pack");
  const refs = await linesOf(fetching.advertisement);
  expect(refs.at(-1)).toBe(`${main} refs/heads/main`);
  const answer = await fetching.ask(
    (async function* () {
      yield packet(`want ${main} ofs-delta\n`);
      yield Buffer.from("0000");
      yield packet("done\n");
    })(),
  );
  expect(lineOf((await answer.next()) as Buffer)).toBe("NAK");
  const pack: Buffer[] = [];
  for await (const bytes of answer.rest()) pack.push(bytes);
  expect(Buffer.concat(pack).toString("latin1", 0, 4)).toBe("PACK");
  fetching.close();

  const pushing = await connect()("git-receive-pack");
  await linesOf(pushing.advertisement);
  const report = await pushing.ask(
    (async function* () {
      yield packet(`${"0".repeat(40)} ${main} refs/heads/other\0report-status`);
      yield Buffer.from("0000");
      // An empty pack, with its checksum.
      yield Buffer.from("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e", "hex");
    })(),
  );
  expect(await linesOf(report)).toEqual(["unpack ok", "ok refs/heads/other"]);
  pushing.close();
  expect(await up.git("widgets", ["rev-parse", "other"])).toBe(main);
  expect(await pushing.reason()).toBe("");
});

test("follows a redirect to where the forge keeps the repository, and takes its token nowhere else", async () => {
  const elsewhere: string[] = [];
  const { forge: up, connect } = await forge(({ url, authority }, response) => {
    elsewhere.push(authority);
    const [path = "", query = ""] = url.split("?");
    const moved: Record<string, string> = {
      "/old/widgets": `/team/widgets.git/info/refs?${query}`,
      "/loop": `/loop/info/refs?${query}`,
      "/out": `https://store.example.net/team/widgets.git/info/refs?${query}`,
      "/plain": `http://${FORGE}/team/widgets.git/info/refs?${query}`,
      "/login": "/users/sign_in",
    };
    const location = moved[path.replace("/info/refs", "")];
    if (location === undefined) return false;
    response.writeHead(301, { location });
    response.end();
    return true;
  });
  const pushing = await connect(TOKEN, "/old/widgets")("git-receive-pack");
  expect((await linesOf(pushing.advertisement)).length).toBe(1);
  pushing.close();
  expect(up.seen.at(-1)?.url).toBe("/team/widgets.git/info/refs?service=git-receive-pack");
  await expect(connect(TOKEN, "/loop")("git-upload-pack")).rejects.toThrow("redirects more than 3 times");
  for (const path of ["/out", "/plain", "/login"])
    await expect(connect(TOKEN, path)("git-upload-pack")).rejects.toThrow("write the repository's own URL");
  expect(new Set(elsewhere)).toEqual(new Set([`${FORGE}:${up.port}`]));
});

test("says what the forge says, printable, where it lets the gate not in or isn't git's", async () => {
  const answers: Record<string, readonly [number, string, string]> = {
    "/denied": [403, "text/plain; charset=utf-8", "The token\u001b[31m may\r\nonly read.\n"],
    "/page": [200, "text/html", "<html>Sign in</html>"],
    "/html": [404, "text/html", "<html>Not here</html>"],
    "/dumb": [200, "application/x-git-upload-pack-advertisement", `${"0".repeat(40)}\trefs/heads/main\n`],
    "/long": [500, "text/plain", "long ".repeat(1000)],
  };
  const { connect } = await forge(({ url }, response) => {
    const found = answers[url.split("/info/refs")[0] ?? ""];
    if (found === undefined) return false;
    const [status, type, text] = found;
    response.writeHead(status, { "content-type": type });
    response.end(text);
    return true;
  });
  const refusal = async (path: string, token = TOKEN) => {
    const refused: unknown = await connect(token, path)("git-upload-pack").catch((error: unknown) => error);
    return refused instanceof Error ? refused.message : "";
  };
  expect(await refusal("/team/widgets.git", "wrong")).toBe(
    `${FORGE} does not take the gate's token (401): who are you?`,
  );
  expect(await refusal("/team/none.git")).toContain(
    "has no such repository, or none for the gate's token (404)",
  );
  expect(await refusal("/denied")).toBe(
    `${FORGE} does not let the gate's token do this (403): The token\\u{1b}[31m may\\u{d}\\u{a}only read.`,
  );
  expect(await refusal("/page")).toBe(`${FORGE} answers with text/html, which is no answer of git's.`);
  expect(await refusal("/html")).not.toContain("Not here");
  expect(await refusal("/dumb")).toBe(`${FORGE} does not speak git's smart protocol.`);
  expect((await refusal("/long")).length).toBeLessThan(1200);
});

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { startNpmRegistry } from "../support/npm-registry.ts";
import { TestCa } from "../support/pki.ts";
import { STARTERS } from "../support/program.ts";

const ca = new TestCa();

const BOTTLE = `
agent_provider: {template: command}
supervise: false
env: {npm_config_registry: "https://packages.example.com/", npm_config_update_notifier: "false"}
egress:
  routes:
    - host: api.example.com
      auth: {scheme: Bearer, token_ref: API_TOKEN}
    - host: packages.example.com
    - host: code.example.com
      git: {fetch: true}
    - host: closed.example.com
    - host: plain.example.com
      ports: [80]
`;
const TOKEN = "tools-real-token-31c7";

/** A program that speaks TLS through Go's own library, by the names people have. */
const GO_PROGRAMS = [
  {
    name: "kubectl",
    args: ["--server=https://api.example.com", "--token=placeholder", "get", "--raw", "/go"],
  },
] as const;

const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

const RUST = `
use std::io::{Read, Write};
fn main() {
    let mut s = std::net::TcpStream::connect("plain.example.com:80").expect("connect");
    s.write_all(b"GET /rust HTTP/1.1\\r\\nHost: plain.example.com\\r\\nConnection: close\\r\\n\\r\\n").expect("write");
    let mut text = String::new();
    s.read_to_string(&mut text).expect("read");
    print!("{}", text);
}
`;

describe.each(STARTERS)("in a bottle started by %s, with no proxy variable set,", (starter) => {
  let home: BottleHome;
  let api: Origin;
  let plain: Origin;
  let packages: Origin;
  let code: GitServer;
  beforeAll(async () => {
    api = await startOrigin({ credentials: ca.leaf(["api.example.com"]) });
    plain = await startOrigin({});
    packages = await startNpmRegistry(ca.leaf(["packages.example.com"]), "packages.example.com");
    code = await startGitServer(ca.leaf(["code.example.com", "closed.example.com"]));
    home = new BottleHome({
      starter,
      bottles: { dev: BOTTLE },
      ca: ca.cert,
      resolve: {
        "api.example.com:443": api.address,
        "plain.example.com:80": plain.address,
        "packages.example.com:443": packages.address,
        "code.example.com:443": code.address,
        "closed.example.com:443": code.address,
      },
      env: { API_TOKEN: TOKEN },
    });
  });
  afterAll(async () => {
    await home?.dispose();
    await Promise.all([api, plain, packages, code].map((origin) => origin?.close()));
  });

  const arrived = (origin: Origin, path: string) => origin.seen.find(({ url }) => url === path);

  it("no proxy variable is there", async () => {
    const { stdout } = await home.run(["env"]);
    expect(stdout).not.toMatch(/_proxy=/i);
  });

  it.each([
    ["HTTP/1.1", "--http1.1"],
    ["HTTP/2", "--http2"],
  ])("curl works over %s", async (_version, flag) => {
    const path = `/curl${flag}`;
    const { code: exit, stdout } = await home.run([
      "curl",
      "-sS",
      flag,
      "-d",
      "hello",
      `https://api.example.com${path}`,
    ]);
    expect([exit, JSON.parse(stdout)]).toMatchObject([0, { method: "POST", body: "hello" }]);
    expect(arrived(api, path)?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("curl reads why it was refused", async () => {
    const { stdout } = await home.run(["curl", "-sS", "-i", "https://elsewhere.example.org/x"]);
    expect(stdout).toMatch(/^HTTP\/\S+ 403/);
    expect(stdout).toMatch(/x-bot-bottle-verdict: egress\.host_not_allowed/i);
    expect(stdout).toContain("application/problem+json");
  });

  it("Server-Sent Events and large bodies stream through curl", async () => {
    const { stdout } = await home.run([
      "sh",
      "-c",
      "curl -sS -N https://api.example.com/sse?n=3; curl -sS https://api.example.com/big?bytes=3000000 | wc -c",
    ]);
    expect(stdout).toContain("data: 2");
    expect(stdout.trim().endsWith("3000000")).toBe(true);
  });

  it("git clones where the route says git.fetch, and can't push there", async () => {
    const before = code.head();
    const {
      code: exit,
      stdout,
      stderr,
      records,
    } = await home.run([
      "sh",
      "-c",
      `git clone -q https://code.example.com/team/widgets.git w && cat w/README.md && cd w &&
       git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m x && git push origin HEAD:refs/heads/agent/x; echo "push $?"`,
    ]);
    expect([exit, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^widgets\npush [1-9]/),
      expect.stringContaining("403"),
    ]);
    expect(code.head()).toBe(before);
    expect(records).toContainEqual(
      expect.objectContaining({ verdict: "block", code: "egress.git_push_blocked" }),
    );
  });

  it("git can't clone where the route does not say so", async () => {
    const { stdout, records } = await home.run([
      "sh",
      "-c",
      'git clone -q https://closed.example.com/team/widgets.git w; echo "clone $?"',
    ]);
    expect(stdout).toMatch(/clone [1-9]/);
    expect(records).toContainEqual(
      expect.objectContaining({ verdict: "block", code: "egress.git_fetch_blocked" }),
    );
  });

  it("npm installs a package", async () => {
    const {
      code: exit,
      stdout,
      stderr,
    } = await home.run(["npm", "install", "--no-audit", "--no-fund", "tiny-words"], {
      flags: ["--workspace", home.workspace({ "package.json": "{}" }, "npm-project")],
      seconds: 300,
    });
    expect([exit, stdout, stderr]).toEqual([
      0,
      expect.stringContaining("added 1 package"),
      expect.any(String),
    ]);
    expect(arrived(packages, "/tiny-words")).toBeDefined();
  });

  it("node fetches", async () => {
    const script =
      'const r = await fetch("https://api.example.com/node"); console.log(r.status, (await r.json()).method)';
    const { stdout, stderr } = await home.run(["node", "--input-type=module", "-e", script]);
    expect([stdout, stderr]).toEqual(["200 GET\n", expect.any(String)]);
    expect(arrived(api, "/node")?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("Python's urllib works", async (test) => {
    test.skip(!existsSync("/usr/bin/python3"), "there is no /usr/bin/python3");
    const script = 'import urllib.request as u; print(u.urlopen("https://api.example.com/python").status)';
    const { stdout, stderr } = await home.run(["/usr/bin/python3", "-c", script]);
    expect([stdout, stderr]).toEqual(["200\n", expect.any(String)]);
  });

  it("a Rust binary works by name and over plain HTTP", async (test) => {
    test.skip(!has("rustc"), "there is no rustc to build it");
    const workspace = home.workspace({ "main.rs": RUST }, "rust-project");
    const built = spawnSync("rustc", ["-O", "-o", join(workspace, "probe"), join(workspace, "main.rs")], {
      encoding: "utf8",
    });
    expect([built.status, built.stderr]).toEqual([0, ""]);
    home.own(join(workspace, "probe"));
    const { stdout } = await home.run(["/workspace/probe"], { flags: ["--workspace", workspace] });
    expect(stdout).toMatch(/^HTTP\/1\.1 200/);
    expect(arrived(plain, "/rust")).toBeDefined();
  });

  for (const { name, args } of GO_PROGRAMS) {
    it(`a Go binary works: ${name}`, async (test) => {
      test.skip(!has(name), `there is no ${name}`);
      const found = spawnSync("sh", ["-c", `readlink -f "$(command -v ${name})"`], {
        encoding: "utf8",
      }).stdout.trim();
      const workspace = home.workspace({}, "go-project");
      copyFileSync(found, join(workspace, name));
      home.own(join(workspace, name));
      const {
        code: exit,
        stdout,
        stderr,
      } = await home.run([`/workspace/${name}`, ...args], { flags: ["--workspace", workspace] });
      expect([exit, stdout, stderr]).toEqual([0, expect.stringContaining('"url":"/go"'), expect.any(String)]);
    });
  }
});

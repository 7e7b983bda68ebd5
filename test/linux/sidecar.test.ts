import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenario, userFolder } from "./ordinary-user.ts";

const PROBE = `
const fs = require("fs"), net = require("net"), dns = require("dns"), { spawnSync } = require("child_process");
const tried = (what) => { try { return what() } catch (error) { return error.code ?? error.message } };
const dial = (options) => new Promise((done) => net.connect(options, () => done("connected")).on("error", (e) => done(e.code)));
process.once("message", async ({ hello }) => {
  const abstract = await dial({ path: "\\0bottle-abstract" });
  console.log("printed");
  fs.writeSync(7, "journal line\\n");
  process.send({
    hello,
    root: fs.readdirSync("/"), etc: fs.readdirSync("/etc"), code: fs.readdirSync("/opt/bot-bottle"),
    usr: fs.readdirSync("/usr"), processes: fs.readdirSync("/proc").filter((name) => /^[0-9]/.test(name)),
    env: Object.keys(process.env).filter((name) => name !== "PWD"),
    status: Object.fromEntries(fs.readFileSync("/proc/self/status", "utf8").match(/^(Cap|NoNew|Seccomp:).*$/gm).map((line) => line.split(/:\\s+/))),
    core: fs.readFileSync("/proc/self/limits", "utf8").match(/Max core file size +([0-9]+) +([0-9]+)/).slice(1),
    writes: ["/x", "/usr/x", "/etc/x", "/opt/bot-bottle/x", "/dev/x"].map((path) => tried(() => fs.writeFileSync(path, "x"))),
    tmp: tried(() => fs.writeFileSync("/tmp/x", Buffer.alloc(8 * 1024 * 1024))),
    spawned: spawnSync("/opt/node", ["-e", "0"]).error?.code,
    unix: await dial({ path: "/tmp/none" }), abstract,
    tcp: await dial({ host: "127.0.0.1", port: 9 }),
    name: await new Promise((done) => dns.lookup("localhost", (error, address) => done(error?.code ?? address))),
  });
  process.disconnect();
});
`;

interface Report {
  readonly said: Readonly<Record<string, unknown>>;
  readonly exit: number;
  readonly printed: string;
  readonly journal: string;
}

const abstract = createServer();
let report: Report;

beforeAll(async () => {
  await new Promise<void>((resolve) => abstract.listen("\0bottle-abstract", resolve));
  const folder = userFolder();
  const code = join(folder, "code");
  mkdirSync(code);
  writeFileSync(join(code, "sidecar.js"), PROBE);
  copyFileSync(join(import.meta.dirname, "../../src/backends/linux/enter.pl"), join(code, "enter.pl"));
  writeFileSync(join(folder, "journal"), "");
  chmodSync(join(folder, "journal"), 0o666);
  const input = { code, scratch: join(folder, "scratch"), journal: join(folder, "journal") };
  report = (await scenario("sidecar", input)) as Report;
});

afterAll(() => abstract.close());

describe("the sidecar", () => {
  it("talks over its channel, its pipes and the descriptors given to it", () => {
    expect(report).toMatchObject({
      exit: 0,
      printed: "printed\n",
      journal: "journal line\n",
      said: { hello: "sidecar" },
    });
  });

  it("sees node, libraries, our code and a few files of /etc, and no process but its own", () => {
    const { root, code, usr, processes, etc, env } = report.said;
    expect(root).toEqual(expect.arrayContaining(["dev", "etc", "lib", "opt", "proc", "tmp", "usr"]));
    for (const name of ["home", "root", "run", "var", "sys", "bin", "work"]) expect(root).not.toContain(name);
    expect(code).toEqual(["enter.pl", "sidecar.js"]);
    expect(usr).not.toContain("bin");
    expect(etc).not.toContain("passwd");
    expect(processes).toEqual(["1", "2"]);
    expect(env).toEqual([]);
  });

  it("has no capability, no way to new ones, and a seccomp filter of its own", () => {
    expect(report.said.status).toEqual({
      CapInh: "0000000000000000",
      CapPrm: "0000000000000000",
      CapEff: "0000000000000000",
      CapBnd: "0000000000000000",
      CapAmb: "0000000000000000",
      NoNewPrivs: "1",
      Seccomp: "2",
    });
  });

  it("writes nowhere but to a small /tmp, dumps no core and starts no program", () => {
    const { writes, tmp, core, spawned } = report.said;
    expect(writes).toEqual(["EROFS", "EROFS", "EROFS", "EROFS", "EROFS"]);
    expect(tmp).toBe("ENOSPC");
    expect(core).toEqual(["0", "0"]);
    expect(spawned).toBe("EPERM");
  });

  it("can dial no unix socket of the host, abstract ones included, and can use the network", () => {
    const { unix, abstract: dialled, tcp, name } = report.said;
    expect(unix).toBe("EAFNOSUPPORT");
    expect(dialled).toBe("EAFNOSUPPORT");
    expect(tcp).toBe("ECONNREFUSED");
    expect(name).toBe("127.0.0.1");
  });
});

import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { BottleHome, type HomeOptions } from "../support/bottle.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { hideProgram, privateMounts, smallHome } from "../support/private-mounts.ts";
import { STARTERS } from "../support/program.ts";
import { expectRefused, watched } from "./refused.ts";

const ca = new TestCa();
const isRoot = process.getuid?.() === 0;
const DEV = `
agent_provider: {template: command}
supervise: false
egress:
  routes:
    - host: api.example.com
`;
const RUN = ["run", "--bottle", "dev", "--yes", "--", "true"];

const PACKAGES: Readonly<Record<string, string>> = {
  bwrap: "bubblewrap",
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
};

describe.each(STARTERS)("on a machine that lacks something, started by %s", (starter) => {
  let home: BottleHome;
  let origin: Origin | undefined;
  afterEach(async () => {
    await home.dispose();
    await origin?.close();
    origin = undefined;
  });
  const homeWith = (options: Omit<HomeOptions, "starter"> = {}) => {
    home = new BottleHome({ starter, bottles: { dev: DEV }, ...options });
    mkdirSync(join(home.folder, "tmp"));
    home.own(join(home.folder, "tmp"));
    return home;
  };
  const listed = (path: string) => readdirSync(join(home.folder, path));

  it.each(Object.entries(PACKAGES))(
    "without %s it names the package %s, and nothing is left",
    async (tool, from) => {
      homeWith({ enter: privateMounts(`${hideProgram(tool)}; exec "$@"`) });
      const result = await watched(home, RUN);
      expectRefused(home, result, {
        code: 125,
        says: [
          new RegExp(`^bot-bottle: ${tool} is not installed$`, "m"),
          new RegExp(`→ sudo apt install ${from}$`, "m"),
        ],
      });
      const doctor = await home.cli(["doctor"]);
      expect(doctor.stdout).toMatch(new RegExp(`✗ ${tool} .*not installed\\n.*sudo apt install ${from}`));
      expect(doctor.code).toBe(1);
    },
  );

  it("with a disk too small for the workspace it says so, and no part of the copy is left", async () => {
    homeWith({ enter: privateMounts(smallHome("1m")) });
    const workspace = home.workspace({ big: "x".repeat(3_000_000) });
    const result = await watched(home, [
      ...["run", "--bottle", "dev", "--yes", "--workspace", workspace, "--", "true"],
    ]);
    expectRefused(home, result, { code: 125, says: [/disk that holds .* is full/, /→ make room/] });
    for (const folder of ["state", "journal", "run"]) expect(listed(`after/${folder}`)).toEqual([]);
  });

  it("with a disk that fills up it stops the bottle rather than let it go on unrecorded, and keeps its work", async () => {
    origin = await startOrigin({ credentials: ca.leaf(["api.example.com"]) });
    homeWith({
      enter: privateMounts(smallHome("1m")),
      ca: ca.cert,
      resolve: { "api.example.com:443": origin.address },
    });
    const work = `
      echo work > /workspace/note
      cat /dev/zero > /workspace/fill 2> /dev/null
      i=0; while [ $i -lt 200 ]; do curl -s -o /dev/null https://api.example.com/$i; i=$((i + 1)); done
      echo went on unrecorded`;
    const result = await watched(home, ["run", "--bottle", "dev", "--yes", "--", "sh", "-c", work]);
    // one of the three found no room first: the state's file, the request's record, the end's record
    expect(result.stderr).toMatch(/ was ended: .*could not be (written|recorded): ENOSPC/);
    expect(result.stderr).toMatch(/→ make room/);
    expect(result.stderr).toMatch(/go on with: bot-bottle resume/);
    expect(result.stderr).not.toMatch(/^ {4}at /m);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 125, stdout: "" });
    expect(result.survivors).toEqual([]);
    const [id = ""] = listed("after/state");
    expect(listed(`after/state/${id}/workspace`).sort()).toEqual(["fill", "note"]);
    expect(listed("after/run")).toEqual([]);

    const after = new BottleHome({ starter, env: { BOT_BOTTLE_HOME: join(home.folder, "after") } });
    try {
      const verified = await after.cli(["audit", "verify"]);
      expect({ code: verified.code, stdout: verified.stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^ok /),
      });
      const shown = await after.cli(["audit", "show", id, "--json"]);
      const recorded = shown.stdout.split("\n").filter((line) => line.includes('"kind":"request"')).length;
      // the one whose record found no room may have been answered
      expect(origin.seen.length - recorded).toBeLessThanOrEqual(1);
      expect(origin.seen.length).toBeLessThan(200);
    } finally {
      await after.dispose();
    }
  });

  it("with a home on a read-only disk it says so, and nothing is left", async () => {
    const readOnly =
      'mount --bind "$BOT_BOTTLE_HOME" "$BOT_BOTTLE_HOME"; mount -o remount,bind,ro "$BOT_BOTTLE_HOME"';
    homeWith({ enter: privateMounts(`${readOnly}; exec "$@"`) });
    const refusal = { code: 125, says: [/home can't be written: .*EROFS/, /→ set BOT_BOTTLE_HOME/] };
    expectRefused(home, await watched(home, RUN), refusal);
    expect(home.ids()).toEqual([]);
  });

  it("with a home of another user's it says so, and nothing is left", async () => {
    homeWith();
    mkdirSync(join(home.home, "state"), { mode: 0o700 });
    if (isRoot) chownSync(join(home.home, "state"), 54_321, 54_321);
    else chmodSync(home.home, 0o500);
    const result = await watched(home, RUN);
    chmodSync(home.home, 0o700);
    rmSync(join(home.home, "state"), { recursive: true });
    expectRefused(home, result, {
      code: 125,
      says: [/belongs to another user|can't be written|permission denied/, /→ .*BOT_BOTTLE_HOME/],
    });
    expect(home.ids()).toEqual([]);
  });

  it("with a home in the way of which a file stands it says so, and nothing is left", async () => {
    homeWith();
    const file = home.write("file", "x");
    const result = await watched(home, ["run", "--", "true"], {
      env: { BOT_BOTTLE_HOME: join(file, "home") },
    });
    expectRefused(home, result, { code: 125, says: [/file\/home/, /→ .*BOT_BOTTLE_HOME/] });
  });

  it("with a home whose path is too long for a socket it says so, and nothing is left", async () => {
    homeWith();
    const long = join(home.folder, "l".repeat(90));
    mkdirSync(long, { mode: 0o700 });
    home.own(long);
    const result = await watched(home, ["run", "--", "true"], { env: { BOT_BOTTLE_HOME: long } });
    expectRefused(home, result, { code: 125, says: [/control socket/, /→ .*107 bytes.*BOT_BOTTLE_HOME/] });
    for (const folder of ["state", "journal", "run"]) expect(readdirSync(join(long, folder))).toEqual([]);
  });

  it("with something else where its control socket goes it starts, and clears up", async () => {
    homeWith();
    const bottle = await home.launch();
    const ended = await bottle.stop();
    expect(ended.code).not.toBe(0);
    const socket = join(home.home, "run", `${bottle.id}.sock`);
    writeFileSync(socket, "left by a launcher that died");
    home.own(socket);
    const again = home.begin(["resume", bottle.id, "--yes"]);
    while (home.phase(bottle.id) !== "running") await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await bottle.exec(["true"])).code).toBe(0);
    expect((await home.cli(["stop", bottle.id])).code).toBe(0);
    await again.exited;
    expect(readdirSync(join(home.home, "run"))).toEqual([]);
  });

  it("with one port wanted by two bottles at once both get it", async () => {
    const served = await startOrigin({ credentials: ca.leaf(["api.example.com"]) });
    origin = served;
    homeWith({
      bottles: { dev: `${DEV}      ports: [8443]` },
      ca: ca.cert,
      resolve: { "api.example.com:8443": served.address },
    });
    const bottles = await Promise.all([home.launch(), home.launch()]);
    const call = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "https://api.example.com:8443/"];
    const answers = await Promise.all(bottles.map((bottle) => bottle.exec(call)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(["200", "200"]);
  });
});

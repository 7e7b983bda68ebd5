import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BottleHome, type Result } from "../support/bottle.ts";
import { startOrigin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { STARTERS } from "../support/program.ts";

const ca = new TestCa();
const GOOD = "agent_provider: {template: command}\nsupervise: false";
const isRoot = process.getuid?.() === 0;

describe.each(STARTERS)("told something wrong by %s, bot-bottle", (starter) => {
  let home: BottleHome;
  beforeEach(() => {
    home = new BottleHome({ starter, bottles: { dev: GOOD } });
  });
  afterEach(() => home.dispose());

  /** One clear message with the mend, the exit code, and nothing left behind. */
  const refused = (result: Result, code: number, ...texts: readonly (string | RegExp)[]) => {
    expect([result.code, result.stderr]).toEqual([code, expect.any(String)]);
    for (const text of texts) expect(result.stderr).toMatch(text);
    expect(result.stderr).not.toMatch(/\n +at .*:\d+:\d+/);
    expect(result.stdout).toBe("");
    const state = join(home.home, "state");
    expect(existsSync(state) ? readdirSync(state) : []).toEqual([]);
  };

  it("shows broken YAML with file, line, column and the line itself", async () => {
    home.writeBottle("dev", "egress:\n  routes: [\n    - host: x");
    refused(await home.run(["true"]), 2, /dev\.md:\d+:\d+/);
  });

  it("shows every error of every file at once, with what was meant", async () => {
    home.writeBottle("dev", "egres: {}\nsupervise: maybe");
    home.writeBottle("other", "env: {A: 1}\nlimit: {}");
    const result = await home.cli(["validate"]);
    refused(result, 2, /`?egres`?/, /egress/, /supervise/, /other\.md/, /limits/);
  });

  it("says which token variable is missing, and who needs it", async () => {
    home.writeBottle(
      "dev",
      `${GOOD}\negress:\n  routes:\n    - host: api.example.com\n      auth: {scheme: Bearer, token_ref: NOT_SET_TOKEN}`,
    );
    refused(await home.run(["true"]), 2, /NOT_SET_TOKEN/, /api\.example\.com/);
  });

  it("says which host variable of env is missing", async () => {
    home.writeBottle("dev", `${GOOD}\nenv: {A: "\${NOT_SET_VARIABLE}"}`);
    refused(await home.run(["true"]), 2, /NOT_SET_VARIABLE/);
  });

  it("does not ask a question where nobody can answer", async () => {
    home.writeBottle("dev", `${GOOD}\nenv: {A: "?the word"}`);
    refused(await home.run(["true"], { flags: ["--headless"] }), 2, /A|the word/);
  });

  it("says that a bottle, an agent or an ID does not exist, and which do", async () => {
    refused(await home.cli(["run", "--bottle", "dve", "--yes", "--", "true"]), 2, /dve/, /dev/);
    refused(await home.cli(["start", "nobody", "--headless", "--prompt", "x"]), 2, /nobody/);
    for (const command of ["stop", "logs", "diff", "apply", "resume"]) {
      refused(await home.cli([command, "run-00000"]), 2, /run-00000/);
    }
  });

  it("says that a workspace does not exist or is no folder", async () => {
    refused(await home.run(["true"], { flags: ["--workspace", join(home.folder, "nowhere")] }), 2, /nowhere/);
    const file = home.write("file.txt", "x", 0o644);
    refused(await home.run(["true"], { flags: ["--workspace", file] }), 2, /file\.txt/);
  });

  it("says that a backend is not there", async () => {
    refused(await home.run(["true"], { flags: ["--backend", "docker"] }), 2, /docker/);
    refused(await home.run(["true"], { env: { BOT_BOTTLE_BACKEND: "vmware" } }), 2, /vmware/);
  });

  it("says which tool of the backend is missing, and how to get it", async () => {
    // in a mount namespace of its own, where bwrap can't be run
    const hide = 'mount --bind /dev/null "$(readlink -f "$(command -v bwrap)")" && exec "$@"';
    const own = isRoot ? ["unshare", "-m"] : ["unshare", "-Urm"];
    const self = [`--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`];
    const back = isRoot ? [] : ["unshare", "-U", ...self, "--"];
    const without = new BottleHome({
      starter,
      bottles: { dev: GOOD },
      enter: [...own, "--", "sh", "-c", hide, "_", ...back],
    });
    try {
      const result = await without.run(["true"]);
      expect([result.code, result.stderr]).toEqual([125, expect.stringMatching(/bwrap|bubblewrap/)]);
      expect(result.stderr).toMatch(/apt(-get)? install/);
      expect(result.stderr).not.toMatch(/\n +at .*:\d+:\d+/);
      const doctor = await without.cli(["doctor"]);
      expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(/✗ .*\n.*apt(-get)? install/)]);
    } finally {
      await without.dispose();
    }
  });

  it("says what a wrong option or a missing command should have been", async () => {
    refused(await home.cli(["run", "--bottel", "dev", "--", "true"]), 2, /--bottle/);
    refused(await home.cli(["rum"]), 2, /run/);
    refused(await home.cli(["run", "--bottle", "dev"]), 2, /--/);
    refused(await home.cli(["start", "x", "--prompt", "y"]), 2, /--headless/);
  });

  it("refuses a bottle that others could have written, and says which chmod mends it", async () => {
    chmodSync(join(home.home, "bottles/dev.md"), 0o666);
    refused(await home.run(["true"]), 2, /chmod/, /dev\.md/);
  });

  it("says that the home can't be written", async () => {
    const locked = join(home.folder, "locked");
    mkdirSync(locked, { mode: 0o555 });
    if (starter === "root") {
      // root can write anywhere but where a file is in the way
      home.write("in-the-way", "x");
      refused(
        await home.run(["true"], { env: { BOT_BOTTLE_HOME: join(home.folder, "in-the-way/home") } }),
        2,
        /in-the-way/,
      );
      return;
    }
    if (isRoot) chownSync(locked, 0, 0);
    home.writeBottle("dev", GOOD);
    refused(
      await home.cli(["run", "--yes", "--", "true"], { env: { BOT_BOTTLE_HOME: join(locked, "home") } }),
      125,
      /locked/,
    );
  });

  it("says that the disk is full", async () => {
    // a file system of one page stands for the full disk: only root can mount one
    if (!isRoot) return;
    const full = join(home.folder, "full");
    mkdirSync(full);
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0777", "full", full]);
    try {
      spawnSync("cp", ["-a", `${home.home}/.`, full]);
      spawnSync("sh", [
        "-c",
        `chown --reference=${home.home} ${full}; chmod 700 ${full}; dd if=/dev/zero of=${full}/filler 2>/dev/null`,
      ]);
      const result = await home.run(["true"], { env: { BOT_BOTTLE_HOME: full } });
      expect([result.code, result.stderr]).toEqual([125, expect.stringMatching(/full|no space/i)]);
      expect(result.stderr).not.toMatch(/\n +at .*:\d+:\d+/);
    } finally {
      spawnSync("umount", ["-l", full]);
    }
  });

  it("answers in the bottle that the upstream is down, has a bad certificate or a private address", async () => {
    const bad = await startOrigin({ credentials: TestCa.selfSigned(["bad.example.com"]) });
    const closed = createServer();
    await new Promise<void>((resolve) => void closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const routes = ["down", "bad", "localhost"].map(
      (name) => `    - host: ${name === "localhost" ? name : `${name}.example.com`}`,
    );
    const second = new BottleHome({
      starter,
      bottles: { dev: `${GOOD}\negress:\n  routes:\n${routes.join("\n")}` },
      ca: ca.cert,
      resolve: { "down.example.com:443": `127.0.0.1:${port}`, "bad.example.com:443": bad.address },
    });
    try {
      const call = (host: string) =>
        `curl -s -o /dev/null -D - https://${host}/ | grep -i '^x-bot-bottle-verdict'`;
      const { code, stdout } = await second.run([
        "sh",
        "-c",
        [call("down.example.com"), call("bad.example.com"), call("localhost")].join("; "),
      ]);
      expect(code).toBe(0);
      expect(stdout.toLowerCase().replace(/\r/g, "").split("\n").slice(0, 3)).toEqual([
        "x-bot-bottle-verdict: egress.upstream_unreachable",
        "x-bot-bottle-verdict: egress.upstream_tls_invalid",
        "x-bot-bottle-verdict: egress.upstream_address_refused",
      ]);
    } finally {
      await second.dispose();
      await bad.close();
    }
  });

  it("minds no port that is taken on the host: a bottle's ports are its own", async () => {
    const taken = createServer();
    await new Promise<void>((resolve, reject) => {
      taken.once("error", reject);
      taken.listen(9099, "127.0.0.1", resolve);
    }).catch(() => undefined);
    try {
      expect((await home.run(["true"])).code).toBe(0);
    } finally {
      taken.close();
    }
  });
});

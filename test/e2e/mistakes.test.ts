import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";
import { expectRefused, left, watched } from "./refused.ts";

const BOTTLES: Readonly<Record<string, string>> = {
  dev: "agent_provider: {template: command}",
  coding: "agent_provider: {template: claude}",
  "broken-yaml": "egress: {routes: [",
  "unknown-key": "egres: {routes: []}",
  "two-mistakes": "supervise: perhaps\nenv: {A: 1}",
  "missing-token":
    "egress:\n  routes:\n    - host: a.example.com\n      auth: {scheme: Bearer, token_ref: NOWHERE_TOKEN}",
  "unset-variable": `env: {API_URL: "\${UNSET_VARIABLE}"}`,
  "asks-a-question": "env: {PIN: '?Which PIN'}",
  "lost-parent": "extends: nowhere",
  circle: "extends: circle",
  "odd-limits":
    "limits: {memory: lots, pids: .nan, open_files: -1, time: .inf, cpus: -.inf, disk: 99999999999999999999T}",
  "bad-regex":
    "egress:\n  routes:\n    - host: a.example.com\n      matches: [{paths: [{type: regex, value: '(['}]}]",
  "bad-host": "egress: {routes: [{host: 'http://a.example.com/'}]}",
  "auth-on-80":
    "egress:\n  routes:\n    - host: a.example.com\n      ports: [80]\n      auth: {scheme: Bearer, token_ref: A}",
};

const inBottle = (name: string, ...flags: readonly string[]) => [
  ...["run", "--bottle", name, "--yes", ...flags, "--", "true"],
];
const onWorkspace = (folder: string) => inBottle("dev", "--workspace", folder);
const withSettings = (file: string, bottle = "dev") => inBottle(bottle, "--settings", file);
const NO_BOTTLE = [/there is no bottle/, /→ .*(bot-bottle list|there are)/];

/** what -> command line, what must be said */
const MISTAKES: Readonly<Record<string, readonly [readonly string[], readonly RegExp[]]>> = {
  "broken YAML": [inBottle("broken-yaml"), [/broken-yaml\.md:\d+:\d+: .*end with a \]/, /^\s+\d+ \| /m]],
  "an unknown key": [
    inBottle("unknown-key"),
    [/unknown-key\.md:2:1: unknown key `egres`; did you mean `egress`\?/, /allowed here: /],
  ],
  "two mistakes at once": [
    inBottle("two-mistakes"),
    [/two-mistakes\.md:2:\d+: `supervise`/, /two-mistakes\.md:3:\d+: `env\.A`/, /write the value in quotes/],
  ],
  "a missing token variable": [
    inBottle("missing-token"),
    [/NOWHERE_TOKEN is not set; route a\.example\.com \(missing-token\.md:\d+\)/, /→ export .*settings\.yml/],
  ],
  "a missing variable of env": [
    inBottle("unset-variable"),
    [/UNSET_VARIABLE is not set; env\.API_URL \(unset-variable\.md:2\)/, /→ export the variable$/m],
  ],
  "a question and no terminal": [
    inBottle("asks-a-question"),
    [/PIN is asked for on the terminal, and there is none/, /→ start it on a terminal/],
  ],
  "a bottle that doesn't exist": [inBottle("devv"), [/no bottle `devv` in .*; did you mean `dev`\?/]],
  "a bottle with an impossible name": [inBottle("../dev"), [/\.\.\/dev/]],
  "a missing parent": [inBottle("lost-parent"), [/lost-parent\.md:2:\d+: .*\(lost-parent -> nowhere\)/]],
  "a circle of parents": [inBottle("circle"), [/circle\.md:2:\d+: .*circle -> circle/]],
  "limits that are no numbers": [
    inBottle("odd-limits"),
    [
      /`limits\.memory` `lots` is no size.*512M/,
      /`limits\.pids` must be a number, not NaN/,
      /`limits\.open_files` must be at least 64/,
      /`limits\.time` .*Infinity/,
      /`limits\.cpus` .*-Infinity/,
      /`limits\.disk`/,
    ],
  ],
  "a regex that does not compile": [
    inBottle("bad-regex"),
    [/bad-regex\.md:5:\d+: .*is no regular expression/, /RE2 syntax/],
  ],
  "a URL for a host": [inBottle("bad-host"), [/bad-host\.md:2:\d+: .*host/]],
  "a credential for plain HTTP": [inBottle("auth-on-80"), [/auth-on-80\.md:\d+:\d+: .*80/]],
  "an agent that doesn't exist": [
    ["start", "nobody", "--yes"],
    [/no agent `nobody`/, /there are: .*helper/],
  ],
  "a workspace that doesn't exist": [
    onWorkspace("nowhere"),
    [/workspace .*\/nowhere does not exist/, /→ make it, or name another/],
  ],
  "a workspace that is a file": [
    onWorkspace("/etc/passwd"),
    [/\/etc\/passwd is not a folder/, /→ name the folder/],
  ],
  "the root folder for a workspace": [onWorkspace("/"), [/workspace/, /→ /]],
  "the manifests' folder for a workspace": [onWorkspace("home"), [/workspace/, /→ /]],
  "the home folder for a workspace": [onWorkspace("user"), [/workspace/, /→ /]],
  "a dangling link for a workspace": [onWorkspace("dangling"), [/dangling does not exist/, /→ /]],
  "a workspace's name that is too long": [onWorkspace(`/${"x".repeat(5000)}`), [/workspace/]],
  "an unknown flag": [
    ["run", "--botle", "dev", "--", "true"],
    [/--botle/, /Did you mean --bottle\?/, /→ .*--help/],
  ],
  "a flag without its value": [
    ["run", "--bottle"],
    [/--bottle <name>.*argument missing/, /→ .*--help/],
  ],
  "an unknown command": [
    ["strat", "dev"],
    [/unknown command 'strat'/, /Did you mean start\?/, /→ .*--help/],
  ],
  "an unknown backend": [inBottle("dev", "--backend", "docker"), [/docker.*Allowed choices are linux/]],
  "an unknown workspace mode": [inBottle("dev", "--workspace-mode", "overly"), [/overly.*copy, bind/]],
  "no command": [
    ["run", "--bottle", "dev", "--yes"],
    [/run needs a command/, /→ for example/],
  ],
  "a settings file that doesn't exist": [withSettings("/nowhere.yml"), [/\/nowhere\.yml: there is no such/]],
  "broken settings": [withSettings("broken.yml"), [/broken\.yml:2:1: .*end with a \]/]],
  "unknown settings": [
    withSettings("unknown.yml"),
    [/unknown\.yml:1:1: unknown key `upstrem`; did you mean `upstream`\?/],
  ],
  "a CA file that is no PEM": [
    withSettings("no-pem.yml"),
    [/upstream\.ca_file .*holds no PEM certificate/, /→ name a PEM file/],
  ],
  "a CA file that doesn't exist": [
    withSettings("no-ca.yml"),
    [/upstream\.ca_file can't be read/, /→ name a PEM file/],
  ],
  "a resolve entry without an address": [withSettings("resolve.yml"), [/resolve\.yml:1:\d+: /]],
  "a secret's command that fails": [
    withSettings("secret.yml", "missing-token"),
    [/NOWHERE_TOKEN: the command \/bin\/false failed \(exit code 1\)/, /→ run it by hand/],
  ],
  "a secret's file that others can read": [
    withSettings("open-secret.yml", "missing-token"),
    [/open-secret/, /chmod/],
  ],
  "resume of no bottle": [["resume", "run-00000"], NO_BOTTLE],
  "exec in no bottle": [["exec", "run-00000", "--", "true"], NO_BOTTLE],
  "stop of no bottle": [["stop", "run-00000"], NO_BOTTLE],
  "logs of no bottle": [["logs", "../../etc"], NO_BOTTLE],
  "diff of no bottle": [["diff", "run-00000"], NO_BOTTLE],
  "apply of no bottle": [["apply", "run-00000"], NO_BOTTLE],
  "audit of no bottle": [["audit", "show", "run-00000"], NO_BOTTLE],
};

// manifests and the command line are read before it matters who reads them
const [STARTER = "user"] = [...STARTERS].reverse();

describe("a mistake ends with one message, its mend, exit code 2 and nothing left", () => {
  let home: BottleHome;
  beforeAll(() => {
    const agent = (bottle: string) => `---\nbottle: ${bottle}\n---\nYou help.\n`;
    home = new BottleHome({
      starter: STARTER,
      bottles: BOTTLES,
      agents: { helper: agent("dev"), coder: agent("coding") },
    });
    home.write("broken.yml", "upstream: {resolve: [\n");
    home.write("unknown.yml", "upstrem: {}\n");
    home.write("no-pem.yml", `upstream: {ca_file: ${home.write("no.pem", "nothing\n")}}\n`);
    home.write("no-ca.yml", `upstream: {ca_file: ${home.folder}/nowhere.pem}\n`);
    home.write("resolve.yml", "upstream: {resolve: {'a.example.com:443': 'b.example.com'}}\n");
    home.write("secret.yml", "secrets: {NOWHERE_TOKEN: {command: [/bin/false]}}\n");
    const open = home.write("open-secret", "abc\n", 0o644);
    home.write("open-secret.yml", `secrets: {NOWHERE_TOKEN: {file: ${open}}}\n`);
    symlinkSync("nowhere", join(home.folder, "dangling"));
  });
  afterAll(() => home?.dispose());

  it.each(Object.entries(MISTAKES))("%s", async (_, [args, says]) => {
    expectRefused(home, await home.cli(args), { code: 2, says });
    // a bottle that was never going to be has no journal either
    expect(home.ids()).toEqual([]);
  });

  it.each([
    ["BOT_BOTTLE_BACKEND that is none", { BOT_BOTTLE_BACKEND: "docker" }, /BOT_BOTTLE_BACKEND/],
    [
      "BOT_BOTTLE_HOME that is relative",
      { BOT_BOTTLE_HOME: "here" },
      /BOT_BOTTLE_HOME is not absolute|not an absolute path/,
    ],
  ])("%s", async (_, env, says) => {
    expectRefused(home, await home.cli(inBottle("dev"), { env }), { code: 2, says: [says] });
  });

  it("a bottle that others may write to", async () => {
    home.writeBottle("open", "env: {}");
    const path = join(home.home, "bottles/open.md");
    chmodSync(path, 0o666);
    try {
      expectRefused(home, await home.cli(inBottle("open")), {
        code: 2,
        says: [/open\.md/, /chmod .*open\.md/],
      });
    } finally {
      rmSync(path);
    }
  });
});

describe.each(STARTERS)("a program that is not there, started by %s", (starter) => {
  let home: BottleHome;
  beforeAll(() => {
    home = new BottleHome({
      starter,
      bottles: { coding: "agent_provider: {template: claude}" },
      agents: { coder: "---\nbottle: coding\n---\nYou code.\n" },
    });
  });
  afterAll(() => home?.dispose());

  it("is an agent's: says how to install it, exit code 125, nothing left", async () => {
    const result = await home.cli(["start", "coder", "--headless", "--prompt", "x", "--yes"]);
    expectRefused(home, result, { code: 125, says: [/claude/, /→ .*install/] });
    expect(home.ids()).toEqual([]);
  });

  it.each([
    ["no-such-program", 127, /no-such-program: not found/],
    ["/etc/passwd", 126, /\/etc\/passwd.*ermission denied/],
  ])("is a command's: %s ends with %i, as in a shell, and nothing runs on", async (program, code, says) => {
    const result = await watched(home, ["run", "--", program]);
    expect(result.stderr).toMatch(says);
    expect({ code: result.code, survivors: result.survivors }).toEqual({ code, survivors: [] });
    await home.cli(["cleanup", "--all", "--yes"]);
    expect(left(home)).toEqual([]);
  });
});

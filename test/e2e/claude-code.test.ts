import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAnthropicApi, type ToolCall } from "../support/anthropic-api.ts";
import { BottleHome, type Result } from "../support/bottle.ts";
import type { Origin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { family } from "../support/processes.ts";
import { CHECKOUT, STARTERS, type Starter } from "../support/program.ts";

const API_KEY = "sk-ant-api03-real-5d1c0f6be2a94477b3c8e6f1a0d29384";
const OAUTH = "sk-ant-oat01-real-9b7e2d4c6a8f01e3c5b7d9f2a4c6e8b0";
const PACKAGE = join(CHECKOUT, "node_modules/.bin");

const ca = new TestCa();
const AGENT = `---
bottle: dev
---
You are the test's agent.
`;

/** Searches everything the agent's own tools could reach for a token given shifted, so that no mask knows it. */
const SEARCH = `
use strict; my ($t) = @ARGV; $t =~ tr/A-Za-z0-9/N-ZA-Mn-za-m5-90-4/; $| = 1; my $n = 0;
sub look { my ($where, $text) = @_; $n++; print "FOUND $where\\n" if index($text, $t) >= 0 }
look("env", join("\\n", map { "$_=$ENV{$_}" } keys %ENV));
for my $p (grep { m{/[0-9]+$} && $_ ne "/proc/$$" } glob("/proc/[0-9]*")) {
  for my $f ("environ", "cmdline") { if (open(my $h, "<", "$p/$f")) { local $/; look("$p/$f", <$h> // "") } }
  open(my $maps, "<", "$p/maps") or next; open(my $mem, "<:raw", "$p/mem") or next;
  while (<$maps>) { my ($a, $b) = /^([0-9a-f]+)-([0-9a-f]+) r/ or next; $a = hex $a; $b = hex $b;
    my $tail = ""; while ($a < $b) { my $size = $b - $a; $size = 4194304 if $size > 4194304; sysseek($mem, $a, 0) or last;
      sysread($mem, my $chunk, $size) or last; look("$p/mem", $tail . $chunk); $tail = substr($chunk, -100); $a += $size } }
}
my @dirs = ("/home", "/workspace", "/tmp", "/etc", "/run", "/var", "/opt", "/dev/shm");
while (defined(my $d = shift @dirs)) { opendir(my $h, $d) or next; for (readdir $h) { next if /^\\.\\.?$/; my $p = "$d/$_";
  next if -l $p; if (-d $p) { push @dirs, $p } elsif (-f $p && -s $p < 8388608 && open(my $f, "<:raw", $p)) { local $/; look($p, <$f> // "") } } }
print "SEARCHED $n\\n";`;

/** Letters by 13, digits by 5. */
function shifted(text: string): string {
  return text.replace(/[A-Za-z0-9]/g, (c) => {
    const code = c.charCodeAt(0);
    if (code < 0x3a) return String.fromCharCode(((code - 0x30 + 5) % 10) + 0x30);
    const base = code < 0x61 ? 0x41 : 0x61;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
}

interface Session {
  readonly home: BottleHome;
  readonly api: Origin;
  readonly workspace: string;
  readonly result: Result;
  /** commands of host processes that showed the key, and how many processes were looked at */
  readonly holders: readonly string[];
  readonly looked: number;
}

/** `bot-bottle start coder --headless`, with `claude` on PATH as an npm installation puts it there. */
async function session(
  starter: Starter,
  variable: string,
  token: string,
  toolCalls: readonly ToolCall[],
): Promise<Session> {
  const api = await startAnthropicApi(ca.leaf(["api.anthropic.com"]), {
    toolCalls,
    finalText: "All done, captain.",
  });
  const home = new BottleHome({
    starter,
    bottles: { dev: `agent_provider: {template: claude, auth_token: ${variable}}\nsupervise: false` },
    agents: { coder: AGENT },
    ca: ca.cert,
    resolve: { "api.anthropic.com:443": api.address },
    env: { [variable]: token },
  });
  const workspace = home.workspace({ "README.md": "a project\n" });
  const { env } = home.commandLine([]);
  const call = home.begin(
    ["start", "coder", "--yes", "--headless", "--prompt", "do the work", "--workspace", workspace],
    { env: { PATH: `${PACKAGE}:${env.PATH}` }, seconds: 300 },
  );
  const holders = new Set<string>();
  const suspects = new Map<number, string>();
  let looked = 0;
  let running = true;
  const over = () => {
    running = false;
  };
  call.exited.then(over, over);
  while (running) {
    for (const { pid, command } of family(call.pid).filter((one) => one.pid !== call.pid)) {
      looked += 1;
      if (shown(pid).includes(token)) suspects.set(pid, command);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Between fork and exec a child still shows its parent's: one that holds the key shows it a moment later too.
    for (const [pid, command] of suspects) if (shown(pid).includes(token)) holders.add(command);
    suspects.clear();
  }
  return { home, api, workspace, result: await call.exited, holders: [...holders], looked };
}

/** Arguments and environment of a process of the host. */
function shown(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1") + readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    // gone meanwhile
    return "";
  }
}

const messages = ({ api }: Session) =>
  api.seen.filter(({ method, url }) => method === "POST" && url.startsWith("/v1/messages?"));

/** What the program told the model its tools answered. */
function toolResults(one: Session): string {
  const { messages: turns }: { messages: { content: unknown }[] } = JSON.parse(
    messages(one).at(-1)?.body.toString("utf8") ?? '{"messages":[]}',
  );
  const blocks = turns.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return JSON.stringify(blocks.filter((block) => block.type === "tool_result"));
}

describe.each(STARTERS)("the published Claude Code program, started by %s with an API key", (starter) => {
  let one: Session;
  beforeAll(async () => {
    const search = `perl -e '${SEARCH.replaceAll("'", "'\\''")}' '${shifted(API_KEY)}'`;
    one = await session(starter, "ANTHROPIC_API_KEY", API_KEY, [
      { name: "Write", input: { file_path: "/workspace/made.txt", content: "made by the tool\n" } },
      { name: "Bash", input: { command: search, description: "search" } },
    ]);
  }, 400_000);
  afterAll(async () => {
    await one?.home.dispose();
    await one?.api.close();
  });

  it("prints the streamed answer and ends well", () => {
    expect([one.result.code, one.result.stdout, one.result.stderr]).toEqual([
      0,
      expect.stringContaining("All done, captain."),
      expect.any(String),
    ]);
  });

  it("is told its system prompt", () => {
    expect(messages(one).some(({ body }) => body.includes("You are the test's agent."))).toBe(true);
  });

  it("edits a file of the workspace with a tool, which diff shows and apply brings back", async () => {
    const { home, result, workspace } = one;
    expect((await home.cli(["diff", result.id ?? ""])).stdout).toContain("+made by the tool");
    expect((await home.cli(["apply", result.id ?? "", "--yes"])).code).toBe(0);
    expect(readFileSync(join(workspace, "made.txt"), "utf8")).toBe("made by the tool\n");
  });

  it("reaches the API with the real key, and the journal names it, not its value", () => {
    expect(messages(one).length).toBeGreaterThanOrEqual(3);
    for (const { headers } of messages(one)) expect(headers["x-api-key"]).toBe(API_KEY);
    expect(one.result.records).toContainEqual(
      expect.objectContaining({
        kind: "request",
        host: "api.anthropic.com",
        path: "/v1/messages",
        verdict: "allow",
        injected: "ANTHROPIC_API_KEY",
      }),
    );
  });

  it("finds the key nowhere with its own tools: environment, files, processes, their memory", () => {
    expect(toolResults(one)).toMatch(/SEARCHED \d{3,}/);
    expect(toolResults(one)).not.toContain("FOUND ");
  });

  it("leaves the key in no file of the operator's folder", () => {
    expect(spawnSync("grep", ["-rl", API_KEY, one.home.folder], { encoding: "utf8" }).stdout).toBe("");
  });

  it("has started no process of the host that shows the key in its arguments or environment", () => {
    expect(one.looked).toBeGreaterThan(5);
    expect(one.holders).toEqual([]);
  });
});

describe.each(STARTERS)("the published Claude Code program, started by %s with an OAuth token", (starter) => {
  it("reaches the API with the real token", async () => {
    const one = await session(starter, "CLAUDE_CODE_OAUTH_TOKEN", OAUTH, []);
    try {
      expect([one.result.code, one.result.stdout]).toEqual([0, expect.stringContaining("All done")]);
      expect(messages(one).length).toBeGreaterThan(0);
      for (const { headers } of messages(one)) expect(headers.authorization).toBe(`Bearer ${OAUTH}`);
    } finally {
      await one.home.dispose();
      await one.api.close();
    }
  }, 400_000);
});

describe("the search for the key", () => {
  it("finds one that was put into a bottle on purpose: the tests can fail", async () => {
    const home = new BottleHome({
      starter: "user",
      bottles: { dev: `agent_provider: {template: command}\nsupervise: false\nenv: {PLANTED: ${API_KEY}}` },
    });
    try {
      const { stdout } = await home.run(["perl", "-e", SEARCH, shifted(API_KEY)]);
      expect(stdout).toContain("FOUND env");
      expect(stdout).toMatch(/FOUND \/proc\/\d+\/mem/);
    } finally {
      await home.dispose();
    }
  });
});

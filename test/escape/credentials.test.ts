import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { family } from "../support/processes.ts";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { TOKEN } from "./internet.ts";
import { brief, outcome, probeOutside, WAYS } from "./probe-bottle.ts";

const BOTTLE = `
agent_provider: {template: command}
supervise: false
env: {API_TOKEN: placeholder}
egress:
  log: 2
  routes:
    - host: api.example.com
      auth: {scheme: Bearer, token_ref: API_TOKEN_REAL}
    - host: open.example.com
`;

const HALVES = [TOKEN.slice(0, 12), TOKEN.slice(12)];
const SEARCHED = ["env", "environ", "cmdline", "memory", "descriptors", "files", "read-outside"];

describe("on a machine without a bottle", () => {
  it("the same search finds a token that is there: the tests can fail", async () => {
    const seen = await probeOutside(undefined, "credentials.ts", HALVES, ["env", `LEAKED=${TOKEN}`]);
    for (const name of ["env", "environ", "memory"])
      expect([name, outcome(seen, name).kind]).toEqual([name, "done"]);
  });
});

describe.each(STARTERS)("a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "credentials.ts",
    args: [...HALVES, `${process.pid},${process.ppid}`],
    bottles: { dev: BOTTLE },
    resolve: { "open.example.com:443": "203.0.113.10:443" },
    env: { API_TOKEN_REAL: TOKEN },
  });

  const arrived = (path: string) => attack.internet.of("request").find(({ seen }) => seen.url === path)?.seen;

  describe.each(WAYS)("searched as %s", (way) => {
    it.each(SEARCHED)("does not hold the token in %s", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toMatch(/^failed NOT_IN_/);
    });

    it("holds no private key of ours", () =>
      expect(brief(outcome(attack.probed[way], "ca-key"))).toBe("failed NONE"));

    it("can't attach to a process outside", () => {
      expect(brief(outcome(attack.probed[way], "ptrace-outside"))).toBe("failed NONE");
    });

    it("leaves no core dump", () =>
      expect(brief(outcome(attack.probed[way], "own-core"))).toBe("failed SIGSEGV"));

    it.each(["injected", "injected-unasked", "own-key", "own-key-twice"])(
      "sends the real credential and no other: %s",
      (name) => {
        expect(arrived(`/v1/${way}/${name}`)?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      },
    );

    it.each(["own-key", "own-key-twice"])("writes down that a credential was taken off: %s", (name) => {
      expect(attack.probed.records).toContainEqual(
        expect.objectContaining({
          path: `/v1/${way}/${name}`,
          removed: expect.arrayContaining(["authorization"]),
        }),
      );
    });

    it("puts the credential on for no other host", () => {
      expect(brief(outcome(attack.probed[way], "other-host"))).toBe("refused egress.host_not_allowed");
      expect(arrived(`/v1/${way}/other-route`)?.headers.authorization ?? "").not.toContain(TOKEN);
    });

    it("never forwards TRACE, which would echo it", () => {
      expect(brief(outcome(attack.probed[way], "trace"))).toBe("refused egress.method_refused");
    });
  });

  it("keeps the token out of every file of the operator's folder", () => {
    const grep = spawnSync("grep", ["-rl", TOKEN, attack.probed.home.folder], { encoding: "utf8" });
    expect([grep.status, grep.stdout]).toEqual([1, ""]);
  });

  it("keeps the token out of the arguments and environments of what it started", () => {
    const holders = family(attack.probed.bottle.pid)
      .slice(1)
      .filter(({ pid }) => {
        const read = (file: string) => {
          try {
            return readFileSync(`/proc/${pid}/${file}`, "latin1");
          } catch {
            return "";
          }
        };
        return `${read("environ")}${read("cmdline")}`.includes(TOKEN);
      });
    expect(holders.map(({ command }) => command)).toEqual([]);
    expect(readdirSync(`/proc/${attack.probed.bottle.pid}`)).toContain("environ");
  });
});

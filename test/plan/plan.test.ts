import { describe, expect, test } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { type Contribution, makePlan, type PlanInput } from "../../src/plan/make-plan.ts";
import { HELD_BY_DEFAULT } from "../../src/policy/git/held-paths.ts";
import { bottleOf, faultOf } from "../manifest/home.ts";

const CONTRIBUTION: Contribution = {
  command: ["/usr/bin/agent"],
  env: { AGENT_TOKEN: { literal: "placeholder" }, QUIET: { literal: "1" } },
  files: [{ path: ".agent.json", content: "{}", mode: 0o600 }],
  programs: [{ source: "/usr/lib/agent", target: "/opt/agent" }],
  routes: [
    {
      host: "api.vendor.example",
      ports: [443],
      auth: { header: "x-api-key", scheme: "raw", secret: "AGENT_TOKEN" },
      matches: [{ paths: [], methods: ["POST"], headers: [] }],
      encodedSlash: "block",
      git: { fetch: false, apiWrite: false },
      source: "provider vendor",
    },
  ],
  secrets: [
    { name: "AGENT_TOKEN", source: { kind: "ref", name: "AGENT_TOKEN" }, neededBy: "provider vendor" },
  ],
};

async function plan(yaml: string, more: Partial<PlanInput> = {}) {
  const { bottle, sources, notices } = await bottleOf(yaml);
  return makePlan({
    id: "me-abcde",
    backend: "linux",
    bottle,
    bottleNames: sources,
    provider: "vendor",
    contribution: CONTRIBUTION,
    workspace: {},
    notices,
    ...more,
  });
}

const routes = (text: string) => `egress: {routes: [${text}]}`;

describe("routes", () => {
  test("a route gets the defaults of SPEC §3 and says where it was written", async () => {
    const { egress } = await plan(routes("{host: A.Example.com}"), {
      contribution: { ...CONTRIBUTION, routes: [] },
    });
    expect(egress).toEqual({
      log: 1,
      routes: [
        {
          host: "a.example.com",
          ports: [443],
          matches: [],
          encodedSlash: "block",
          git: { fetch: false, apiWrite: false },
          dlp: {
            outbound: ["token_patterns", "known_secrets"],
            inbound: "block",
            onMatch: "supervise",
            allowSecrets: [],
            oversize: "block",
          },
          source: "dev.md:2",
        },
      ],
    });
  });

  test.each([
    ["{scheme: Bearer, token_ref: T}", { header: "authorization", scheme: "bearer", secret: "T" }],
    ["{scheme: token, token_ref: T}", { header: "authorization", scheme: "token", secret: "T" }],
    ["{scheme: basic, token_ref: T}", { header: "authorization", scheme: "basic", secret: "T" }],
    ["{scheme: header, name: X-Key, token_ref: T}", { header: "x-key", scheme: "raw", secret: "T" }],
  ])("auth %s", async (auth, expected) => {
    const { egress, secrets } = await plan(routes(`{host: a.example.com, auth: ${auth}}`));
    expect(egress.routes.find(({ host }) => host === "a.example.com")?.auth).toEqual(expected);
    expect(secrets).toContainEqual({
      name: "T",
      source: { kind: "ref", name: "T" },
      neededBy: "route a.example.com (dev.md:2)",
    });
  });

  test("on its own host the provider sets the credential and what is left out, the manifest the rest", async () => {
    const { egress, notices, secrets } = await plan(
      routes(
        "{host: api.vendor.example, ports: [8443], auth: {scheme: Bearer, token_ref: MINE}, matches: [{paths: [{value: /v1/}]}]}",
      ),
    );
    expect(egress.routes).toMatchObject([
      {
        ports: [8443],
        auth: { header: "x-api-key", secret: "AGENT_TOKEN" },
        matches: [{ paths: [{ type: "prefix", value: "/v1/" }], methods: [] }],
        source: "dev.md:2 over provider vendor",
      },
    ]);
    expect(notices.join()).toContain("`auth` is not used");
    expect(secrets.map(({ name }) => name)).toEqual(["AGENT_TOKEN"]);
  });

  test("what the manifest does not write of a provider's host stays the provider's", async () => {
    const { egress } = await plan(routes("{host: api.vendor.example, encoded_slash: opaque}"));
    expect(egress.routes).toMatchObject([
      { encodedSlash: "opaque", matches: [{ methods: ["POST"] }], ports: [443] },
    ]);
  });

  test("port 80 on a host whose credential the provider puts on is refused", async () => {
    expect(await faultOf(plan(routes("{host: api.vendor.example, ports: [80, 443]}")))).toContain("port 80");
  });

  test("a role on a host that is not the provider's is said to change nothing", async () => {
    const { notices } = await plan(routes("{host: a.example.com, role: codex_auth}"));
    expect(notices.join()).toContain("it changes nothing");
  });
});

describe("variables", () => {
  test("literals stand in the plan; what is asked for or copied is only named", async () => {
    const made = await plan(
      'env: {A: text, B: "?Which", C: "?", D: "$\u007bHOST}", E: {from: HOST, secret: false}}',
    );
    expect(made.env).toEqual({
      AGENT_TOKEN: { literal: "placeholder" },
      QUIET: { literal: "1" },
      A: { literal: "text" },
      B: { secret: "B" },
      C: { secret: "C" },
      D: { secret: "D" },
      E: { secret: "E" },
    });
    expect(made.secrets.slice(1)).toEqual([
      { name: "B", source: { kind: "ask", question: "Which" }, neededBy: "env.B (dev.md:2)" },
      { name: "C", source: { kind: "ask", question: "Value of C" }, neededBy: "env.C (dev.md:2)" },
      { name: "D", source: { kind: "host-env", variable: "HOST" }, neededBy: "env.D (dev.md:2)" },
      {
        name: "E",
        source: { kind: "host-env", variable: "HOST" },
        neededBy: "env.E (dev.md:2)",
        known: false,
      },
    ]);
  });

  test.each([["$\u007bREAL}"], ["?"]])("a real value can't take a placeholder's place: %s", async (value) => {
    expect(await faultOf(plan(`env: {AGENT_TOKEN: "${value}"}`))).toContain(
      "env.AGENT_TOKEN (dev.md:2) would put a real value",
    );
  });

  test("a literal may replace the provider's, and a notice says so", async () => {
    const { env, notices } = await plan('env: {QUIET: "0"}');
    expect(env.QUIET).toEqual({ literal: "0" });
    expect(notices.join()).toContain("env.QUIET (dev.md:2) replaces the value of provider vendor");
  });

  test("a variable named like a brokered credential does not take its value's place in the vault", async () => {
    const made = await plan(
      `env: {T: "\${OTHER}"}\n${routes("{host: a.example.com, auth: {scheme: Bearer, token_ref: T}}")}`,
    );
    expect(made.env.T).toEqual({ secret: "env.T" });
    expect(made.secrets.map(({ name, source }) => [name, source])).toContainEqual([
      "T",
      { kind: "ref", name: "T" },
    ]);
    expect(made.secrets.map(({ name, source }) => [name, source])).toContainEqual([
      "env.T",
      { kind: "host-env", variable: "OTHER" },
    ]);
  });

  test("a brokered credential that is copied into the bottle as well is pointed out", async () => {
    const { notices } = await plan(
      `env: {X: "\${T}"}\n${routes("{host: a.example.com, auth: {scheme: Bearer, token_ref: T}}")}`,
    );
    expect(notices.join()).toContain("copies T into the bottle, where the agent can read it");
  });

  test("one secret that two routes need is asked for once, and both are named", async () => {
    const auth = "auth: {scheme: Bearer, token_ref: T}";
    const { secrets } = await plan(routes(`{host: a.example.com, ${auth}}, {host: b.example.com, ${auth}}`));
    expect(secrets.filter(({ name }) => name === "T")).toEqual([
      {
        name: "T",
        source: { kind: "ref", name: "T" },
        neededBy: "route a.example.com (dev.md:2), route b.example.com (dev.md:2)",
      },
    ]);
  });

  test("names that objects have anyway are variables like others", async () => {
    const { env } = await plan("env: {constructor: a, toString: b}");
    expect(Object.entries(env)).toContainEqual(["constructor", { literal: "a" }]);
    expect(JSON.parse(JSON.stringify(env))).toMatchObject({ toString: { literal: "b" } });
  });
});

describe("the rest of the plan", () => {
  test("limits have the defaults of SPEC §11; what is written wins", async () => {
    expect((await plan("supervise: false")).limits).toEqual({
      memory: 4 * 1024 ** 3,
      pids: 2048,
      cpus: undefined,
      disk: 8 * 1024 ** 3,
      openFiles: 4096,
      time: undefined,
    });
    expect((await plan("limits: {memory: 1G, cpus: 2, time: 2h}")).limits).toMatchObject({
      memory: 1024 ** 3,
      cpus: 2,
      time: 7200,
    });
  });

  test("the workspace mode of the command line wins over the manifest's; one that is not built becomes a copy", async () => {
    const written = "workspace: {mode: bind, exclude: [dist]}";
    expect((await plan(written)).workspace).toEqual({
      mode: "bind",
      source: undefined,
      include: [],
      exclude: ["dist"],
    });
    expect((await plan(written, { workspace: { mode: "copy", source: "/src" } })).workspace).toMatchObject({
      mode: "copy",
      source: "/src",
    });
    expect((await plan("workspace: {mode: overlay}")).workspace.mode).toBe("copy");
    expect((await plan("workspace: {mode: clone}", { workspace: { mode: "bind" } })).workspace.mode).toBe(
      "bind",
    );
  });

  test("an agent's git identity wins over the bottle's, field by field", async () => {
    const agent = { name: "me", path: "me.md", bottles: [], gitUser: { name: "Agent" }, prompt: "" };
    const { gitUser } = await plan("git-gate: {user: {name: Bottle, email: b@example.com}}", { agent });
    expect(gitUser).toEqual({ name: "Agent", email: "b@example.com" });
    expect((await plan("supervise: false")).gitUser).toBeUndefined();
  });

  test("git hosts are those git-gate declares, each once", async () => {
    const entry = (path: string) =>
      `{url: "ssh://git@FORGE.example.com/${path}", key: {provider: static, path: /k}}`;
    const { gitHosts } = await plan(`git-gate: {repos: {a: ${entry("a")}, b: ${entry("b")}}}`);
    expect(gitHosts).toEqual(["forge.example.com"]);
  });

  test("a repository has SPEC §5's rules where it says none, and its secrets are needed by its name", async () => {
    const { git, secrets } = await plan(`git-gate:
  repos:
    a: {url: "ssh://git@forge.example.com/t/a.git", key: {provider: static, path: /k}}
    b: {url: "https://forge.example.com/t/b", key: {provider: token, token_ref: T}, push: {allow: [agent/*, refs/notes/*], tags: true, paths: {hold: []}}}
    c: {url: "ssh://git@github.com/t/c", key: {provider: github, forge_token_env: G}, sign: {key: /s}, scanner: builtin}`);
    expect(git.map(({ key }) => key)).toEqual([
      { provider: "static", path: "/k" },
      { provider: "token", secret: "T" },
      { provider: "github", secret: "G", apiUrl: "https://api.github.com" },
    ]);
    const [a, b, c] = git;
    expect(a?.push).toEqual({
      allow: ["refs/heads/**"],
      force: false,
      delete: false,
      tags: false,
      hold: HELD_BY_DEFAULT,
    });
    expect(b?.push).toMatchObject({ allow: ["refs/heads/agent/*", "refs/notes/*"], tags: true, hold: [] });
    expect(c).toMatchObject({ sign: { key: "/s" }, scanner: "builtin", source: "dev.md:6" });
    expect(secrets).toContainEqual({
      name: "G",
      source: { kind: "ref", name: "G" },
      known: false,
      neededBy: "git-gate.repos.c (dev.md:6)",
    });
    expect(secrets).toContainEqual(expect.objectContaining({ name: "T" }));
  });

  test.each([
    ["github", "github.com", "https://api.github.com"],
    ["github", "ssh.github.com", "https://api.github.com"],
    ["github", "ghe.example.com", "https://ghe.example.com/api/v3"],
    ["gitlab", "gitlab.com", "https://gitlab.com"],
    ["gitlab", "altssh.gitlab.com", "https://gitlab.com"],
    ["gitea", "forge.example.com", "https://forge.example.com"],
  ])("%s at %s has its API at %s", async (provider, host, apiUrl) => {
    const { git } = await plan(
      `git-gate: {repos: {a: {url: "ssh://git@${host}/o/r", key: {provider: ${provider}, forge_token_env: G}}}}`,
    );
    expect(git[0]?.key).toMatchObject({ apiUrl });
  });

  test("GitHub's API stands at hosts of its own", async () => {
    const entry = '{url: "ssh://git@ssh.github.com:443/o/r.git", key: {provider: static, path: /k}}';
    const { gitHosts } = await plan(`git-gate: {repos: {a: ${entry}}}`);
    expect(gitHosts).toEqual(["ssh.github.com", "github.com", "api.github.com", "uploads.github.com"]);
  });

  test("a plan is JSON and comes back the same", async () => {
    const made = await plan(`env: {A: "?"}\n${routes("{host: a.example.com}")}`);
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });

  test("isolation that is not built refuses to start instead of starting with less", async () => {
    for (const yaml of [
      "isolation: {kind: microvm}",
      "isolation: {kind: gvisor}",
      "isolation: {root: x}",
      "isolation: {runtime: x}",
    ]) {
      await expect(plan(yaml)).rejects.toBeInstanceOf(Fault);
      expect(await faultOf(plan(yaml))).toMatch(
        /isolation\..* \(dev\.md:2\): not enforced yet; nothing starts/,
      );
    }
    expect((await plan("isolation: {kind: namespaces, nested: true}")).nested).toBe(true);
  });
});

describe("inspection and quotas", () => {
  test.each([
    ["supervise: false", {}, { onMatch: "block" }],
    ["", { dlp: "{outbound_detectors: false}" }, { outbound: [], onMatch: "supervise" }],
    [
      "",
      { dlp: "{outbound_detectors: [known_secrets], inbound_detectors: false}" },
      { outbound: ["known_secrets"], inbound: "off" },
    ],
    [
      "",
      { dlp: "{outbound_on_match: redact, allow_secrets: [T], oversize: pass}" },
      { onMatch: "redact", allowSecrets: ["T"], oversize: "pass" },
    ],
  ] as const)("%s %o", async (top, { dlp }: { dlp?: string }, expected) => {
    const { egress } = await plan(
      `env: {T: "?"}\n${routes(`{host: a.example.com${dlp ? `, dlp: ${dlp}` : ""}}`)}\n${top}`,
    );
    expect(egress.routes.find(({ host }) => host === "a.example.com")?.dlp).toMatchObject(expected);
  });

  test("of a secret allowed out are named as the sidecar's vault names it", async () => {
    const { egress, secrets } = await plan(
      `env: {AGENT: "?", AGENT_TOKEN: {from: MINE}}\n${routes("{host: a.example.com, dlp: {allow_secrets: [AGENT, env.AGENT_TOKEN]}}")}`,
      { contribution: { ...CONTRIBUTION, env: {} } },
    );
    const names = ["AGENT", "env.AGENT_TOKEN"];
    expect(egress.routes.find(({ host }) => host === "a.example.com")?.dlp?.allowSecrets).toEqual(names);
    expect(secrets.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  test("of a route and of the bottle are in the plan", async () => {
    const made = await plan(
      `${routes("{host: a.example.com, limits: {bytes_out: {per: hour, hard: 1M}}}")}\nlimits: {hosts: {per: life, hard: 3}}`,
    );
    expect(made.egress.routes.find(({ host }) => host === "a.example.com")?.limits).toMatchObject({
      bytesOut: { per: "hour", hard: 1_048_576 },
    });
    expect(made.quotas).toMatchObject({ hosts: { per: "life", hard: 3 } });
  });
});

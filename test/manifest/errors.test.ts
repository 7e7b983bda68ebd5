import { describe, expect, test } from "vitest";
import { bottleFault, bottleOf, faultOf, matter, TestHome } from "./home.ts";

const route = (rest: string) =>
  `egress:\n  routes:\n    - host: api.example.com\n${rest.replace(/^/gm, "      ")}`;
const repo = (rest: string) => `git-gate:\n  repos:\n    widgets:\n${rest.replace(/^/gm, "      ")}`;
const key = "key: {provider: static, path: ~/.ssh/id}";

// Front matter; what the message must hold. Line 1 is the opening fence.
const MISTAKES: readonly [string, string, readonly string[]][] = [
  [
    "an unknown key",
    "egres: {}",
    [
      "dev.md:2:1: unknown key `egres`; did you mean `egress`?",
      "    2 | egres: {}",
      "      | ^^^^^",
      "allowed here: extends, env",
    ],
  ],
  ["a key in another case", "Supervise: true", ["did you mean `supervise`?"]],
  [
    "an unknown key deep down",
    route("hots: x"),
    ["dev.md:5:7: unknown key `hots` in `egress.routes[0]`; did you mean `host`?"],
  ],
  [
    "a missing key",
    "egress:\n  routes:\n    - ports: [443]",
    ["dev.md:4:7: `egress.routes[0].host` is missing"],
  ],
  ["a wrong type", "egress: [1]", ["dev.md:2:9: `egress` must be a map, not a list"]],
  [
    "a key without a value",
    "env:",
    ["dev.md:2:1: `env` must be a map, not empty", "give the key a value or remove it"],
  ],
  [
    "YAML 1.1 booleans",
    "supervise: yes",
    ["`supervise` must be true or false, not text", "YAML 1.2 has only true and false"],
  ],
  [
    "a number as a variable",
    "env: {PORT: 8080}",
    ["`env.PORT` must be text or a map, not a number", "write the value in quotes"],
  ],
  ["a variable's name", "env: {9A: x}", ["`env.9A` is no variable name"]],
  [
    "an IP address as a host",
    "egress: {routes: [{host: 0x7f.1}]}",
    ["`egress.routes[0].host` `0x7f.1` is an IP address"],
  ],
  ["an IPv6 address as a host", 'egress: {routes: [{host: "[::1]"}]}', ["is an IP address"]],
  [
    "a secret allowed that is no variable",
    `env: {DEPLOY_KEY: "?"}\n${route("dlp: {allow_secrets: [DEPLOY_KEYS]}")}`,
    [
      "dev.md:6: `dlp.allow_secrets` of api.example.com: DEPLOY_KEYS is no variable of this bottle; did you mean `DEPLOY_KEY`?",
      "its variables: DEPLOY_KEY",
    ],
  ],
  [
    "a secret allowed in a bottle without variables",
    route("dlp: {allow_secrets: [env.KEY]}"),
    ["env.KEY is no variable of this bottle", "`env` is empty"],
  ],
  [
    "a credential of the sidecar's allowed",
    route("auth: {scheme: Bearer, token_ref: API_TOKEN}\ndlp: {allow_secrets: [API_TOKEN]}"),
    ["API_TOKEN is a credential that the sidecar holds", "remove it"],
  ],
  [
    "a provider's credential allowed",
    `agent_provider: {auth_token: OAUTH}\n${route("dlp: {allow_secrets: [OAUTH]}")}`,
    ["OAUTH is a credential that the sidecar holds"],
  ],
  [
    "a name that is a variable and a credential",
    `env: {API_TOKEN: "?"}\n${route("auth: {scheme: Bearer, token_ref: API_TOKEN}\ndlp: {allow_secrets: [API_TOKEN]}")}`,
    ["is a credential that the sidecar holds", "is `env.API_TOKEN`"],
  ],
  [
    "a value where a secret's name is meant",
    route("dlp: {allow_secrets: [a-value]}"),
    ["must be the name of a variable of the bottle, never its value"],
  ],
  ["every host", 'egress: {routes: [{host: "*"}]}', ["would allow every host"]],
  [
    "a star inside a host",
    'egress: {routes: [{host: "a.*.example.com"}]}',
    ["may hold `*` only as its first label"],
  ],
  [
    "a URL as a host",
    "egress: {routes: [{host: https://api.example.com}]}",
    ["is a URL: write the host name alone"],
  ],
  ["a port in a host", "egress: {routes: [{host: api.example.com:8443}]}", ["write it as `ports: [8443]`"]],
  ["a port out of range", route("ports: [70000]"), ["must be at most 65535"]],
  ["the resolver's port", route("ports: [53]"), ["is the bottle's own"]],
  ["no ports", route("ports: []"), ["is an empty list; remove the key or give it entries"]],
  ["no matches", route("matches: []"), ["is an empty list"]],
  [
    "port 80 with a credential",
    route("ports: [443, 80]\nauth: {scheme: Bearer, token_ref: T}"),
    ["dev.md:5:20: `egress.routes[0].ports` holds 80", "over TLS only"],
  ],
  [
    "one host twice",
    "egress:\n  routes:\n    - host: api.example.com\n    - host: API.example.com.",
    ["dev.md:5:13: `egress.routes[1].host`: api.example.com has a route already, on line 4"],
  ],
  ["an unknown role", route("role: boss"), ["must be one of claude_code_oauth, codex_auth, not `boss`"]],
  [
    "a scheme in the wrong case",
    route("auth: {scheme: bearer, token_ref: T}"),
    ["must be one of Bearer, token, basic, header, not `bearer`; did you mean `Bearer`?"],
  ],
  [
    "a header scheme without a name",
    route("auth: {scheme: header, token_ref: T}"),
    ["`egress.routes[0].auth.name` is missing"],
  ],
  [
    "a framing header",
    route("auth: {scheme: header, token_ref: T, name: Host}"),
    ["is a header that frames the message"],
  ],
  [
    "a bad regular expression",
    route('matches: [{paths: [{type: regex, value: "/a(?=b)"}]}]'),
    ["dev.md:5:47: `egress.routes[0].matches[0].paths[0].value` is no regular expression", "RE2 syntax"],
  ],
  [
    "a bad regular expression of a header",
    route('matches: [{headers: [{name: a, type: regex, value: "("}]}]'),
    ["headers[0].value` is no regular expression"],
  ],
  [
    "a path without a slash",
    route("matches: [{paths: [{value: v1}]}]"),
    ["`v1` does not begin with a slash"],
  ],
  [
    "a path in another form",
    route("matches: [{paths: [{value: /a/../b}]}]"),
    ["is compared in its normal form: write /b"],
  ],
  ["a path with a query", route('matches: [{paths: [{value: "/a?b"}]}]'), ["holds a query"]],
  [
    "an encoded slash",
    route("matches: [{paths: [{value: /a%2Fb}]}]"),
    ["holds an encoded slash, which this route blocks", "encoded_slash: opaque"],
  ],
  ["a method that is no token", route('matches: [{methods: ["GE T"]}]'), ["`GE T` is no method"]],
  ["TRACE", route("matches: [{methods: [trace]}]"), ["is a method that is never forwarded"]],
  [
    "a header name that is no token",
    route('matches: [{headers: [{name: "a b", value: x}]}]'),
    ["`a b` is no header name"],
  ],
  [
    "a header value over two lines",
    route('matches: [{headers: [{name: a, value: "x\\r\\ny"}]}]'),
    ["holds a character no header value has"],
  ],
  [
    "an unknown detector",
    route("dlp: {outbound_detectors: [token_pattern]}"),
    ["did you mean `token_patterns`?"],
  ],
  ["detectors: true", route("dlp: {outbound_detectors: true}"), ["must be `false` or a list, not true"]],
  [
    "an scp-style git URL",
    repo(`url: git@forge.example.com:team/w.git\n${key}`),
    ["is scp-style: write ssh://git@forge.example.com/team/w.git"],
  ],
  ["a git URL without a user", repo(`url: ssh://forge.example.com/w.git\n${key}`), ["names no user"]],
  ["a git URL without a path", repo(`url: ssh://git@forge.example.com\n${key}`), ["names no path"]],
  [
    "a git URL with a bad port",
    repo(`url: ssh://git@forge.example.com:x/w\n${key}`),
    ["has a port that is no number"],
  ],
  [
    "a git URL with a password",
    repo("url: https://me:pw@forge.example.com/w\nkey: {provider: token, token_ref: T}"),
    ["must hold no user or password"],
  ],
  [
    "https with an ssh key",
    repo(`url: https://forge.example.com/w\n${key}`),
    ["`git-gate.repos.widgets.key.provider` `static` must be `token` for an https url"],
  ],
  ["no key", repo("url: ssh://git@forge.example.com/w"), ["`git-gate.repos.widgets.key` is missing"]],
  [
    "an unknown key provider",
    repo("url: ssh://git@forge.example.com/w\nkey: {provider: vault}"),
    ["must be one of static, gitea, github, gitlab, token, not `vault`"],
  ],
  [
    "a field of another provider",
    repo("url: ssh://git@forge.example.com/w\nkey: {provider: static, path: /k, token_ref: T}"),
    ["unknown key `token_ref` in `git-gate.repos.widgets.key`"],
  ],
  [
    "a host key for https",
    repo(
      "url: https://forge.example.com/w\nkey: {provider: token, token_ref: T}\nhost_key: ssh-ed25519 AAAA",
    ),
    ["`git-gate.repos.widgets.host_key` `ssh-ed25519 AAAA` is for an ssh url"],
  ],
  ...(
    [
      ["without an entry", "[]", "is an empty list"],
      ["with an empty one", "['']", "is empty"],
      ["of characters that are not special", "['agent/[ab]']", "only `*`, `?` and `**` are special"],
      ["with stars beside others", "['agent/**x']", "`**` beside other characters"],
      ["that is no ref's name", "['agent..x']", "git allows in no ref"],
      ["like an option", "['--mirror']", "as an option does"],
      ["that names no ref", "['refs/*']", "no name below refs/"],
      ["of what is one repository's own", "['refs/replace/**']", "one repository's own"],
      ["that is too long", `['${"a".repeat(600)}']`, "longer than 500 characters"],
      ["that are too many", `[${"a, ".repeat(201)}]`, "more than 200 entries"],
    ] as const
  ).map(([what, globs, problem]): [string, string, string[]] => [
    `globs of refs ${what}`,
    repo(`url: ssh://git@forge.example.com/w\n${key}\npush: {allow: ${globs}}`),
    ["git-gate.repos.widgets.push.allow", problem],
  ]),
  [
    "a glob of paths",
    repo(`url: ssh://git@forge.example.com/w\n${key}\npush: {paths: {hold: [/etc, .git/hooks/x]}}`),
    ["has an empty, `.` or `..` segment", "is in .git, where nothing is pushed"],
  ],
  ["a repository's name", 'git-gate: {repos: {"a b": {}}}', ["is no repository name"]],
  [
    "one upstream in two entries",
    `git-gate: {repos: {a: {url: "ssh://git@forge.example.com/w.git", ${key}}, b: {url: "ssh://git@FORGE.example.com:22/w", ${key}}}}`,
    ["has one upstream twice: a and b"],
  ],
  ["a repository's name with .git", "git-gate: {repos: {a.git: {}}}", ["is no repository name"]],
  [
    "a host key",
    repo(`url: ssh://git@forge.example.com/w\n${key}\nhost_key: SHA256:abc`),
    ["must be a host key"],
  ],
  [
    "a size without a unit",
    "limits: {memory: 512}",
    ["`limits.memory` is less than 16M: is the unit missing?"],
  ],
  ["a size with an unknown unit", "limits: {memory: 4X}", ["`limits.memory` `4X` is no size"]],
  ["a time without a unit", "limits: {time: 30}", ["`limits.time` is no span of time"]],
  ["a fraction of a process", "limits: {pids: 8.5}", ["`limits.pids` must be a whole number, not a number"]],
  ["a quota without a bound", "limits: {requests: {per: hour}}", ["needs `soft`, `hard` or both"]],
  ["soft above hard", "limits: {requests: {per: hour, soft: 9, hard: 1}}", ["has `soft` above `hard`"]],
  [
    "an unknown workspace mode",
    "workspace: {mode: mount}",
    ["must be one of copy, overlay, bind, worktree, clone, not `mount`"],
  ],
  ["a relative workspace path", "workspace: {path: src}", ["must be an absolute path or begin with ~/"]],
  [
    "an unknown template",
    "agent_provider: {template: cluade}",
    ["dev.md:2:28: `agent_provider.template`: no provider `cluade`; did you mean `claude`?"],
  ],
  [
    "a rules path outside the home folder",
    "dlp: {rules: ../x.toml}",
    ["must be a path inside the home folder"],
  ],
  ["a bottle's name in extends", "extends: ../evil", ["`../evil` is no manifest name"]],
];

describe("a mistake is named with its place and what is allowed", () => {
  test.each(MISTAKES)("%s", async (_, yaml, expected) => {
    const message = await bottleFault(yaml);
    for (const part of expected) expect(message).toContain(part);
  });
});

describe("a key of an old format says what to write today", () => {
  test.each([
    ["git", "git: {}", "write `git-gate`"],
    ["tokens", "tokens: {}", "token_ref: NAME"],
    ["cred_proxy", "cred_proxy: {}", "token_ref: NAME"],
    ["path_allowlist", route("path_allowlist: [/v1]"), "write `matches:"],
    [
      "identity",
      repo("url: ssh://git@forge.example.com/w\nidentity: ~/.ssh/id"),
      "write `key: {provider: static, path: PATH}`",
    ],
    ["provisioned_key", repo("url: ssh://git@forge.example.com/w\nprovisioned_key: {}"), "write `key`"],
    [
      "token_env",
      repo("url: ssh://git@forge.example.com/w\nkey: {provider: gitea, token_env: T}"),
      "write `forge_token_env`",
    ],
  ])("%s", async (_, yaml, mend) => {
    const message = await bottleFault(yaml);
    expect(message).toContain("is a key of an old format");
    expect(message).toContain(mend);
    expect(message).not.toContain("is missing");
  });

  test("a bot-bottle.json with no folder", async () => {
    const home = new TestHome({ "repo/bot-bottle.json": "{}" });
    const message = await faultOf(home.manifests.loadBottles(["dev"]));
    expect(message).toContain("bot-bottle.json: this format is no longer read");
  });
});

test("all mistakes of all files are shown in one go, each once, in the order of the lines", async () => {
  const home = new TestHome({
    "bottles/base.md": matter("supervise: 1\nlog: 2"),
    "bottles/dev.md": matter("extends: [base, nope]\nenv: {A: 1}\nlimts: {}"),
    "agents/me.md": matter("bottle: dev\nskils: []\negress: {}"),
    "settings.yml": "backnd: linux\n",
  });
  const message = await faultOf(home.manifests.load({ agent: "me" }));
  const places = [...message.matchAll(/([a-z]+\.(?:md|yml)):(\d+):\d+: /g)].map(
    (found) => `${found[1]}:${found[2]}`,
  );
  expect(places).toEqual([
    "me.md:3",
    "me.md:4",
    "dev.md:2",
    "dev.md:3",
    "dev.md:4",
    "base.md:2",
    "base.md:3",
    "settings.yml:1",
  ]);
  const all = await faultOf(home.manifests.validateAll());
  for (const place of places) expect(all).toContain(`${place}:`);
});

test("a secret pasted where its name belongs is not shown, whatever else is wrong on that line", async () => {
  const messages = await Promise.all([
    bottleFault(route("auth: {scheme: bearer, token_ref: sk-live-123}")),
    bottleFault(route("auth: {scheme: Bearer, token_ref: sk-live-123}")),
    bottleFault("agent_provider: {auth_token: sk-live-123, tempalte: x}"),
    bottleFault("env: {A: {from: sk-live-123}}"),
    bottleFault("env: {A: 123456}"),
  ]);
  for (const message of messages) {
    expect(message).not.toContain("sk-live-123");
    expect(message).not.toContain("123456");
    expect(message).toContain("may hold a credential");
  }
});

test("a long line is shown around the mistake only, and what could move the cursor is escaped", async () => {
  const message = await bottleFault(`env: {A: "${"x".repeat(5000)}"}\nnope\u00a0\u200b: 1`);
  expect(Math.max(...message.split("\n").map((line) => line.length))).toBeLessThan(400);
  expect(message).toContain("\\u{200b}");
});

test("control characters that YAML escapes bring in are shown, not sent to the terminal", async () => {
  const messages = await Promise.all([
    bottleFault(repo(`url: "git@host:\\e]0;x\\a"\n${key}`)),
    bottleFault('"a\\e[2J": 1'),
    bottleFault(route('role: "\\e[2J"')),
    bottleFault('extends: "\\e[2J"'),
  ]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  for (const message of messages) expect(message).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test("front matter that is no map says so", async () => {
  expect(await bottleFault("just text")).toContain("dev.md:2:1: the YAML must be a map, not text");
});

test("every mistake is counted, the first fifty are shown", async () => {
  const message = await bottleFault(Array.from({ length: 70 }, (_, i) => `bad${i}: 1`).join("\n"));
  expect(message.match(/unknown key/g)).toHaveLength(50);
  expect(message).toContain("and 20 more");
});

test("a bottle with every key of the format loads", async () => {
  const { bottle, notices } = await bottleOf(EVERY_KEY);
  expect(notices).toEqual([]);
  expect(bottle.routes.get("api.example.com")).toMatchObject({
    at: "dev.md:16",
    ports: [443, 8443],
    encodedSlash: "opaque",
  });
  expect(bottle.limits.memory).toEqual({ value: 512 * 1024 ** 2, at: "dev.md:45" });
  expect(bottle.limits.time?.value).toBe(5400);
  expect(bottle.repos.get("widgets")?.upstream).toEqual({
    scheme: "ssh",
    user: "git",
    host: "forge.example.com",
    port: 2222,
    path: "/team/widgets.git",
  });
});

const EVERY_KEY = `env:
  LITERAL: text
  ASKED: "?Which one"
  COPIED: \${HOST_VAR}
  PLAIN: {from: HOST_VAR, secret: false}
agent_provider:
  template: claude
  dockerfile: ./Dockerfile
  auth_token: CLAUDE_TOKEN
  forward_host_credentials: false
  settings: {model: sonnet}
egress:
  log: 2
  routes:
  - host: api.example.com
    ports: [443, 8443]
    role: claude_code_oauth
    auth: {scheme: header, name: X-Key, token_ref: API_KEY}
    matches:
      - paths: [{value: /v1/}, {type: exact, value: /x%2Fy}, {type: regex, value: "/z[0-9]+"}]
        methods: [get, POST]
        headers: [{name: Content-Type, value: application/json}, {name: accept, type: regex, value: ".*json"}]
    encoded_slash: opaque
    git: {fetch: true, api_write: false}
    dlp: {outbound_detectors: [token_patterns, known_secrets, entropy], inbound_detectors: false, outbound_on_match: redact, allow_secrets: [COPIED], oversize: pass}
    body: {kind: anthropic-messages, server_tools: [web_search], remote_urls: allowlist, file_upload: deny}
    limits: {requests: {per: minute, soft: 10, hard: 20}, bytes_out: {per: life, hard: 10M}}
  - host: "*.example.org"
dlp: {rules: rules/extra.toml}
git-gate:
  user: {name: Bot, email: bot@example.com}
  repos:
    widgets:
      url: ssh://git@forge.example.com:2222/team/widgets.git
      key: {provider: gitea, forge_token_env: FORGE_TOKEN, api_url: https://forge.example.com}
      host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHjk
      push: {allow: ["refs/heads/agent/*"], force: false, delete: false, tags: true, paths: {hold: [".ci/**"]}}
      scanner: builtin
      sign: {key: ~/.ssh/sign}
    lib: {url: "https://code.example.com/lib.git", key: {provider: token, token_ref: T}}
supervise: true
workspace: {mode: copy, path: ~/src, exclude: [node_modules], include: ["**"]}
limits:
  memory: 512M
  pids: 100
  cpus: 1.5
  disk: 2G
  open_files: 1024
  time: 1h30m
  requests: {per: hour, soft: 100}
  bytes_out: {per: hour, hard: 1G}
  hosts: {per: life, hard: 20}
isolation: {kind: gvisor, runtime: runsc, root: "debian:12", nested: true}`;

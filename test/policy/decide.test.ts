import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { type Decision, decide } from "../../src/policy/decide.ts";
import type { RequestFacts } from "../../src/policy/facts.ts";
import { normaliseTarget } from "../../src/policy/path.ts";
import type { RouteSpec } from "../../src/policy/route.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { CODES } from "../../src/policy/verdict.ts";
import { facts, match, route } from "./facts.ts";

const ask = (routes: RouteSpec[], request: RequestFacts, gitHosts: string[] = []): Decision =>
  decide(compilePolicy({ routes, gitHosts }), request);

const codeOf = ({ verdict }: Decision): string => (verdict.action === "allow" ? "allow" : verdict.code);

/** The code of the refusal, or `allow`. */
const verdict = (routes: RouteSpec[], request: RequestFacts): string => codeOf(ask(routes, request));

const HOST = "api.example.com";
const open = [route(HOST)];

describe("hosts", () => {
  it("blocks everything when there is no route", () => {
    const decision = ask([], facts(HOST));
    expect(decision).toMatchObject({
      host: HOST,
      verdict: { code: "egress.host_not_allowed", rule: "default deny, 0 routes", retryable: false },
    });
  });

  it("allows a host that a route lists, and says which rule did", () => {
    expect(ask(open, facts(HOST, { target: "/a/../b?c" }))).toMatchObject({
      verdict: { action: "allow", rule: "route api.example.com (dev.md:12)" },
      host: HOST,
      path: "/b",
      target: "/b?c",
    });
  });

  it("prefers the exact host over a wildcard, and the longer wildcard over the shorter", () => {
    const routes = [route("*.example.com"), route("*.b.example.com"), route("a.b.example.com")];
    const used = (host: string) => {
      const decision = ask(routes, facts(host));
      return "route" in decision ? decision.route.spec.host : decision.verdict.code;
    };
    expect(used("a.b.example.com")).toBe("a.b.example.com");
    expect(used("x.b.example.com")).toBe("*.b.example.com");
    expect(used("x.y.b.example.com")).toBe("*.b.example.com");
    expect(used("b.example.com")).toBe("*.example.com");
    expect(used("example.com")).toBe("egress.host_not_allowed");
    expect(used("notexample.com")).toBe("egress.host_not_allowed");
    expect(used("example.com.evil.example")).toBe("egress.host_not_allowed");
  });

  it("lets the later of two routes for one host win whole", () => {
    const routes = [
      route(HOST, { ports: [443, 8443] }),
      route(HOST, { matches: [match({ methods: ["GET"] })] }),
    ];
    expect(verdict(routes, facts(HOST, { method: "POST" }))).toBe("egress.method_not_allowed");
    expect(verdict(routes, facts(`${HOST}:8443`, { sni: HOST, port: 8443 }))).toBe("egress.port_not_allowed");
  });

  it.each(["API.Example.COM", "api.example.com.", "api.example.com:443"])(
    "takes %s for the same host",
    (authority) => {
      expect(verdict(open, facts(HOST, { authority }))).toBe("allow");
    },
  );

  it.each([
    ["another server name", { sni: "evil.example" }],
    ["another Host", { authority: "evil.example" }],
    ["no server name", { sni: undefined }],
    ["an empty server name", { sni: "" }],
    ["another CONNECT target", { way: "proxy", connectHost: "evil.example" }],
    ["an address as CONNECT target", { way: "proxy", connectHost: "203.0.113.7" }],
    ["no server name inside a CONNECT", { way: "proxy", connectHost: HOST, sni: undefined }],
    ["an address as Host", { authority: "203.0.113.7" }],
    ["another port in Host", { authority: `${HOST}:8443` }],
    ["a second Host", { headers: ["Host", HOST, "host", "evil.example"] }],
    ["a Host beside :authority", { headers: ["HOST", "evil.example"] }],
  ] satisfies [string, Partial<RequestFacts>][])("refuses %s as a mismatch", (_what, fields) => {
    expect(verdict([...open, route("evil.example")], facts(HOST, fields))).toBe("egress.host_mismatch");
  });

  it("wants no server name where the bottle's side has no TLS", () => {
    expect(verdict(open, facts(HOST, { way: "reverse", sni: undefined }))).toBe("allow");
    const plain = { scheme: "http", port: 80, sni: undefined } as const;
    expect(verdict([route(HOST, { ports: [80] })], facts(HOST, plain))).toBe("allow");
  });

  it.each([
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "203.0.113.7.",
  ])("refuses the address %s, with or without TLS", (authority) => {
    expect(verdict(open, facts(authority, { sni: undefined }))).toBe("egress.ip_literal");
    expect(verdict(open, facts(authority, { sni: undefined, scheme: "http", port: 80 }))).toBe(
      "egress.ip_literal",
    );
    expect(verdict(open, facts(authority, { sni: undefined, way: "proxy", connectHost: authority }))).toBe(
      "egress.ip_literal",
    );
  });

  it.each([
    "",
    "u@api.example.com",
    "api.example.com/",
    "api example.com",
    "api.example.com:x",
    "%61pi.example.com",
    "\u0000",
  ])("calls the Host %j a broken message", (authority) => {
    expect(verdict(open, facts(authority, { way: "reverse", sni: undefined }))).toBe("egress.protocol_error");
  });

  it("prints no control character of a host in its answer", () => {
    const decision = ask([], facts("\u001b]0;x\u0007\u202e", { way: "reverse", sni: undefined }));
    expect(JSON.stringify(decision)).not.toMatch(/\\u001b|\\u0007|\u202e/);
  });
});

describe("ports and TLS", () => {
  it("refuses a port that the route does not list", () => {
    const decision = ask(open, facts(`${HOST}:8443`, { sni: HOST, port: 8443 }));
    expect(decision.verdict).toMatchObject({
      code: "egress.port_not_allowed",
      rule: "route api.example.com (dev.md:12)",
    });
  });

  it("never sends a credential in the clear, even on a port the route lists", () => {
    const auth = { header: "authorization", scheme: "bearer", secret: "T" } as const;
    const routes = [route(HOST, { ports: [80, 443], auth })];
    expect(verdict(routes, facts(HOST, { scheme: "http", port: 80, sni: undefined }))).toBe(
      "egress.tls_required",
    );
    expect(verdict(routes, facts(HOST))).toBe("allow");
  });

  it("refuses plain HTTP on port 443", () => {
    expect(verdict(open, facts(HOST, { scheme: "http", sni: undefined }))).toBe("egress.tls_required");
  });
});

describe("methods and targets", () => {
  it.each(["TRACE", "trace", "TRACK", "CONNECT", "PRI"])("never forwards %s", (method) => {
    expect(verdict(open, facts(HOST, { method }))).toBe("egress.method_refused");
  });

  it("never forwards OPTIONS *", () => {
    expect(verdict(open, facts(HOST, { method: "OPTIONS", target: "*" }))).toBe("egress.method_refused");
  });

  it.each([
    { target: "*" },
    { target: "" },
    { target: "https://api.example.com/" },
    { method: "" },
    { method: "GET /" },
    { method: "G\r\nET" },
    { method: "A".repeat(100) },
  ])("calls %j a broken message", (fields) => {
    expect(verdict(open, facts(HOST, fields))).toBe("egress.protocol_error");
  });

  it("refuses an ambiguous path, and says what would let an encoded slash through", () => {
    expect(verdict(open, facts(HOST, { target: "/v1/..;/admin" }))).toBe("egress.path_ambiguous");
    const slash = ask(open, facts(HOST, { target: "/@a%2fb" }));
    expect(slash.verdict).toMatchObject({
      code: "egress.path_ambiguous",
      needed: "egress:\n  routes:\n    - host: api.example.com\n      encoded_slash: opaque",
    });
    const decision = ask([route(HOST, { encodedSlash: "opaque" })], facts(HOST, { target: "/@a%2fb" }));
    expect(decision).toMatchObject({ verdict: { action: "allow" }, target: "/@a%2Fb" });
  });

  it.each([
    { target: "/a%0d%0ab" },
    { headers: ["x", "a\r\nb: c"] },
    { headers: ["x\n", "a"] },
    { headers: ["x", "a\u0000"] },
  ])("refuses the line break or NUL in %j", (fields) => {
    expect(verdict(open, facts(HOST, fields))).toBe("dlp.crlf");
  });

  it("refuses a target longer than its limit", () => {
    expect(verdict(open, facts(HOST, { target: `/${"a".repeat(70_000)}` }))).toBe("egress.limit_exceeded");
  });
});

describe("matches", () => {
  const only = (fields: Parameters<typeof match>[0]) => [route(HOST, { matches: [match(fields)] })];
  const path = (type: "prefix" | "exact" | "regex", value: string) => only({ paths: [{ type, value }] });

  it.each([
    ["/v1", "/v1", true],
    ["/v1", "/v1/", true],
    ["/v1", "/v1/x", true],
    ["/v1", "/v1x", false],
    ["/v1/", "/v1", true],
    ["/v1/", "/v1/x", true],
    ["/v1/", "/v1x", false],
    ["/v1", "/V1", false],
    ["/v1", "/v1/../admin", false],
    ["/v1", "/v1/%2e%2e/admin", false],
    ["/v1", "//v1//x", true],
    ["/", "/anything", true],
    ["/%76%31", "/v1", true],
  ])("prefix %s against %s: %s", (value, target, allowed) => {
    expect(verdict(path("prefix", value), facts(HOST, { target }))).toBe(
      allowed ? "allow" : "egress.path_not_allowed",
    );
  });

  it("compares an exact path whole", () => {
    expect(verdict(path("exact", "/v1"), facts(HOST, { target: "/v1?x" }))).toBe("allow");
    expect(verdict(path("exact", "/v1"), facts(HOST, { target: "/v1/" }))).toBe("egress.path_not_allowed");
  });

  it("anchors a regex at both ends", () => {
    expect(verdict(path("regex", "/v[0-9]+"), facts(HOST, { target: "/v12" }))).toBe("allow");
    expect(verdict(path("regex", "/v[0-9]+"), facts(HOST, { target: "/v1/admin" }))).toBe(
      "egress.path_not_allowed",
    );
    expect(verdict(path("regex", "/a|/b"), facts(HOST, { target: "/a/x/b" }))).toBe(
      "egress.path_not_allowed",
    );
    expect(verdict(path("regex", "/v1"), facts(HOST, { target: "/x/v1" }))).toBe("egress.path_not_allowed");
  });

  it("answers at once where a backtracking regex would not come back", () => {
    expect(verdict(path("regex", "/(a+)+b"), facts(HOST, { target: `/${"a".repeat(20_000)}c` }))).toBe(
      "egress.path_not_allowed",
    );
  });

  it("keeps an opaque encoded slash from separating", () => {
    const routes = [
      route(HOST, {
        encodedSlash: "opaque",
        matches: [match({ paths: [{ type: "prefix", value: "/@scope%2fpkg" }] })],
      }),
    ];
    expect(verdict(routes, facts(HOST, { target: "/@scope%2Fpkg/-/x.tgz" }))).toBe("allow");
    expect(verdict(routes, facts(HOST, { target: "/@scope%2Fpkg%2Fx" }))).toBe("egress.path_not_allowed");
    expect(verdict(routes, facts(HOST, { target: "/@scope/pkg" }))).toBe("egress.path_not_allowed");
  });

  it("wants every header listed, whole, and all lines of one name together", () => {
    const routes = only({ headers: [{ type: "exact", name: "content-type", value: "application/json" }] });
    expect(verdict(routes, facts(HOST, { headers: ["Content-Type", "application/json"] }))).toBe("allow");
    expect(verdict(routes, facts(HOST, { headers: [] }))).toBe("egress.header_not_allowed");
    expect(verdict(routes, facts(HOST, { headers: ["content-type", "application/json; x"] }))).toBe(
      "egress.header_not_allowed",
    );
    for (const second of ["application/json", "text/plain", ""]) {
      const headers = ["content-type", "application/json", "content-type", second];
      expect(verdict(routes, facts(HOST, { headers }))).toBe("egress.header_not_allowed");
    }
  });

  it("wants one whole entry, not parts of several", () => {
    const routes = [
      route(HOST, {
        matches: [
          match({ paths: [{ type: "exact", value: "/a" }], methods: ["GET"] }),
          match({ paths: [{ type: "exact", value: "/b" }], methods: ["POST"] }),
        ],
      }),
    ];
    expect(verdict(routes, facts(HOST, { target: "/a" }))).toBe("allow");
    expect(verdict(routes, facts(HOST, { target: "/b", method: "POST" }))).toBe("allow");
    expect(verdict(routes, facts(HOST, { target: "/a", method: "POST" }))).toBe("egress.method_not_allowed");
    expect(ask(routes, facts(HOST, { target: "/b", method: "POST" })).verdict.rule).toBe(
      "route api.example.com (dev.md:12) matches[1]",
    );
  });

  it("names the nearest miss: header over method over path, whatever the order of the entries", () => {
    const entries = [
      match({ paths: [{ type: "exact", value: "/other" }] }),
      match({ paths: [{ type: "exact", value: "/a" }], methods: ["PUT"] }),
      match({ methods: ["GET"], headers: [{ type: "exact", name: "x-a", value: "1" }] }),
    ];
    for (const matches of [entries, entries.toReversed()]) {
      const routes = [route(HOST, { matches })];
      expect(verdict(routes, facts(HOST, { target: "/a" }))).toBe("egress.header_not_allowed");
      expect(verdict(routes, facts(HOST, { target: "/a", method: "POST" }))).toBe(
        "egress.method_not_allowed",
      );
    }
    const paths = [route(HOST, { matches: entries.slice(0, 2) })];
    expect(verdict(paths, facts(HOST, { target: "/x" }))).toBe("egress.path_not_allowed");
  });

  it.each(["X-Original-URL", "x-rewrite-url", "X_Rewrite_Url"])(
    "lets no %s stand beside a path rule",
    (name) => {
      const headers = [name, "/admin"];
      expect(verdict(path("prefix", "/v1"), facts(HOST, { target: "/v1", headers }))).toBe(
        "egress.path_ambiguous",
      );
      expect(verdict(open, facts(HOST, { headers }))).toBe("allow");
    },
  );

  it.each([
    { headers: ["X-HTTP-Method-Override", "DELETE"] },
    { headers: ["x-method-override", "delete"] },
    { headers: ["X-HTTP-Method", " Delete"] },
    { headers: ["X_HTTP_METHOD_OVERRIDE", "DELETE"] },
    { headers: ["X-HTTP-Method-Override", "GET, DELETE"] },
    { headers: ["X-HTTP-Method-Override", "GET", "X-HTTP-Method-Override", "DELETE"] },
    { target: "/a?_method=DELETE" },
    { target: "/a?x&%5fmethod=delete" },
    { target: "/a?_method=GET&_method=DELETE" },
    { target: "/a?_METHOD=DELETE" },
    { target: "/a?x;_method=DELETE" },
  ])("holds the method that %j asks for to the route's methods", (fields) => {
    expect(verdict(only({ methods: ["GET", "POST"] }), facts(HOST, { method: "POST", ...fields }))).toBe(
      "egress.method_not_allowed",
    );
    expect(
      verdict(only({ methods: ["GET", "POST", "DELETE"] }), facts(HOST, { method: "POST", ...fields })),
    ).toBe("allow");
    expect(verdict(open, facts(HOST, { method: "POST", ...fields }))).toBe("allow");
  });
});

describe("git", () => {
  const discovery = (query: string) => facts(HOST, { target: `/team/widgets.git/info/refs${query}` });
  const fetching = [route(HOST, { git: { fetch: true, apiWrite: false } })];

  it.each([
    "?service=git-receive-pack",
    "?service=git-upload-pack&service=git-receive-pack",
    "?service=git-receive-pack&service=git-upload-pack",
    "?%73ervice=git-receive-pack",
    "?service=git%2Dreceive-pack",
    "?service=git-receive%2dpack",
    "?SERVICE=Git-Receive-Pack",
    "?x=1;service=git-receive-pack",
    "?service[]=git-receive-pack",
    "?+service=+git-receive-pack",
    "??service=git-receive-pack",
  ])("blocks the discovery of a push, spelled %s", (query) => {
    expect(verdict(fetching, discovery(query))).toBe("egress.git_push_blocked");
  });

  it.each([
    "/team/widgets.git/git-receive-pack",
    "/team/widgets/git-receive-pack",
    "/team/widgets.git//git-receive-pack",
    "/team/x/../widgets.git/git-receive-pack",
    "/team/widgets.git/git%2dreceive-pack",
    "/team/widgets.git/%67it-receive-pack?x",
    "/team/widgets.git/Git-Receive-Pack",
    "/team/widgets.git/git-receive-pack/",
    "/team/widgets.git/git-receive-pack;x=1",
    "/team/widgets.git/git-receive-pack%20",
    "/team/widgets.git/git-receive-pack.",
  ])("blocks the push to %s", (target) => {
    expect(verdict(fetching, facts(HOST, { target, method: "POST" }))).toBe("egress.git_push_blocked");
  });

  it("blocks a push hidden behind a method override or an opaque slash", () => {
    const target = "/team/widgets.git/git-receive-pack";
    const headers = ["X-HTTP-Method-Override", "POST"];
    expect(verdict(fetching, facts(HOST, { target, headers }))).toBe("egress.git_push_blocked");
    const opaque = [route(HOST, { encodedSlash: "opaque", git: { fetch: true, apiWrite: false } })];
    const hidden = facts(HOST, { target: "/team/widgets.git%2fgit-receive-pack", method: "POST" });
    expect(verdict(opaque, hidden)).toBe("egress.git_push_blocked");
  });

  it("blocks the dumb protocol's writes", () => {
    for (const method of ["PUT", "MKCOL", "LOCK", "MOVE", "DELETE"]) {
      expect(verdict(fetching, facts(HOST, { method, target: "/r.git/refs/heads/main" }))).toBe(
        "egress.git_push_blocked",
      );
    }
  });

  it("lets fetches through only where the route says git.fetch", () => {
    const requests = [
      discovery("?service=git-upload-pack"),
      discovery(""),
      facts(HOST, { method: "POST", target: "/team/widgets.git/git-upload-pack" }),
      facts(HOST, { method: "POST", target: "/team/widgets.git/info/lfs/objects/batch" }),
    ];
    for (const request of requests) {
      expect(verdict(open, request)).toBe("egress.git_fetch_blocked");
      expect(verdict(fetching, request)).toBe("allow");
    }
  });

  it("leaves what is no git traffic alone", () => {
    for (const target of [
      "/docs/git-receive-pack",
      "/api/info/refs2",
      "/info/",
      "/a.git/blob/main/x",
      "/x?service=git-receive-pack",
    ]) {
      expect(verdict(open, facts(HOST, { target }))).toBe("allow");
    }
  });

  it("blocks the push to a host that the gate serves too, and says where to push", () => {
    const request = facts(HOST, { method: "POST", target: "/w.git/git-receive-pack" });
    const decision = ask(fetching, request, [HOST]);
    expect(decision.verdict).toMatchObject({
      code: "egress.git_push_blocked",
      detail:
        "Pushes to api.example.com go through the git gate: push to the remote that git-gate.repos declares.",
    });
  });
});

describe("what a refusal says is needed", () => {
  const matchForm = z.strictObject({
    paths: z.array(z.strictObject({ type: z.enum(["prefix", "exact"]), value: z.string() })),
    methods: z.array(z.string()),
  });
  const routeForm = z.strictObject({
    host: z.string(),
    ports: z.array(z.number()).optional(),
    matches: z.array(matchForm).default([]),
    git: z.strictObject({ fetch: z.literal(true) }).optional(),
    encoded_slash: z.literal("opaque").optional(),
  });
  const form = z.strictObject({ egress: z.strictObject({ routes: z.tuple([routeForm]) }) });

  /** Reads `needed` as a manifest would, over the route that was there. */
  const grant = (before: RouteSpec[], needed: string): RouteSpec[] => {
    const [entry] = form.parse(parse(needed)).egress.routes;
    const old = before.find((spec) => spec.host === entry.host) ?? route(entry.host);
    return [
      {
        ...old,
        ports: entry.ports ?? old.ports,
        git: entry.git === undefined ? old.git : { fetch: true, apiWrite: false },
        encodedSlash: entry.encoded_slash ?? old.encodedSlash,
        matches: [...old.matches, ...entry.matches.map(match)],
      },
    ];
  };
  const narrow = [
    route(HOST, {
      matches: [
        match({
          paths: [{ type: "prefix", value: "/v1" }],
          methods: ["GET"],
          headers: [{ type: "exact", name: "x-a", value: "1" }],
        }),
      ],
    }),
  ];

  it.each<[string, RouteSpec[], RequestFacts]>([
    ["a host", [], facts(HOST)],
    ["a host on another port", [], facts(`${HOST}:8443`, { sni: HOST, port: 8443 })],
    ["a host over plain HTTP", [], facts(HOST, { scheme: "http", port: 80, sni: undefined })],
    ["a git fetch from a host", [], facts(HOST, { target: "/r.git/info/refs?service=git-upload-pack" })],
    ["a host of one label that YAML reads as a value", [], facts("null")],
    ["a port", open, facts(`${HOST}:8443`, { sni: HOST, port: 8443 })],
    ["a path", narrow, facts(HOST, { target: '/x"y/{z}' })],
    ["a path too long to print", narrow, facts(HOST, { target: `/x/${"y".repeat(2000)}` })],
    ["a method", narrow, facts(HOST, { target: "/v1", method: "POST" })],
    ["an override", narrow, facts(HOST, { target: "/v1", headers: ["x-http-method", "PUT"] })],
    ["a header", narrow, facts(HOST, { target: "/v1" })],
    ["a wildcard's path", [route("*.example.com", { matches: [match({ methods: ["PUT"] })] })], facts(HOST)],
    ["git fetch", open, facts(HOST, { target: "/r.git/info/refs?service=git-upload-pack" })],
    ["an encoded slash", open, facts(HOST, { target: "/a%2fb" })],
  ])("lets %s through once it is granted", (_what, routes, request) => {
    const before = ask(routes, request).verdict;
    if (before.action === "allow" || before.needed === undefined) throw new Error("not refused with a need");
    expect(before.needed.length).toBeLessThan(600);
    expect(verdict(grant(routes, before.needed), request)).toBe("allow");
  });

  it("is nothing where no manifest can allow it", () => {
    const auth = { header: "authorization", scheme: "bearer", secret: "T" } as const;
    const plain = facts(HOST, { scheme: "http", port: 80, sni: undefined });
    for (const decision of [
      ask(open, facts("127.0.0.1", { sni: undefined })),
      ask(open, facts(HOST, { method: "TRACE" })),
      ask(open, facts(HOST, { sni: "evil.example" })),
      ask([route(HOST, { auth })], plain),
    ]) {
      expect(decision.verdict).not.toHaveProperty("needed");
    }
  });
});

describe("for any request", () => {
  const names = fc.oneof(
    fc.constantFrom(HOST, "evil.example", "x.wild.example", "127.0.0.1", "[::1]", ""),
    fc.domain(),
    fc.string({ unit: "binary" }),
  );
  const targets = fc.oneof(
    fc.constantFrom("/", "/v1/x", "/v1/../x", "/a%2fb", "*"),
    fc.string({ unit: "binary" }).map((text) => `/${text}`),
    fc
      .array(
        fc.constantFrom(
          "/",
          "v1",
          "..",
          "%2e",
          ";",
          "git-receive-pack",
          "info/refs",
          "?",
          "service=",
          "&",
          "%2f",
          "%25",
        ),
        { maxLength: 10 },
      )
      .map((parts) => `/${parts.join("")}`),
  );
  const anyFacts: fc.Arbitrary<RequestFacts> = fc
    .record({
      way: fc.constantFrom("transparent", "proxy", "reverse"),
      scheme: fc.constantFrom("https", "http"),
      authority: names,
      port: fc.constantFrom(80, 443, 8443),
      sni: fc.option(names, { nil: undefined }),
      connectHost: fc.option(names, { nil: undefined }),
      method: fc.oneof(fc.constantFrom("GET", "POST", "TRACE", "CONNECT"), fc.string()),
      target: targets,
      headers: fc.array(fc.oneof(fc.constantFrom("host", HOST, "x-http-method", "POST"), fc.string()), {
        maxLength: 8,
      }),
      agreement: fc.constantFrom("agree", "are allowed", "differ"),
    })
    .map(({ agreement, ...request }) => {
      if (agreement === "differ") return request;
      const authority = agreement === "agree" ? request.authority : HOST;
      return { ...request, scheme: "https", authority, sni: authority, connectHost: undefined, headers: [] };
    });

  const routes = [
    route(HOST, {
      ports: [80, 443],
      matches: [match({ paths: [{ type: "prefix", value: "/v1" }] }), match({ methods: ["GET"] })],
    }),
    route("*.wild.example"),
  ];
  const policy = compilePolicy({ routes, gitHosts: [] });
  const empty = compilePolicy({ routes: [], gitHosts: [] });

  it("never throws, and without a route never allows", () => {
    fc.assert(
      fc.property(anyFacts, (request) => {
        const decision = decide(empty, request);
        expect(Object.keys(CODES)).toContain(codeOf(decision));
      }),
      { numRuns: 2000 },
    );
  });

  it("allows only a listed host on a listed port, with a normalised target", () => {
    let allowed = 0;
    fc.assert(
      fc.property(anyFacts, (request) => {
        const decision = decide(policy, request);
        if (!("route" in decision)) return;
        allowed += 1;
        const { spec } = decision.route;
        expect(decision.host === spec.host || decision.host.endsWith(spec.host.slice(1))).toBe(true);
        expect(spec.ports).toContain(request.port);
        expect(normaliseTarget(decision.target, spec.encodedSlash)).toMatchObject({
          ok: true,
          target: decision.target,
        });
        expect(["TRACE", "CONNECT"]).not.toContain(request.method);
        const again = decide(policy, { ...request, target: decision.target });
        expect(again).toEqual(decision);
      }),
      { numRuns: 2000 },
    );
    expect(allowed).toBeGreaterThan(20);
  });
});

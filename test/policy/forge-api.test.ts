import { describe, expect, test } from "vitest";
import { decide, isAllowed } from "../../src/policy/decide.ts";
import { forgeRequest } from "../../src/policy/forge-api.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { facts, route } from "./facts.ts";

const HOST = "forge.example.com";

function of(line: string, headers: string[] = [], fetch = false): string {
  const [method = "", target = ""] = line.split(" ");
  const [path = "", query] = target.split("?");
  return forgeRequest(method, path, query === undefined ? "" : `?${query}`, headers, fetch);
}

const WRITES = [
  // Gitea, Forgejo
  "POST /api/v1/repos/o/r/contents/a.txt",
  "PUT /api/v1/repos/o/r/contents/a.txt",
  "DELETE /api/v1/repos/o/r/contents/a.txt",
  "POST /api/v1/repos/o/r/contents",
  "POST /api/v1/repos/o/r/diffpatch",
  "POST /api/v1/repos/o/r/branches",
  "DELETE /api/v1/repos/o/r/branches/main",
  "POST /api/v1/repos/o/r/tags",
  "POST /api/v1/repos/o/r/git/notes/abc",
  "POST /api/v1/repos/o/r/pulls/1/merge",
  "POST /api/v1/repos/o/r/pulls/1/update",
  "POST /api/v1/repos/o/r/merge-upstream",
  "POST /api/v1/repos/o/r/mirror-sync",
  "POST /api/v1/repos/o/r/push_mirrors",
  "POST /api/v1/repos/o/r/releases",
  "POST /api/v1/repos/o/r/keys",
  "POST /api/v1/repos/o/r/hooks",
  "PATCH /api/v1/repos/o/r/hooks/git/pre-receive",
  "POST /api/v1/repos/o/r/wiki/new",
  "POST /api/v1/repos/o/r/transfer",
  "PATCH /api/v1/repos/o/r",
  "DELETE /api/v1/repos/o/r",
  "POST /api/v1/repos/migrate",
  "POST /api/v1/user/keys",
  "POST /api/v1/users/me/tokens",
  "POST /api/v1/admin/users/me/keys",
  "POST /o/r/_edit/main/a.txt",
  "POST /user/settings/keys",
  // GitHub and its own servers
  "PUT /repos/o/r/contents/a.txt",
  "POST /repos/o/r/git/blobs",
  "POST /repos/o/r/git/refs",
  "PATCH /repos/o/r/git/refs/heads/main",
  "DELETE /repos/o/r/git/refs/heads/main",
  "POST /repos/o/r/merges",
  "PUT /repos/o/r/pulls/1/merge",
  "PUT /repos/o/r/pulls/1/update-branch",
  "POST /repos/o/r/branches/main/rename",
  "POST /repos/o/r/dispatches",
  "POST /repos/o/r/actions/workflows/1/dispatches",
  "PUT /api/v3/repos/o/r/contents/a.txt",
  "POST /repos/o/r/forks",
  "POST /user/repos",
  // GitLab
  "POST /api/v4/projects/1/repository/files/a.txt",
  "POST /api/v4/projects/1/repository/commits",
  "POST /api/v4/projects/1/repository/branches",
  "POST /api/v4/projects/1/repository/tags",
  "PUT /api/v4/projects/1/merge_requests/1/merge",
  "PUT /api/v4/projects/1/merge_requests/1/rebase",
  // a quick action in its text merges: `/merge`
  "POST /api/v4/projects/1/merge_requests/1/notes",
  "POST /api/v4/projects/1/issues",
  "POST /api/v4/projects/1/deploy_keys",
  "POST /api/v4/projects/1/trigger/pipeline",
  // said otherwise
  "POST /repos/o/r%2Fcontents/issues",
  "POST /API/V1/repos/o/r/issues",
  "POST /repos/o/r/issues;x/1",
  "POST /repos/o/r/Contents/a",
  "GET /repos/o/r/contents/a.txt?_method=PUT",
  "PROPPATCH /repos/o/r/contents/a.txt",
  "GET /graphql?query=mutation{x}",
];

const HARMLESS = [
  "GET /api/v1/repos/o/r/contents/a.txt",
  "HEAD /o/r",
  "GET /o/r/raw/branch/main/a%20b.txt",
  "GET /graphql",
  "POST /api/v1/repos/o/r/issues",
  "PATCH /api/v1/repos/o/r/issues/1",
  "POST /repos/o/r/issues/1/comments",
  "POST /repos/o/r/pulls",
  "PATCH /repos/o/r/pulls/1",
  "POST /repos/o/r/pulls/1/reviews",
  "POST /repos/o/r/pulls/1/comments/2/replies",
  "POST /repos/o/r/commits/abc/comments",
  "POST /repos/o/r/statuses/abc",
  "POST /api/v3/repos/o/r/check-runs",
  "PUT /user/starred/o/r",
  "POST /markdown",
  "POST /api/v4/projects/1/labels",
  "PUT /api/v4/projects/1/packages/npm/x",
  "PUT /api/packages/o/npm/x",
  "POST /v2/o/i/blobs/uploads/",
];

describe("a forge whose git goes through the gate", () => {
  test.each(WRITES)("%s may write contents or refs", (line) => {
    expect(of(line)).toBe("write");
  });

  test.each(HARMLESS)("%s does not", (line) => {
    expect(of(line)).toBe("harmless");
  });

  test("what overrides the method counts, whichever way it is said", () => {
    for (const name of ["X-HTTP-Method-Override", "x_http_method", "X-Method-Override"])
      expect(of("GET /repos/o/r/contents/a", [name, "PUT"])).toBe("write");
  });

  test("a file called as git's fetch is, is a file", () => {
    expect(of("POST /o/r.git/git-upload-pack", [], true)).toBe("harmless");
    expect(of("POST /api/v1/repos/o/r/contents/git-upload-pack", [], true)).toBe("write");
    expect(of("POST /repos/o/r/contents/git-upload-pack", [], true)).toBe("write");
    expect(of("PUT /o/r.git/git-upload-pack", [], true)).toBe("write");
  });

  test("GraphQL is decided by what its document says", () => {
    for (const path of ["/graphql", "/api/graphql", "/GraphQL"]) expect(of(`POST ${path}`)).toBe("graphql");
  });

  test("only the hosts that git-gate declares are forges, and a route can say otherwise", () => {
    const ask = (gitHosts: string[], apiWrite: boolean) =>
      decide(
        compilePolicy({ routes: [route(HOST, { git: { fetch: false, apiWrite } })], gitHosts }),
        facts(HOST, { method: "PUT", target: "/api/v1/repos/o/r/contents/a.txt" }),
      );
    const refused = ask([HOST], false);
    expect(refused.verdict).toMatchObject({
      code: "egress.git_api_write_blocked",
      needed: expect.stringContaining("git: {api_write: true}"),
    });
    expect(isAllowed(ask([HOST], true))).toBe(true);
    expect(isAllowed(ask(["other.example.com"], false))).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import { Fault } from "../../../src/base/fault.ts";
import { type ForgeName, keysUrl } from "../../../src/launch/git-keys/forges.ts";

const FORGE = "https://forge.example.com";

describe("where a repository's deploy keys are", () => {
  test.each<readonly [ForgeName, string, string, string]>([
    ["gitea", FORGE, "/team/w.git", `${FORGE}/api/v1/repos/team/w/keys`],
    ["gitea", FORGE, "/team/w", `${FORGE}/api/v1/repos/team/w/keys`],
    ["gitea", `${FORGE}/`, "/team/w.x", `${FORGE}/api/v1/repos/team/w.x/keys`],
    ["gitea", `${FORGE}:3000/git/`, "/t/w.git", `${FORGE}:3000/git/api/v1/repos/t/w/keys`],
    ["gitea", `${FORGE}/git/api/v1`, "/t/w.git", `${FORGE}/git/api/v1/repos/t/w/keys`],
    ["gitea", FORGE, "/~me/w+1.git", `${FORGE}/api/v1/repos/~me/w%2B1/keys`],
    ["github", "https://github.com", "/o/r.git", "https://api.github.com/repos/o/r/keys"],
    ["github", "https://api.github.com/", "/o/r.git", "https://api.github.com/repos/o/r/keys"],
    ["github", "https://api.corp.ghe.com", "/o/r.git", "https://api.corp.ghe.com/repos/o/r/keys"],
    ["github", FORGE, "/o/r.git", `${FORGE}/api/v3/repos/o/r/keys`],
    ["github", `${FORGE}/api/v3/`, "/o/r.git", `${FORGE}/api/v3/repos/o/r/keys`],
    ["gitlab", "https://gitlab.com", "/g/p.git", "https://gitlab.com/api/v4/projects/g%2Fp/deploy_keys"],
    ["gitlab", FORGE, "/g/s/t/p.git", `${FORGE}/api/v4/projects/g%2Fs%2Ft%2Fp/deploy_keys`],
  ])("%s at %s, %s", (forge, apiUrl, path, url) => {
    expect(keysUrl(forge, apiUrl, path).href).toBe(url);
  });

  test.each<readonly [ForgeName, string, string, RegExp]>([
    ["gitea", FORGE, "/w.git", /no repository of a gitea forge/],
    ["gitea", FORGE, "/a/team/w.git", /no repository/],
    ["github", FORGE, "/a/o/r.git", /no repository of a github forge/],
    ["gitlab", FORGE, "/p.git", /no repository of a gitlab forge/],
    ["gitea", FORGE, "/team/..git", /no repository/],
    ["gitea", FORGE, "/team/...git", /no repository/],
    ["gitea", FORGE, "/team/.git", /no repository/],
    ["gitlab", FORGE, "/g/../p", /no repository/],
    ["gitea", "http://forge.example.com", "/t/w", /must be https/],
    ["gitea", "https://me:pw@forge.example.com", "/t/w", /must be https/],
    ["gitea", `${FORGE}?x=1`, "/t/w", /must be https/],
    ["gitea", "https://10.0.0.5", "/t/w", /must name its host/],
    ["gitea", "https://[::1]:3000", "/t/w", /must name its host/],
    ["gitea", "forge.example.com", "/t/w", /must be https/],
  ])("is nowhere: %s at %s, %s", (forge, apiUrl, path, says) => {
    expect(() => keysUrl(forge, apiUrl, path)).toThrow(says);
    expect(() => keysUrl(forge, apiUrl, path)).toThrow(Fault);
  });
});

import { describe, expect, test } from "vitest";
import { readGitJob } from "../../src/sidecar/git-gate/read-job.ts";

const REPOS = new Set(["widgets", "lib.core"]);
const PUSH = "0123456789ab";
const read = (job: unknown) => readGitJob(job, REPOS);

describe("a job that a sidecar asks its launcher for is read as what it must be", () => {
  test.each([
    { op: "mirror-state", repo: "widgets" },
    { op: "mirror-reset", repo: "lib.core", format: "sha256" },
    { op: "upload-pack", repo: "widgets", advertise: true, protocol: "version=2" },
    { op: "upload-pack", repo: "widgets", advertise: false, protocol: "" },
    { op: "receive-pack", repo: "widgets", push: PUSH },
    { op: "pack-objects", repo: "widgets", push: PUSH },
    { op: "connect", repo: "widgets", service: "git-receive-pack" },
    { op: "connect-twice", repo: "widgets" },
    { op: "lfs-read", repo: "widgets", oid: "a".repeat(64) },
    { op: "gitleaks", config: "title = 'x'" },
  ])("$op is one", (job) => {
    expect(read(job)).toEqual(job);
  });

  test("what else stands in it is left out", () => {
    const job = { op: "sign", repo: "widgets" };
    expect(read({ ...job, command: ["sh"], env: { PATH: "/tmp" }, mounts: ["/"] })).toEqual(job);
  });

  test.each([
    ["nothing", undefined],
    ["no object", "mirror-state"],
    ["a program's name", { op: "sh", repo: "widgets" }],
    ["no repository", { op: "mirror-state" }],
    ["a repository that isn't there", { op: "mirror-state", repo: "other" }],
    ["a way out of the mirrors", { op: "mirror-state", repo: "../widgets" }],
    ["another object format", { op: "mirror-reset", repo: "widgets", format: "md5" }],
    ["a push that is a path", { op: "receive-pack", repo: "widgets", push: "../../home" }],
    ["a push of another length", { op: "receive-pack", repo: "widgets", push: `${PUSH}0` }],
    ["a protocol with an option", { op: "upload-pack", repo: "widgets", protocol: "version=2 --x" }],
    ["a protocol in two lines", { op: "upload-pack", repo: "widgets", protocol: "version=2\nx" }],
    ["another service", { op: "connect", repo: "widgets", service: "sh -c id" }],
    ["a service with its path", { op: "connect", repo: "widgets", service: "git-upload-pack '/x'" }],
    ["an LFS object that is a path", { op: "lfs-write", repo: "widgets", oid: "../x" }],
    ["a configuration without end", { op: "gitleaks", config: "x".repeat(2 * 1024 * 1024) }],
    ["a configuration that is no text", { op: "gitleaks", config: 1 }],
  ])("%s is none", (_, job) => {
    expect(read(job)).toBeUndefined();
  });
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type RunningBottle } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";

describe.each(STARTERS)("the inbox of bottles that %s started", (starter) => {
  let home: BottleHome;
  let running: RunningBottle[];
  beforeAll(async () => {
    home = new BottleHome({ starter, bottles: { dev: "env: {A: b}" } });
    running = [await home.launch(), await home.launch()];
  });
  afterAll(() => home.dispose());

  it("is read from every sidecar", async () => {
    const { code, stdout, stderr } = await home.cli(["supervise", "--once", "--json"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  });

  it("has every sidecar asked for a proposal that is to be decided", async () => {
    for (const decision of ["approve", "reject"]) {
      const { code, stderr } = await home.cli(["supervise", decision, "p00000000"]);
      expect(stderr).toContain("no running bottle has a proposal p00000000\n");
      expect(code).toBe(2);
    }
  });

  it("can't be reached from inside a bottle", async () => {
    const [one] = running;
    const socket = join(home.home, "run", `${one?.id}.sock`);
    expect(existsSync(socket)).toBe(true);
    const look = 'for path; do test -e "$path" && echo "$path"; done; echo looked';
    const inside = await one?.exec(["sh", "-c", look, "sh", home.home, socket, "/bin/sh"]);
    expect(inside?.stdout).toBe("/bin/sh\nlooked\n");
  });
});

import { describe, expect, it } from "vitest";
import { bottle } from "./bottle.ts";
import { scenario, userFolder } from "./ordinary-user.ts";

describe.each([
  ["the agent", false],
  ["a program that exec starts", true],
])("%s on a terminal", (_, exec) => {
  it("leads a session of its own, learns its size and each change, and is interrupted by Ctrl-C", async () => {
    const { ready, size, code } = (await scenario("terminal", { folder: userFolder(), exec })) as {
      ready: string;
      size: string;
      code: number;
    };
    // rows, columns; then session, process group and the terminal's foreground group, all one
    expect(ready).toMatch(/^30 90 ([0-9]+) \1 \1$/);
    expect(size).toBe("40 100");
    expect(code).toBe(42);
  });
});

describe("a terminal", () => {
  it("carries UTF-8 both ways, and everything a program prints before it ends", async () => {
    const { agent } = await bottle({
      agent: {
        script: 'stty -echo; read line; echo "[$line]"; seq 1 20000; printf end',
        terminal: true,
        input: "naïve ☃\n",
      },
    });
    expect(agent.out).toContain("[naïve ☃]\r\n");
    expect(agent.out).toContain("\r\n20000\r\nend");
  });

  it("is not there without one: no controlling terminal to open", async () => {
    const { agent } = await bottle({ agent: { script: "(: < /dev/tty) 2>/dev/null || echo none; tty" } });
    expect(agent.out).toBe("none\nnot a tty\n");
  });
});

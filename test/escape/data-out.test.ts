import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { API_BOTTLE, TOKEN } from "./internet.ts";
import { brief, outcome, WAYS } from "./probe-bottle.ts";

const SECRET = "dk4Rt8-WqZ2mLx90vBcN7yHsPf3J";
const BOTTLE = API_BOTTLE.replace("env: {", `env: {DEPLOY_KEY: "\${HOST_DEPLOY_KEY}", `);

const SPELLED = "body base64 hex reversed dotted json gzip query header header-name path chunks curl".split(
  " ",
);

describe.each(STARTERS)("a secret of the environment of a bottle started by %s", (starter) => {
  const attack = attacked({
    starter,
    script: "data-out.ts",
    args: [SECRET],
    bottles: { dev: BOTTLE },
    env: { API_TOKEN_REAL: TOKEN, HOST_DEPLOY_KEY: SECRET },
  });

  describe.each(WAYS)("sent as %s", (way) => {
    it("does not keep a clean request from going out", () =>
      expect(brief(outcome(attack.probed[way], "clean"))).toBe("http 200"));

    it.each(SPELLED)("is refused in or as %s, and the journal says so", (name) => {
      expect(brief(outcome(attack.probed[way], name))).toBe("refused dlp.known_secret");
      expect(attack.probed.records).toContainEqual(
        expect.objectContaining({
          kind: "request",
          path: expect.stringContaining(`/v1/${way}/${name}`),
          code: "dlp.known_secret",
          findings: [expect.objectContaining({ name: "DEPLOY_KEY", action: "block" })],
        }),
      );
    });

    it("is refused behind a coding that lies", () =>
      expect(brief(outcome(attack.probed[way], "lying-coding"))).toBe("refused dlp.body_unreadable"));
  });

  it("is in nothing that arrived, and in no request of the journal", () => {
    const arrived = JSON.stringify(attack.internet.of("request"));
    // the command's arguments are the operator's own words, and stand in the journal
    const requests = attack.probed.records.filter(({ kind }) => kind === "request");
    for (const text of [SECRET, Buffer.from(SECRET).toString("hex"), [...SECRET].reverse().join("")]) {
      expect(arrived).not.toContain(text.slice(4, 20));
      expect(JSON.stringify(requests)).not.toContain(text.slice(4, 20));
    }
  });
});

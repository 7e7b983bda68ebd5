import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeInternet } from "../support/fake-internet.ts";
import { STARTERS } from "../support/program.ts";
import { API_BOTTLE, ca, startInternet, TOKEN } from "./internet.ts";
import { brief, outcome, type Probed, probeBottle, WAYS } from "./probe-bottle.ts";

const SECRET = "dk4Rt8-WqZ2mLx90vBcN7yHsPf3J";
const BOTTLE = API_BOTTLE.replace("env: {", `env: {DEPLOY_KEY: "\${HOST_DEPLOY_KEY}", `);

const SPELLED = "body base64 hex reversed dotted json gzip query header header-name path chunks curl".split(
  " ",
);

describe.each(STARTERS)("a secret of the environment of a bottle started by %s", (starter) => {
  let internet: FakeInternet;
  let probed: Probed;
  beforeAll(async () => {
    internet = await startInternet();
    probed = await probeBottle({
      starter,
      script: "data-out.ts",
      args: [SECRET],
      bottles: { dev: BOTTLE },
      ca: ca.cert,
      env: { API_TOKEN_REAL: TOKEN, HOST_DEPLOY_KEY: SECRET },
      enter: internet.enter,
    });
    await internet.settle();
  });
  afterAll(async () => {
    await probed?.home.dispose();
    await internet?.close();
  });

  describe.each(WAYS)("sent as %s", (way) => {
    it("does not keep a clean request from going out", () =>
      expect(brief(outcome(probed[way], "clean"))).toBe("http 200"));

    it.each(SPELLED)("is refused in or as %s, and the journal says so", (name) => {
      expect(brief(outcome(probed[way], name))).toBe("refused dlp.known_secret");
      expect(probed.records).toContainEqual(
        expect.objectContaining({
          kind: "request",
          path: expect.stringContaining(`/v1/${way}/${name}`),
          code: "dlp.known_secret",
          findings: [expect.objectContaining({ name: "DEPLOY_KEY", action: "block" })],
        }),
      );
    });

    it("is refused behind a coding that lies", () =>
      expect(brief(outcome(probed[way], "lying-coding"))).toBe("refused dlp.body_unreadable"));
  });

  it("is in nothing that arrived, and in no request of the journal", () => {
    const arrived = JSON.stringify(internet.of("request"));
    // the command's arguments are the operator's own words, and stand in the journal
    const requests = probed.records.filter(({ kind }) => kind === "request");
    for (const text of [SECRET, Buffer.from(SECRET).toString("hex"), [...SECRET].reverse().join("")]) {
      expect(arrived).not.toContain(text.slice(4, 20));
      expect(JSON.stringify(requests)).not.toContain(text.slice(4, 20));
    }
  });
});

import { describe, expect, it } from "vitest";
import { STARTERS } from "../support/program.ts";
import { attacked } from "./attacked.ts";
import { API_BOTTLE, TOKEN } from "./internet.ts";
import { brief, outcome, WAYS } from "./probe-bottle.ts";

const BOTTLE = API_BOTTLE.replace(
  "- host: api.example.com",
  "- host: api.example.com\n      body: {kind: anthropic-messages}",
);

const REFUSED: Readonly<Record<string, string>> = {
  image: "model.remote_url_not_allowed",
  nested: "model.remote_url_not_allowed",
  fetch: "model.server_tool_not_allowed",
  mcp: "model.server_tool_not_allowed",
  file: "model.file_upload_not_allowed",
  twice: "model.body_unreadable",
  gzip: "model.server_tool_not_allowed",
  upload: "model.file_upload_not_allowed",
  batch: "model.endpoint_not_allowed",
  http2: "model.server_tool_not_allowed",
  proxy: "model.server_tool_not_allowed",
  reverse: "model.server_tool_not_allowed",
};

describe.each(STARTERS)("a bottle started by %s, whose route is a model's API", (starter) => {
  const attack = attacked({
    starter,
    script: "model-api.ts",
    bottles: { dev: BOTTLE },
    env: { API_TOKEN_REAL: TOKEN },
  });

  describe.each(WAYS)("asked as %s", (way) => {
    it("lets a plain message pass", () =>
      expect(brief(outcome(attack.probed[way], "clean"))).toBe("http 200"));

    it.each(Object.entries(REFUSED))("refuses what makes the provider act: %s", (name, code) => {
      expect(brief(outcome(attack.probed[way], name))).toBe(`refused ${code}`);
    });
  });

  it("sends none of it on, and journals each", () => {
    const arrived = attack.internet.of("request").map((request) => JSON.stringify(request));
    for (const name of Object.keys(REFUSED)) {
      for (const way of WAYS) expect(arrived.join()).not.toContain(`probe=${way}-${name}`);
    }
    const codes = attack.probed.records.filter(({ kind }) => kind === "request").map(({ code }) => code);
    for (const code of Object.values(REFUSED)) expect(codes).toContain(code);
  });
});

import { expect, test } from "vitest";
import { bottleOf, faultOf, matter, TestHome } from "./home.ts";

const allowing = (...names: string[]) =>
  `egress: {routes: [{host: api.example.com, dlp: {allow_secrets: [${names.join(", ")}]}}]}`;

test("a variable that is no secret may be allowed, with a warning", async () => {
  const { notices } = await bottleOf(
    `env: {PLAIN: text, OPEN: {from: OPEN, secret: false}, KEY: "?"}\n${allowing("PLAIN", "env.OPEN", "KEY")}`,
  );
  expect(notices).toEqual([
    "dev.md:3: `dlp.allow_secrets` of api.example.com: PLAIN is no secret (env.PLAIN, dev.md:2): it may go anywhere already",
    "dev.md:3: `dlp.allow_secrets` of api.example.com: env.OPEN is no secret (env.OPEN, dev.md:2): it may go anywhere already",
  ]);
});

test("a bottle may allow what one that extends it adds, and can't be started alone", async () => {
  const { manifests } = new TestHome({
    "bottles/base.md": matter(allowing("KEY")),
    "bottles/dev.md": matter('extends: base\nenv: {KEY: "?"}'),
  });
  expect([...(await manifests.validateAll()).bottles.keys()]).toEqual(["base", "dev"]);
  expect((await manifests.loadBottles(["dev"])).sources).toEqual(["base", "dev"]);
  expect(await faultOf(manifests.loadBottles(["base"]))).toContain("KEY is no variable of this bottle");
});

test("a bottle of its own that allows an unknown name is shown by validate", async () => {
  const { manifests } = new TestHome({ "bottles/dev.md": matter(allowing("KEY")) });
  expect(await faultOf(manifests.validateAll())).toContain("KEY is no variable of this bottle");
});

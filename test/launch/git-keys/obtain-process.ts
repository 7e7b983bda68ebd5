/**
 * A launcher for the tests that kill one: has a key made, says so, and gives it back when its stdin ends. Its argument
 * is JSON: the home folder, the token and its name, settings' upstream.
 */
import { Secret } from "../../../src/base/secret.ts";
import { obtainKeys } from "../../../src/launch/git-keys/obtain-keys.ts";
import { homePaths } from "../../../src/launch/paths.ts";
import { repoPlan } from "./session.ts";

const { root, token, tokenName, upstream } = JSON.parse(process.argv[2] ?? "");
const { release } = await obtainKeys([repoPlan("widgets", "gitea")], {
  home: homePaths(root),
  id: "dev-abc12",
  env: {},
  secrets: new Map([[tokenName, new Secret(tokenName, token)]]),
  upstream,
  settingsFile: undefined,
});
process.stdout.write("obtained\n");
process.stdin.resume().on("end", () => {
  void release().then((lines) => process.stdout.write(`released ${lines.length}\n`));
});

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ALLOWED_HOST = "api.example.com";
export const OTHER_HOST = "collector.example.net";

/** What the agent holds instead of the token. */
const PLACEHOLDER = "placeholder-of-no-worth";

const BOTTLE = `---
agent_provider: {template: command}
env:
  API_TOKEN: ${PLACEHOLDER}
  DEPLOY_KEY: \${DEMO_KEY}
supervise: false
egress:
  routes:
    - host: ${ALLOWED_HOST}
      auth: {scheme: Bearer, token_ref: DEMO_TOKEN}
      matches:
        - paths: [{value: /v1/}]
          methods: [GET]
---
The bottle of \`bot-bottle demo\`.
`;

export interface DemoOperator {
  /** holds everything below; removed at the end */
  readonly folder: string;
  readonly home: string;
  readonly workspace: string;
  /** holds the token; lies in the operator's home folder */
  readonly secretFile: string;
}

/** A throw-away operator: their home folder with one bottle, settings that lead to the local upstream, a workspace. */
export function makeOperator(token: string, upstream: { port: number; ca: string }): DemoOperator {
  const folder = mkdtempSync(join(tmpdir(), "bot-bottle-demo-"));
  const home = join(folder, "home", ".bot-bottle");
  const workspace = join(folder, "workspace");
  mkdirSync(join(home, "bottles"), { recursive: true, mode: 0o700 });
  mkdirSync(workspace);
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });
  write(join(home, "bottles", "demo.md"), BOTTLE);
  const caFile = join(folder, "upstream-ca.pem");
  write(caFile, upstream.ca);
  write(
    join(home, "settings.yml"),
    `upstream:\n  ca_file: ${caFile}\n  resolve:\n    "${ALLOWED_HOST}:443": "127.0.0.1:${upstream.port}"\n`,
  );
  const secretFile = join(folder, "home", "token.txt");
  write(secretFile, `${token}\n`);
  return { folder, home, workspace, secretFile };
}

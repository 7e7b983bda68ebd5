import { spawn } from "node:child_process";
import type { Http2ServerResponse } from "node:http2";
import { gitEnvironment } from "./git-repo.ts";
import type { SeenRequest } from "./https-origin.ts";

/** One CGI call (RFC 3875) of `git http-backend` over the repositories in `root`. */
export function gitHttpBackend(root: string, seen: SeenRequest, response: Http2ServerResponse): void {
  const [path = "/", query = ""] = seen.url.split("?");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...gitEnvironment("/nonexistent"),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: seen.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: seen.headers["content-type"] ?? "",
      CONTENT_LENGTH: String(seen.body.length),
      HTTP_CONTENT_ENCODING: seen.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: seen.headers["git-protocol"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(seen.body);
  child.on("close", () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf("\r\n\r\n");
    const headers: Record<string, string> = {};
    for (const line of whole.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const { status = "200", ...rest } = headers;
    response.writeHead(Number.parseInt(status, 10), rest);
    response.end(whole.subarray(end + 4));
  });
}

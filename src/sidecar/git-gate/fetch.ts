import { NO_CACHE } from "./http/answers.ts";
import type { GateAnswer } from "./http/gate-exchange.ts";
import { MAX_FETCH_REQUEST_BYTES } from "./limits.ts";
import type { GitPrograms } from "./programs.ts";
import { feed } from "./upstream/feed.ts";

/** Serves one request of a fetch by a `git upload-pack` over the mirror. */
export async function serveFetch(
  repo: string,
  programs: GitPrograms,
  body: AsyncIterable<Buffer>,
  protocol: string,
  gone: AbortSignal,
): Promise<GateAnswer> {
  const git = await programs.start({ op: "upload-pack", repo, protocol, advertise: false });
  gone.addEventListener("abort", () => git.kill());
  let problem: Error | undefined;
  void feed(bounded(body), git.stdin, (error) => {
    problem = error;
    git.kill();
  });
  const answer = (async function* () {
    yield* git.stdout as AsyncIterable<Buffer>;
    if (problem !== undefined) throw problem;
    const { code, stderr } = await git.exited;
    // It has said so itself, where the protocol lets it.
    if (code !== 0 && code !== 128) throw new Error(`git upload-pack failed: ${stderr}`);
  })();
  return {
    status: 200,
    fields: ["content-type", "application/x-git-upload-pack-result", ...NO_CACHE],
    body: answer,
  };
}

async function* bounded(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const bytes of body) {
    total += bytes.length;
    if (total > MAX_FETCH_REQUEST_BYTES)
      throw new Error(`a fetch asks with more than ${MAX_FETCH_REQUEST_BYTES} bytes`);
    yield bytes;
  }
}

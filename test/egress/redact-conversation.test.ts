import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import { CODINGS, cut, Redacting } from "./redacting.ts";
import { SEARCHED, VALUE } from "./spellings.ts";

let redacting: Redacting;
beforeAll(async () => {
  redacting = await Redacting.start({
    // as a provider's route is
    dlp: { ...DEFAULT_INSPECTION, onMatch: "redact", inbound: "warn" },
    auth: { header: "authorization", scheme: "bearer", secret: "API_TOKEN" },
    ports: [443],
    body: { kind: "anthropic-messages", serverTools: [], remoteUrls: "deny", fileUpload: "deny" },
  });
});
afterAll(() => redacting.stop());

/** An agent that has read a file with a secret in it, and goes on; `key`: the secret. */
function conversation(key: string) {
  const read = { type: "tool_use", id: "toolu_1", name: "Read", input: { file_path: "/workspace/.env" } };
  const result = `     1\tDEPLOY_KEY=${key}\n     2\tNAME="x"\n     3\tPATH=C:\\${key}\n`;
  return {
    model: "claude-sonnet-4-5",
    max_tokens: 32_000,
    system: [{ type: "text", text: "You are an agent.", cache_control: { type: "ephemeral" } }],
    messages: [
      { role: "user", content: "look at .env" },
      { role: "assistant", content: [{ type: "text", text: "I'll read it." }, read] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: result }] },
      { role: "assistant", content: `It holds DEPLOY_KEY, which is ${key}.` },
      { role: "user", content: `is ${JSON.stringify({ key })} the same?` },
    ],
    tools: [{ name: "Read", description: "reads", input_schema: { type: "object", properties: {} } }],
    stream: true,
  };
}

test("a conversation that holds a secret goes on, turn after turn, with its name in its place", async () => {
  for (const coding of ["identity", "gzip", "br", "zstd"])
    for (const protocol of ["http/1.1", "h2"] as const)
      for (const stated of [true, false]) {
        redacting.arrived.length = 0;
        redacting.side.events.length = 0;
        const [encode, decode] = CODINGS[coding] ?? [(data: Buffer) => data, (data: Buffer) => data];
        const body = cut(encode(Buffer.from(JSON.stringify(conversation(VALUE)))), 300);
        const named = coding === "identity" ? {} : { "content-encoding": coding };
        const fields = { "content-type": "application/json", "anthropic-version": "2023-06-01", ...named };
        const answer = await redacting.send({ protocol, fields, body, stated, path: "/v1/messages" });
        expect(answer).toEqual({ status: 200, verdict: undefined });
        const [arrived] = redacting.arrived;
        const text = decode(arrived?.body ?? Buffer.alloc(0)).toString();
        expect(JSON.parse(text)).toEqual(conversation("[redacted DEPLOY_KEY]"));
        expect(SEARCHED(text)).toBe(false);
        expect(arrived?.headers.authorization).toBe("Bearer brokered-credential-77152");
        expect(arrived?.headers["content-length"]).toBe(String(arrived?.body.length));
        expect((await redacting.side.journal(1))[0]).toMatchObject({ verdict: "redact", status: 200 });
      }
});

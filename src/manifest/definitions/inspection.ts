import * as z from "zod/mini";
import { list, optional, required, rule, TEXT, text, VARIABLE } from "./key.ts";
import { size } from "./quantity.ts";

const amount = size(0, "0");

/** Requests, bytes or hosts over a window. */
export const QUOTA = z
  .strictObject({
    per: required(z.enum(["minute", "hour", "life"]), {
      description: "The window that is counted over",
      acts: "now",
    }),
    soft: optional(amount, {
      description: "Above it the operator is told",
      acts: "now",
      shape: "number or size",
    }),
    hard: optional(amount, {
      description: "Above it requests are blocked",
      acts: "now",
      shape: "number or size",
    }),
  })
  .check(
    rule(({ soft, hard }) => {
      if (soft === undefined && hard === undefined) return "needs `soft`, `hard` or both";
      return soft !== undefined && hard !== undefined && soft > hard ? "has `soft` above `hard`" : undefined;
    }),
  );

const bottleVariable = () =>
  text((value) =>
    VARIABLE.test(value.replace(/^env\./, ""))
      ? undefined
      : "must be the name of a variable of the bottle, never its value",
  );

const OUTBOUND_DETECTORS = ["token_patterns", "known_secrets", "entropy"] as const;
const INBOUND_DETECTORS = ["naive_injection_detection"] as const;

export const routeDlp = () =>
  z.strictObject({
    outbound_detectors: optional(z.union([z.literal(false), list(z.enum(OUTBOUND_DETECTORS))]), {
      description:
        "What requests are scanned for; `false`: nothing but the canary, CRLF and the sidecar's own credentials",
      default: "all but `entropy`",
      acts: "now",
    }),
    inbound_detectors: optional(z.union([z.literal(false), list(z.enum(INBOUND_DETECTORS))]), {
      description: "What responses are scanned for",
      default: "all",
      acts: "now",
    }),
    outbound_on_match: optional(z.enum(["supervise", "redact", "block"]), {
      description:
        "What happens to a request with a finding. `supervise` blocks it at once until requests can be held for the operator",
      default: "`supervise` when `supervise` is on, else `block`; provider routes `redact`",
      acts: "now",
    }),
    allow_secrets: optional(list(bottleVariable()), {
      description: "Variables of the bottle whose values may go to this host: `NAME` or `env.NAME`",
      acts: "now",
      shape: "list of names",
    }),
    oversize: optional(z.enum(["block", "pass"]), {
      description: "A body that is more than can be inspected",
      default: "block",
      acts: "now",
    }),
  });

export const routeBody = () =>
  z.strictObject({
    kind: required(z.enum(["anthropic-messages", "openai-responses", "openai-chat"]), {
      description: "The API whose request bodies are read",
      acts: "now",
    }),
    server_tools: optional(list(TEXT), {
      description:
        "What the provider may run, and types and fields that are not known: `web_search`, `mcp`, …",
      default: "no entry",
      acts: "now",
    }),
    remote_urls: optional(z.enum(["deny", "allowlist"]), {
      description:
        "URLs the model's provider would fetch: none, or those that this bottle's routes allow a GET of",
      default: "deny",
      acts: "now",
    }),
    file_upload: optional(z.enum(["allow", "deny"]), {
      description: "Uploads to the model's provider, and files that lie there",
      default: "deny",
      acts: "now",
    }),
  });

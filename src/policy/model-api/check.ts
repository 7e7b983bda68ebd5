import { printable } from "../../base/printable.ts";
import { decide, isAllowed } from "../decide.ts";
import type { ModelApiRules } from "../route.ts";
import type { CompiledRoute, EgressPolicy } from "../routes.ts";
import { type Code, type Refusal, refuse } from "../verdict.ts";
import type { Json } from "./json.ts";
import { baseOf, familyOf } from "./server-tools.ts";

/** A refusal, and where in the body it was found: `messages[3].content[0].source`. */
export interface ModelRefusal {
  readonly refusal: Refusal;
  /** printable, never a value; empty: it is about no place */
  readonly place: string;
}

export type Objection = ModelRefusal | undefined;

/** What one value of a body may be. Undefined: nothing to object to. */
export type Shape = (value: Json, check: Check) => Objection;

const MAX_NAME = 64;
const PLACE_STEPS = 12;

/** The check of one body: the rules, where it is, and the refusals with what the manifest would have to say. */
export class Check {
  readonly rules: ModelApiRules;
  readonly #route: CompiledRoute;
  readonly #policy: EgressPolicy;
  readonly #path: (string | number)[] = [];

  /** `policy`: decides which URLs the provider may fetch. */
  constructor(rules: ModelApiRules, route: CompiledRoute, policy: EgressPolicy) {
    this.rules = rules;
    this.#route = route;
    this.#policy = policy;
  }

  /** Checks a member of the value that is looked at. */
  inside(step: string | number, value: Json, shape: Shape): Objection {
    this.#path.push(step);
    const objection = shape(value, this);
    this.#path.pop();
    return objection;
  }

  /** Whether `server_tools` lists a type of tool or block, or a field: itself, without its version, or its family. */
  lists(type: string): boolean {
    const base = baseOf(type);
    const family = familyOf(type);
    return this.rules.serverTools.some((entry) => entry === type || entry === base || entry === family);
  }

  /** Something that makes the provider act, or that this version does not know, and that is not listed. */
  serverTool(type: string): ModelRefusal {
    const family = familyOf(type);
    const what =
      family === undefined
        ? "is of a kind this version does not know, which could make the model's provider act"
        : `makes the model's provider act for the agent (${family})`;
    const listed = [...this.rules.serverTools, family ?? "NAME"].map((name) => JSON.stringify(name));
    const line = `server_tools: [${listed.join(", ")}]`;
    return this.#object("model.server_tool_not_allowed", what, [
      family === undefined ? `${line} # NAME: this type or field` : line,
    ]);
  }

  /** A URL that the provider would fetch, unless it is one that this bottle could fetch itself. `data:` URLs hold their content. */
  remoteUrl(url: string): Objection {
    if (/^data:/i.test(url)) return undefined;
    if (this.rules.remoteUrls === "allowlist" && this.#isReachable(url)) return undefined;
    return this.#object("model.remote_url_not_allowed", "is content that the model's provider would fetch", [
      "remote_urls: allowlist # and a route for the URL's host",
    ]);
  }

  /** A file that lies with the provider. */
  file(): Objection {
    if (this.rules.fileUpload === "allow") return undefined;
    return this.#object("model.file_upload_not_allowed", "refers to a file left with the model's provider", [
      "file_upload: allow",
    ]);
  }

  /** `problem`: the end of a sentence about the value. */
  unreadable(problem: string): ModelRefusal {
    return this.#object("model.body_unreadable", `${problem}, so this is not what ${this.rules.kind} takes`);
  }

  #object(code: Code, what: string, lines?: readonly string[]): ModelRefusal {
    const place = this.#place();
    const detail = `${place === "" ? "The body" : `In the body, \`${place}\``} ${what}.`;
    const { host } = this.#route.spec;
    const needed = lines && [
      "egress:",
      "  routes:",
      `    - host: ${JSON.stringify(host)}`,
      "      body:",
      `        kind: ${this.rules.kind}`,
      ...lines.map((line) => `        ${line}`),
    ];
    return {
      refusal: refuse(code, detail, `${this.#route.rule} body`, { needed: needed?.join("\n") }),
      place,
    };
  }

  #place(): string {
    const steps = this.#path.slice(0, PLACE_STEPS).map((step) => {
      if (typeof step === "number") return `[${step}]`;
      return /^[A-Za-z0-9_-]+$/.test(step) && step.length <= MAX_NAME
        ? `.${step}`
        : `[${JSON.stringify(printable(step, MAX_NAME))}]`;
    });
    const more = this.#path.length > PLACE_STEPS ? "…" : "";
    return steps.join("").replace(/^\./, "") + more;
  }

  /** https, in a spelling that no two URL parsers read differently, and a GET that this bottle's own routes allow. */
  #isReachable(url: string): boolean {
    const parts = /^https:\/\/([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(\/[!-~]*)?$/.exec(url);
    const [, host = "", port = "443", target = "/"] = parts ?? [];
    if (parts === null) return false;
    const decision = decide(this.#policy, {
      way: "transparent",
      scheme: "https",
      authority: port === "443" ? host : `${host}:${port}`,
      port: Number(port),
      sni: host,
      connectHost: undefined,
      method: "GET",
      target,
      headers: [],
    });
    return isAllowed(decision) && decision.host === host && decision.target === target;
  }
}

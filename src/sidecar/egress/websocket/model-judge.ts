import type { RecordedFinding } from "../../../journal/record.ts";
import { checkModelApi } from "../../../policy/model-api/model-api.ts";
import type { ModelApiRules } from "../../../policy/route.ts";
import type { CompiledRoute } from "../../../policy/routes.ts";
import { refuse } from "../../../policy/verdict.ts";
import { modelFinding } from "../inspect/model-gate.ts";
import type { Plane } from "../plane.ts";
import { POLICY_VIOLATION, tooBig, WebSocketFault } from "./fault.ts";
import type { MessageJudge } from "./judge.ts";
import { HELD_MESSAGE_BYTES } from "./limits.ts";

/** Reads each message to a model's API whole, as the body of a request, behind another judge. */
export class ModelJudge implements MessageJudge {
  readonly reads = true;
  readonly rewrites = true;
  readonly #before: MessageJudge;
  readonly #plane: Plane;
  readonly #route: CompiledRoute;
  readonly #rules: ModelApiRules;
  readonly #found: (finding: RecordedFinding) => void;
  #text = false;

  constructor(
    before: MessageJudge,
    plane: Plane,
    route: CompiledRoute,
    rules: ModelApiRules,
    found: (finding: RecordedFinding) => void,
  ) {
    this.#before = before;
    this.#plane = plane;
    this.#route = route;
    this.#rules = rules;
    this.#found = found;
  }

  get safe(): number {
    return this.#before.safe;
  }

  begin(text: boolean): void {
    this.#text = text;
    this.#before.begin(text);
  }

  stream(): void {
    throw tooBig(`message to a model's API is over ${HELD_MESSAGE_BYTES} bytes`);
  }

  write(text: Buffer): void {
    this.#before.write(text);
  }

  settle(): void {
    this.#before.settle();
  }

  end(text: (() => Buffer) | undefined): Buffer | undefined {
    const instead = this.#before.end(text);
    const goes = instead ?? text?.();
    if (!this.#text || goes === undefined) {
      const rule = `${this.#route.rule} body`;
      const detail = "A message to a model's API is binary.";
      throw new WebSocketFault(refuse("model.body_unreadable", detail, rule), POLICY_VIOLATION);
    }
    const objection = checkModelApi(this.#rules, this.#route, this.#plane.policy, goes, true);
    if (objection) {
      this.#found(modelFinding(objection, "message", this.#plane.inspector));
      throw new WebSocketFault(objection.refusal, POLICY_VIOLATION);
    }
    return instead;
  }

  control(payload: Buffer, surface: string): void {
    this.#before.control(payload, surface);
  }
}

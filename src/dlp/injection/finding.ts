/** What an answer tries to make its reader, a model, do. Never the text itself. */
export type PhraseClass =
  | "instruction_override"
  | "task_replacement"
  | "role_impersonation"
  | "persona_change"
  | "prompt_disclosure"
  | "exfiltration"
  | "concealment"
  | "tool_coercion"
  | "credential_request"
  | "fake_authority"
  | "output_manipulation"
  | "encoded_instruction"
  | "persistence"
  | "guard_removal"
  | "invisible_text";

export interface InjectionFinding {
  /** `warn`: phrases of an injection, perhaps only talked about; `block`: an order to the model to do harm */
  readonly grade: "warn" | "block";
  /** the class that weighed most */
  readonly phrase: PhraseClass;
  /** how it lay in the answer: to be read by all, where only a program reads, or encoded */
  readonly place: Place;
}

export type Place = "visible" | "hidden" | "encoded";

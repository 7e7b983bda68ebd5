import * as z from "zod/mini";

/** What a key means, for the JSON Schema and `docs/manifest.md`. */
export interface KeyDoc {
  /** one sentence without a full stop */
  readonly description: string;
  /** what holds where the key is absent */
  readonly default?: string | number | boolean;
  /** `later`: parsed and checked, but not enforced yet; the plan says so in a line of its own */
  readonly acts: "now" | "later";
  /** how the docs name the type, where the schema alone would say too little */
  readonly shape?: string;
}

/** The documentation of each key, by its schema. */
export const keyDocs = z.registry<KeyDoc>();

/** A key that may be left out. */
export function optional<T extends z.core.$ZodType>(schema: T, doc: KeyDoc): z.ZodMiniOptional<T> {
  const made = z.optional(schema);
  keyDocs.add(made, doc);
  return made;
}

/** A key that must be there. `schema` must be made for this key alone. */
export function required<T extends z.ZodMiniType>(schema: T, doc: KeyDoc): T {
  keyDocs.add(schema, doc);
  return schema;
}

/** Text that must satisfy `wrong`, which says what is the matter or nothing. */
export function text(wrong?: (value: string) => string | undefined): z.ZodMiniString<string> {
  const plain = z.string().check(z.minLength(1, "is empty"));
  return wrong === undefined ? plain : plain.check(rule(wrong));
}

/** For keys that may be left out, whose documentation hangs on the wrapper: one schema serves all. */
export const FLAG = z.boolean();
export const TEXT = text();

/** A check whose message is what `wrong` says. */
export function rule<T>(wrong: (value: T) => string | undefined): z.core.CheckFn<T> {
  return (payload) => {
    const message = wrong(payload.value);
    if (message !== undefined) {
      payload.issues.push({ code: "custom", message, input: payload.value, continue: true });
    }
  };
}

/** A list with at least one entry: an empty one could be read as "all" or "none". */
export function list<T extends z.core.$ZodType>(element: T, most?: number): z.ZodMiniArray<T> {
  const filled = z
    .array(element)
    .check(z.minLength(1, "is an empty list; remove the key or give it entries"));
  return most === undefined ? filled : filled.check(z.maxLength(most, `has more than ${most} entries`));
}

/** One entry or a list of them. */
export function oneOrMore<T extends z.core.$ZodType>(element: T) {
  return z.pipe(
    z.union([element, list(element)]),
    z.transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value as z.output<T>])),
  );
}

export const STEM = /^[a-z][a-z0-9-]*$/;
export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** RFC 9110 §5.6.2, the characters of methods and field names */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const stem = () =>
  text((value) =>
    STEM.test(value) ? undefined : "is no manifest name: small letters, digits and hyphens, a letter first",
  );

/** The name of an environment variable of the host or of a settings secret; never the secret itself. */
export const secretName = () =>
  text((value) =>
    VARIABLE.test(value)
      ? undefined
      : "must be the name of a variable or settings secret (letters, digits, underscores), never the secret itself",
  );

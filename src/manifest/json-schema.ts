import * as z from "zod/mini";
import { keyDocs } from "./definitions/key.ts";
import { type ManifestKind, SCHEMAS } from "./schemas.ts";

const TITLES: Readonly<Record<ManifestKind, string>> = {
  bottle: "bot-bottle: front matter of a bottle",
  agent: "bot-bottle: front matter of an agent",
  settings: "bot-bottle: settings.yml",
};

/** JSON Schema (2020-12) of what an operator writes, for editors; made from the definitions that files are checked by. */
export function manifestJsonSchema(kind: ManifestKind): Record<string, unknown> {
  const schema = z.toJSONSchema(SCHEMAS[kind], {
    io: "input",
    metadata: keyDocs,
    // Our own words about a key are not JSON Schema's.
    override: ({ jsonSchema }) => {
      const notes: Record<string, unknown> = jsonSchema;
      if (notes.acts === "later") jsonSchema.description = `${jsonSchema.description} (not enforced yet)`;
      // Defaults that are prose go to the documentation only.
      if (
        typeof notes.default === "string" &&
        notes.default !== notes.const &&
        !isValue(notes, notes.default)
      ) {
        delete notes.default;
      }
      delete notes.acts;
      delete notes.shape;
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, title: TITLES[kind], ...rest };
}

function isValue(notes: Readonly<Record<string, unknown>>, value: string): boolean {
  const { enum: values } = notes;
  return Array.isArray(values) && values.includes(value);
}

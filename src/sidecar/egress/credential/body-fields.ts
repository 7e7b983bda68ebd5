import type { HeaderList } from "../../../policy/facts.ts";
import { unreadable } from "../inspect/body-fault.ts";
import { parseMediaType } from "../inspect/media-type.ts";
import type { FieldJudge, FieldReader } from "./field-judge.ts";
import { FormFields } from "./form-fields.ts";
import { JsonMembers } from "./json-members.ts";

const JSON_TYPE = /^(?:application\/json|.+\+json)$/;
/** Types that no server takes for a form or for JSON. */
const NO_FIELDS =
  /^(?:(?:image|audio|video|font|model)\/.*|application\/(?:octet-stream|grpc(?:[+-].*)?|pdf|wasm|zip|gzip|zstd|x-tar|x-gzip))$/;

/**
 * The fields of a body that isn't multipart; undefined: its type says that it has none. Servers differ in how much they
 * believe a type: what isn't said to be JSON is read as a form and as JSON. What is said to be JSON and isn't throws
 * BodyFault when it is written.
 */
export function readFields(fields: HeaderList, judge: FieldJudge): FieldReader | undefined {
  const type = onlyType(fields);
  if (type !== undefined && NO_FIELDS.test(type)) return undefined;
  if (type !== undefined && JSON_TYPE.test(type))
    return new JsonMembers(judge, () => {
      throw unreadable("says that it is JSON, and is none");
    });
  return new Both(new JsonMembers(judge, () => {}), new FormFields(judge));
}

/** Lower case; undefined: none that all readers agree on. */
function onlyType(fields: HeaderList): string | undefined {
  const stated = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === "content-type");
  return stated.length === 1 ? parseMediaType(stated[0] ?? "")?.type : undefined;
}

class Both implements FieldReader {
  readonly #first: FieldReader;
  readonly #second: FieldReader;

  constructor(first: FieldReader, second: FieldReader) {
    this.#first = first;
    this.#second = second;
  }

  get holds(): boolean {
    return this.#first.holds || this.#second.holds;
  }

  write(bytes: Buffer): void {
    this.#first.write(bytes);
    this.#second.write(bytes);
  }

  end(): void {
    this.#first.end();
    this.#second.end();
  }
}

/** A media type's parameters are read as strictly as their meaning matters: where two readers could differ, there is none. */
export interface MediaType {
  /** `multipart/form-data`, lower case */
  readonly type: string;
  /** names lower case */
  readonly parameters: ReadonlyMap<string, string>;
}

const TYPE = /^[\t ]*([!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)[\t ]*/;
const PARAMETER = /[\t ]*;[\t ]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\\]*)"|([^\t ;",]*)))?[\t ]*/y;

/**
 * Reads a Content-Type (RFC 9110 §8.3.1). Undefined: it isn't one, or says a parameter twice, or has quoted pairs, which
 * readers undo differently.
 */
export function parseMediaType(text: string): MediaType | undefined {
  const start = TYPE.exec(text);
  if (start === null) return undefined;
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = start[0].length;
  for (let at = start[0].length; at < text.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(text);
    if (found === null) return undefined;
    const name = found[1]?.toLowerCase();
    if (name === undefined) continue;
    if (parameters.has(name)) return undefined;
    parameters.set(name, found[2] ?? found[3] ?? "");
  }
  return { type: (start[1] ?? "").toLowerCase(), parameters };
}

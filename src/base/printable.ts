// C0, DEL, C1, bidi controls and overrides, line and paragraph separators, zero-width and tag characters:
// everything that can move a cursor, set a title, reorder or hide text on the operator's terminal.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * Text from an agent, a repo or an upstream, made safe to print: control and invisible characters become `\u{…}`
 * escapes, and what is longer than `max` characters is cut with an ellipsis.
 */
export function printable(text: string, max = 400): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(UNPRINTABLE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON of a value, indented, in which those characters are escapes: for `JSON.parse` it is the same text. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNPRINTABLE, (found) =>
    // JSON's own line feeds stay; those of a text are escapes already
    found === "\n"
      ? found
      : [...Array(found.length).keys()]
          .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}

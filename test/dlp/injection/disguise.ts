/** Ways to write a text so that a model still reads it. Named in the header line of a case. */
export const DISGUISES: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => `Attachment: ${Buffer.from(text).toString("base64")}`,
  hex: (text) => `payload=${Buffer.from(text).toString("hex")}`,
  percent: (text) => `https://example.org/?q=${[...text].map((c) => (c === " " ? "%20" : c)).join("")}`,
  rot13: (text) =>
    text.replaceAll(/[a-z]/gi, (c) => {
      const base = c <= "Z" ? 65 : 97;
      return String.fromCharCode(((c.charCodeAt(0) - base + 13) % 26) + base);
    }),
  reversed: (text) => [...text].reverse().join(""),
  spaced: (text) =>
    text
      .split(" ")
      .map((word) => [...word].join(" "))
      .join("  "),
  leet: (text) =>
    text.replaceAll(/[oieast]/g, (c) => ({ o: "0", i: "1", e: "3", a: "4", s: "5", t: "7" })[c] ?? c),
  zerowidth: (text) => [...text].join("\u200b"),
  tags: (text) =>
    `Nice weather today.${[...text].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join("")}`,
  selectors: (text) =>
    `\u{1f600}${[...Buffer.from(text)].map((b) => String.fromCodePoint(b < 16 ? 0xfe00 + b : 0xe0100 + b - 16)).join("")}`,
  homoglyph: (text) => text.replaceAll(/[aeiopcsxy]/g, (c) => "аеіорсѕху"["aeiopcsxy".indexOf(c)] ?? c),
  fullwidth: (text) =>
    [...text].map((c) => (c > " " && c <= "~" ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)).join(""),
  "bold-split": (text) => text.replaceAll(/(\w\w)(\w)/g, "$1**$2**"),
  entities: (text) => `<p>${[...text].map((c) => `&#${c.charCodeAt(0)};`).join("")}</p>`,
};

const escapeAll = (text: string) =>
  [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

const pieces = (text: string) => text.match(/[\s\S]{1,4}/g) ?? [];

/** Puts a text into the body of a kind of answer, unless it is one already. */
export function asBody(kind: string, ways: readonly string[], text: string): string {
  if (ways.includes("deltas"))
    return pieces(text)
      .map(
        (piece, index) =>
          `event: content_block_delta\ndata: ${JSON.stringify({ type: "content_block_delta", index, delta: { type: "text_delta", text: piece } })}\n\n`,
      )
      .join("");
  if (ways.includes("openai-deltas"))
    return `${pieces(text)
      .map(
        (piece) =>
          `data: ${JSON.stringify({ id: "c1", choices: [{ index: 0, delta: { content: piece } }] })}\n\n`,
      )
      .join("")}data: [DONE]\n\n`;
  if (ways.includes("unicode-escapes")) return `{"note":"${escapeAll(text)}"}`;
  const disguised = ways.reduce((result, way) => DISGUISES[way]?.(result) ?? result, text);
  if (kind === "json" && ways.length > 0) return JSON.stringify({ id: 7, value: disguised });
  if (kind === "sse" && ways.length > 0) return `data: ${JSON.stringify({ text: disguised })}\n\n`;
  return disguised;
}

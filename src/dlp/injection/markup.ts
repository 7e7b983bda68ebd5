/** What a reader sees of a text with markup, and what only stands in its source. */
export interface SplitMarkup {
  readonly visible: string;
  readonly hidden: string;
}

const COMMENT_OPEN = "<!--";
const COMMENT_CLOSE = "-->";
/** Characters between `<` and `>` that are taken for a tag. */
const TAG_CHARACTERS = 200;
const TAG = /^<\/?[a-z][^<>]*>/i;
/** Tags that say whose words follow are kept: the markers of a turn. */
const TURN_TAG =
  /^<\/?(?:system|user|assistant|human|important|tool|function|document|context|instruction|admin|start_of|end_of|s)/i;
const REFERENCE_COMMENT = /^[ \t]*\[(?:\/\/|comment|_)\]:[ \t]*(?:#|<>)[ \t]*(.*)$/gim;
/** Emphasis inside a word, and characters of references. */
const INSIDE_WORD = /(?<=\p{L})(?:\*{1,3}|~~|__|\\)(?=\p{L})/gu;
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp|shy|zwj|zwnj));?/gi;
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  shy: "",
  zwj: "",
  zwnj: "",
};

/** Takes HTML and Markdown out of a stretch of text that may hold some. Linear in its length. */
export function splitMarkup(text: string): SplitMarkup {
  let source = text;
  if (source.includes("&")) source = unreference(source);
  if (source.includes("*") || source.includes("~~") || source.includes("__") || source.includes("\\"))
    source = source.replaceAll(INSIDE_WORD, "");
  let hidden = "";
  if (source.includes("]:"))
    source = source.replaceAll(REFERENCE_COMMENT, (_, comment: string) => {
      hidden += `${comment}\x1e`;
      return "";
    });
  // the stretch begins inside a comment
  const close = source.indexOf(COMMENT_CLOSE);
  if (close >= 0 && !source.slice(0, close).includes(COMMENT_OPEN)) {
    hidden += `${source.slice(0, close)}\x1e`;
    source = source.slice(close + COMMENT_CLOSE.length);
  }
  if (!source.includes("<")) return { visible: source, hidden };
  let visible = "";
  let at = 0;
  for (let open = source.indexOf("<"); open >= 0; open = source.indexOf("<", at)) {
    visible += source.slice(at, open);
    if (source.startsWith(COMMENT_OPEN, open)) {
      const end = source.indexOf(COMMENT_CLOSE, open);
      hidden += `${source.slice(open + COMMENT_OPEN.length, end < 0 ? undefined : end)}\x1e`;
      at = end < 0 ? source.length : end + COMMENT_CLOSE.length;
      continue;
    }
    const tag = TAG.exec(source.slice(open, open + TAG_CHARACTERS))?.[0];
    if (tag === undefined || TURN_TAG.test(tag) || tag.includes("|")) {
      visible += "<";
      at = open + 1;
      continue;
    }
    at = open + tag.length;
    if (tag.length > 24) hidden += `${tag.slice(1, -1)}\x1e`;
    else if (/^<\/?(?:p|div|li|td|th|tr|br|h[1-6])\b/i.test(tag)) visible += "\n\n";
    else if (/^<\/?(?:code|pre|kbd|q)\b/i.test(tag)) visible += "`";
  }
  return { visible: visible + source.slice(at), hidden };
}

/** Character references of HTML, with or without their semicolon. */
export function unreference(text: string): string {
  return text.replaceAll(REFERENCE, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
    const codePoint = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? "", 16);
    return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : "";
  });
}

import { EventStream } from "./extract/event-stream.ts";
import type { Extractor } from "./extract/extractor.ts";
import { HtmlText } from "./extract/html-text.ts";
import { JsonStrings } from "./extract/json-strings.ts";
import { PlainText } from "./extract/plain-text.ts";

/** How an answer's text is to be taken apart. */
export type TextKind = "text" | "html" | "json" | "markdown" | "sse";

export function extractorFor(kind: TextKind): Extractor {
  switch (kind) {
    case "json":
      return new JsonStrings();
    case "sse":
      return new EventStream();
    case "html":
      return new HtmlText(false);
    case "markdown":
      return new HtmlText(true);
    case "text":
      return new PlainText();
  }
}

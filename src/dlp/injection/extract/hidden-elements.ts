import { HIDDEN_SELECTOR_COUNT } from "../limits.ts";

/** One tag of a page, names in lower case. */
export interface Tag {
  readonly name: string;
  readonly closes: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

/** Reads what stands between `<` and `>`. Linear in its length. */
export function readTag(source: string): Tag {
  const closes = source.startsWith("/");
  const name = /^\/?([a-zA-Z][^\s/>]*)/.exec(source)?.[1] ?? "";
  const attributes = new Map<string, string>();
  for (const [, key = "", double, single, bare] of source
    .slice(name.length + (closes ? 1 : 0))
    .matchAll(ATTRIBUTE)) {
    const lower = key.toLowerCase();
    if (!attributes.has(lower)) attributes.set(lower, double ?? single ?? bare ?? "");
  }
  return { name: name.toLowerCase(), closes, attributes };
}

/** Declarations that take text out of sight. White text counts only where no background is set. */
const HIDING =
  /display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0+)?(?:[;!}]|$)|font-size:(?:0|1px|0\.)|(?:left|top|right|text-indent|margin-left):-\d{3}|clip:rect|clip-path:inset\((?:50|100)%|max-height:0|(?:^|[;{])(?:width|height):[01](?:px)?(?:[;!}]|$)|mso-hide:all|(?:^|[;{])color:transparent|transform:scale\(0/;
const WHITE = /(?:^|[;{])color:(?:white|#fff(?:fff)?|rgba?\(255,255,255)/;
const HIDDEN_CLASS =
  /(?:^|\s)(?:hidden|sr-only|visually-hidden|visuallyhidden|screen-reader-text|d-none|invisible|offscreen)(?:\s|$)/i;

function hides(declarations: string): boolean {
  const compact = declarations.toLowerCase().replaceAll(/\s+/g, "");
  return HIDING.test(compact) || (WHITE.test(compact) && !compact.includes("background"));
}

/** Knows which elements of a page are not shown. */
export class HiddenElements {
  /** `.class` and `#id` */
  readonly #selectors = new Set<string>();

  /** Reads a style sheet for simple selectors whose rules hide. */
  learn(css: string): void {
    for (const rule of css.split("}")) {
      const open = rule.lastIndexOf("{");
      if (open < 0 || !hides(rule.slice(open + 1))) continue;
      for (const [selector] of rule.slice(0, open).matchAll(/[.#][\w-]{1,100}/g))
        if (this.#selectors.size < HIDDEN_SELECTOR_COUNT) this.#selectors.add(selector);
    }
  }

  hides({ name, attributes }: Tag): boolean {
    if (name === "template" || name === "noscript") return true;
    if (attributes.has("hidden") || attributes.get("aria-hidden") === "true") return true;
    const style = attributes.get("style");
    if (style !== undefined && hides(style)) return true;
    const classes = attributes.get("class");
    if (classes !== undefined && HIDDEN_CLASS.test(classes)) return true;
    if (this.#selectors.size === 0) return false;
    const id = attributes.get("id");
    if (id !== undefined && this.#selectors.has(`#${id}`)) return true;
    return classes?.split(/\s+/, 32).some((one) => this.#selectors.has(`.${one}`)) === true;
  }
}

/** Names of HTML's character references (HTML §13.5) that stand for ASCII or show nothing, and what they stand for. */
const ASCII_REFERENCES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "\t": ["Tab"],
    "\n": ["NewLine"],
    "!": ["excl"],
    '"': ["quot", "QUOT"],
    "#": ["num"],
    $: ["dollar"],
    "%": ["percnt"],
    "&": ["amp", "AMP"],
    "'": ["apos"],
    "(": ["lpar"],
    ")": ["rpar"],
    "*": ["ast", "midast"],
    "+": ["plus"],
    ",": ["comma"],
    ".": ["period"],
    "/": ["sol"],
    ":": ["colon"],
    ";": ["semi"],
    "<": ["lt", "LT"],
    "=": ["equals"],
    ">": ["gt", "GT"],
    "?": ["quest"],
    "@": ["commat"],
    "[": ["lsqb", "lbrack"],
    "\\": ["bsol"],
    "]": ["rsqb", "rbrack"],
    "^": ["Hat"],
    _: ["lowbar", "UnderBar"],
    "`": ["grave", "DiacriticalGrave"],
    "{": ["lcub", "lbrace"],
    "|": ["verbar", "vert", "VerticalLine"],
    "}": ["rcub", "rbrace"],
    "-": ["hyphen", "dash"],
    "\u00a0": ["nbsp", "NonBreakingSpace"],
    "\u00ad": ["shy"],
    "\u200b": ["ZeroWidthSpace"],
    "\u200c": ["zwnj"],
    "\u200d": ["zwj"],
    "\u2060": ["NoBreak"],
  }).flatMap(([character, names]) => names.map((name) => [name, character.codePointAt(0) ?? 0] as const)),
);

/** Next nodes of the tree of the names, by node times 64 and the low bits of a letter; 0: no name goes on so. */
const nexts = new Array<number>(64).fill(0);
const points: number[] = [-1];
for (const [name, point] of ASCII_REFERENCES) {
  let node = 0;
  for (const letter of Buffer.from(name)) {
    const slot = 64 * node + (letter & 63);
    if (nexts[slot] === 0) {
      nexts[slot] = points.push(-1) - 1;
      nexts.push(...new Array<number>(64).fill(0));
    }
    node = nexts[slot] as number;
  }
  points[node] = point;
}
const NEXTS = Uint16Array.from(nexts);
const POINTS = Int32Array.from(points);

/** The node behind `node` and a letter; 0, which is the root too: no name goes on so. A node is a letter further from the root. */
export function nextInName(node: number, letter: number): number {
  return letter < 0x41 || letter > 0x7a ? 0 : (NEXTS[64 * node + (letter & 63)] as number);
}

/** The code point whose name ends at a node; -1: none does. */
export function pointOfName(node: number): number {
  return POINTS[node] as number;
}

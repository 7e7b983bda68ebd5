import { onlyCharacter } from "./bytes.ts";
import { NotSimple } from "./not-simple.ts";
import { type Node, parseShape } from "./syntax.ts";

/** The longest text (lower case) that stands in every match of a regex; undefined where there is none to be seen. */
export function requiredLiteral(regex: string): string | undefined {
  try {
    const runs = literals(parseShape(regex)).join("").split("\u0100");
    return runs.reduce((best, run) => (run.length > best.length ? run : best), "") || undefined;
  } catch (error) {
    if (error instanceof NotSimple) return undefined;
    throw error;
  }
}

/** The characters that must follow one another, with U+0100 where that is not known. */
function literals(node: Node): string[] {
  switch (node.kind) {
    case "set":
      return [onlyCharacter(node.set) ?? "\u0100"];
    case "sequence":
      return node.parts.flatMap(literals);
    case "group":
      return literals(node.part);
    case "repeat":
      return node.min === 1 && node.max === 1 ? literals(node.part) : ["\u0100"];
    case "choice":
      return ["\u0100"];
    default:
      return [];
  }
}

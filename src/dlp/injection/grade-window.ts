import { disguises } from "./disguises.ts";
import type { InjectionFinding, Place } from "./finding.ts";
import { foldText } from "./fold.ts";
import { BLOCK_WEIGHT, gradeText, NO_WEIGHT, WARN_WEIGHT, type Weight } from "./grade-text.ts";
import { hiddenCharacters } from "./hidden-characters.ts";
import { splitMarkup } from "./markup.ts";

/** Grades a stretch of text (UTF-8, cut anywhere) in every way in which a model may read it; undefined: nothing in it. */
export function gradeWindow(bytes: Buffer, place: Place): InjectionFinding | undefined {
  const text = bytes.toString("utf8");
  let best: Weight = NO_WEIGHT;
  let where: Place = place;
  const grade = (reading: string, at: Place) => {
    if (reading === "") return;
    const weight = gradeText(reading, at);
    if (weight.weight <= best.weight) return;
    best = weight;
    where = at;
  };
  const { visible, hidden } = splitMarkup(withoutEscapes(text));
  const folded = foldText(visible);
  grade(folded, place);
  grade(foldText(hidden), "hidden");
  const unseen = hiddenCharacters(text);
  grade(foldText(unseen.text), "hidden");
  for (const { text: reading, disguised } of disguises(visible, folded))
    grade(reading, disguised && place === "visible" ? "encoded" : place);
  if (best.weight >= WARN_WEIGHT)
    return { grade: best.weight >= BLOCK_WEIGHT ? "block" : "warn", phrase: best.phrase, place: where };
  return unseen.suspicious ? { grade: "warn", phrase: "invisible_text", place: "hidden" } : undefined;
}

/** Escapes of a string inside a string, as tools' output is full of. */
function withoutEscapes(text: string): string {
  if (!text.includes("\\")) return text;
  return text
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/\\{1,4}[nr]/g, "\n")
    .replaceAll(/\\{1,4}t/g, " ")
    .replaceAll(/\\{1,4}(["'/])/g, "$1");
}

import { LEADS } from "./leads.ts";
import { newSpelled, type Spelling } from "./spelling.ts";

const SPELLED = newSpelled();

/** What a whole text says when all that is spelled so is undone; undefined: nothing spelled so may stand in a token. */
export function undone(text: Buffer, spelling: Spelling): Buffer | undefined {
  const { bytes } = SPELLED;
  const said = Buffer.allocUnsafe(text.length);
  let length = 0;
  let telling = false;
  for (let i = 0; i < text.length; ) {
    const byte = text[i] as number;
    const taken = ((LEADS[byte] as number) & spelling.bit) === 0 ? 0 : spelling.read(text, i, true, SPELLED);
    if (taken <= 0) {
      said[length++] = byte;
      i++;
      continue;
    }
    for (let k = 0; k < SPELLED.length; k++) said[length++] = bytes[k] as number;
    telling ||= SPELLED.telling;
    i += taken;
  }
  return telling ? said.subarray(0, length) : undefined;
}

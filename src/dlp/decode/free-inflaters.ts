import { Inflater, type TakeInflated } from "./inflater.ts";

/** So many are kept; a hundred KiB each. */
const KEPT_COUNT = 4;
const FREE: Inflater[] = [];

/** An inflater of data that begin: a text that is one small archive after the other needs one, not one for each. */
export function takeInflater(take: TakeInflated): Inflater {
  const free = FREE.pop();
  if (free === undefined) return new Inflater(take);
  free.restart(take);
  return free;
}

/** It has done its work, and is called no more. */
export function freeInflater(inflater: Inflater): void {
  if (FREE.length === KEPT_COUNT) return;
  inflater.restart(TAKES_NOTHING);
  FREE.push(inflater);
}

const TAKES_NOTHING: TakeInflated = () => {};

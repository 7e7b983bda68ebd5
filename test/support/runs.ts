/**
 * How often a property is tried: `usual` times with one seed, so that a run of the suite is the same as the one before;
 * BOT_BOTTLE_FUZZ=N is N times as often, each time with other cases.
 */
export function runs(usual: number): { readonly numRuns: number; readonly seed?: number } {
  const times = Number(process.env.BOT_BOTTLE_FUZZ ?? "0");
  return times > 0 ? { numRuns: usual * times } : { numRuns: usual, seed: 20_261_124 };
}

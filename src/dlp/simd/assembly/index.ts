export { findGrams, findTrigrams, reduce } from "./searches";
export { sieve } from "./sieve";
export { survey } from "./judge";

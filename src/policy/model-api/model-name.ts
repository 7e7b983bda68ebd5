import type { Shape } from "./check.ts";

/** Models that search the web whatever tools they are given, and a gateway's suffix that makes any model do so. */
const SEARCHES = /(?:^|[-_/:.])(?:online|search|deep-research|sonar|compound)(?:$|[-_/:.])/i;

/** The name of a model that does nothing but answer. */
export const modelName: Shape = (value, check) => {
  if (typeof value !== "string") return check.unreadable("is no text");
  return SEARCHES.test(value) && !check.lists("web_search")
    ? check.serverTool("web_search_model")
    : undefined;
};

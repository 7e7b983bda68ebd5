import type { Shape } from "./check.ts";
import {
  anything,
  guarded,
  list,
  listed,
  type Members,
  member,
  record,
  scalar,
  tagged,
  text,
} from "./shapes.ts";

const COMMON: Members = { type: text, name: text, description: text, defer_loading: scalar };

const webSearch = record({
  type: text,
  external_web_access: scalar,
  search_context_size: text,
  search_content_types: anything,
  filters: guarded,
  user_location: anything,
});

/** From an index, without a look at the web: nothing is fetched. It is what Codex offers by default. */
const webSearchTool: Shape = (value, check) =>
  member(value, "external_web_access") === false
    ? webSearch(value, check)
    : listed("web_search")(value, check);

/** Among the tools of the request, by the agent's program. */
const toolSearch = record({ ...COMMON, execution: text, parameters: anything });

const toolSearchTool: Shape = (value, check) =>
  member(value, "execution") === "client" ? toolSearch(value, check) : listed("tool_search")(value, check);

const shell = record({ ...COMMON, environment: record({ type: text, skills: guarded }) });

/** In the agent's own shell; any other environment is the provider's. */
const shellTool: Shape = (value, check) => {
  const environment = member(value, "environment");
  const local = environment !== undefined && member(environment, "type") === "local";
  return local ? shell(value, check) : listed("shell")(value, check);
};

/** A tool of a Responses request, wherever it stands: what the agent runs itself, or what is listed. */
export const responsesTool: Shape = (value, check) => tool(value, check);

const tool = tagged({
  function: record({ ...COMMON, parameters: anything, strict: scalar, output_schema: anything }),
  custom: record({ ...COMMON, format: anything }),
  namespace: record({ ...COMMON, tools: list(responsesTool) }),
  local_shell: record(COMMON),
  apply_patch: record(COMMON),
  shell: shellTool,
  tool_search: toolSearchTool,
  web_search: webSearchTool,
});

/** Marks of chat templates and of tool calls: in a text that is only read they have no business. Folded. */
const TEMPLATE_MARKS = [
  "<|im_start|>",
  "<|im_end|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|end|>",
  "<|endoftext|>",
  "<|start_header_id|>",
  "<|eot_id|>",
  "<|begin_of_text|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "[inst]",
  "[/inst]",
  "<<sys>>",
  "<</sys>>",
  "<system>",
  "</system>",
  "<system-reminder>",
  "</tool_result>",
  "</function_results>",
  "<function_calls>",
  "<tool_call>",
  "</document></context>",
  "[system message]",
  "[system]",
  "to=functions.",
  '"role":"system"',
  '"role": "system"',
  "<important>",
  "begin system prompt",
  "new system instructions",
  "<|channel|>",
];

/** Without one of these there is no mark. */
const LOOKS_MARKED =
  /<[|<s/fitaed]|\[\/?(?:inst|system)|(?:human|user|assistant|system|ai|bot|response|instructions?) ?\*{0,2}:|"role"|end of |begin sys|to=f|new sys/;
const TURN = /(?:^|\n)[ \t>*#]{0,6}(human|user|assistant|system|ai|bot)[ \t]?\*{0,2}:/g;
const CLOSED =
  /[-=#*]{3}[ \t]{0,4}end of (?:document|user input|system prompt|input|page|file|text|prompt|conversation)/;
const HEADING = /(?:^|\n)#{2,4} ?(?:system|instruction|response|assistant|human)s? ?:/g;

/** 0 and up: how much a folded text looks as if another turn of a conversation, or its end, stood in it. */
export function markerWeight(text: string): number {
  if (!LOOKS_MARKED.test(text)) return 0;
  let marks = 0;
  for (const mark of TEMPLATE_MARKS) if (text.includes(mark)) marks++;
  if (CLOSED.test(text)) marks++;
  const turns = new Set<string>();
  for (const [, role = ""] of text.matchAll(TURN)) turns.add(role === "user" ? "human" : role);
  const dialogue = turns.has("assistant") && turns.has("human") ? 0.7 : turns.has("system") ? 0.5 : 0;
  const headings = text.match(HEADING)?.length ?? 0;
  return Math.max(marks > 1 ? 0.95 : marks * 0.8, dialogue, headings > 1 ? 0.8 : headings * 0.4);
}

const SEARCH = '{"type":"web_search","name":"w"}';

/** Texts that one reader takes for one thing and another for another, or for nothing. */
export const TEXTS: readonly (readonly [name: string, body: string])[] = [
  ["no JSON", "model=x"],
  ["nothing", ""],
  ["a list", "[]"],
  ["two values", `{"tools":[]} {"tools":[${SEARCH}]}`],
  ["one name twice", `{"tools":[],"tools":[${SEARCH}]}`],
  ["one name twice, once escaped", `{"tools":[],"\\u0074ools":[${SEARCH}]}`],
  ["one name twice, deep in data", `{"metadata":{"a":[{"b":1,"b":2}]}}`],
  ["a comment", `{"tools":[] /* , "x": 1 */}`],
  ["a comma too many", `{"tools":[],}`],
  ["single quotes", `{'tools':[]}`],
  ["a byte order mark", `\ufeff{"tools":[]}`],
  ["half of a surrogate pair", `{"model":"\\ud800"}`],
  ["a surrogate pair the wrong way round", `{"model":"\\udc00\\ud800"}`],
  ["a raw control character", `{"model":"a\u0001b"}`],
  ["an unknown escape", `{"model":"\\x41"}`],
  ["NaN", `{"max_tokens":NaN}`],
  ["a number with a leading zero", `{"max_tokens":01}`],
  ["a number of 100 digits", `{"max_tokens":${"1".repeat(100)}}`],
  ["deeper than any reader needs", `{"metadata":${"[".repeat(200)}${"]".repeat(200)}}`],
  ["an end in the middle", `{"model":"a`],
  ["NUL behind the end", `{"model":"a"}\u0000`],
];

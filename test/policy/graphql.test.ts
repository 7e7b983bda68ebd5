import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graphqlProblem, onlyReads } from "../../src/policy/graphql.ts";

const READS = [
  "{ viewer { login } }",
  "query { viewer { login } }",
  "query mutation { a }",
  'query A($x: In = {a: "}", b: [1]}) @d(y: {z: 1}) { a(x: $x) { mutation } } fragment F on T { b }',
  "# mutation {x}\nquery { a }",
  '{ a(text: """ } mutation { """) }',
  '{ a(text: """ \\""" } mutation {x} """) }',
  '{ a(text: "mutation {\\" }") }',
  "\ufeff,{a},",
];

const OTHER = [
  "mutation { a }",
  "mutation{a}",
  "query A { a } mutation B { b }",
  "{ a } mutation B { b }",
  "subscription { a }",
  "# x\rmutation { a }",
  '"""text""" mutation { a }',
  ",,mutation { a }",
  "query { a } }",
  "query { a ",
  "query",
  "",
  " ",
  '{ a(x: "\nmutation { a }") }',
  '{ a(x: """) }',
  "type T { a: Int }",
  "extend schema { mutation: M }",
  "(a) { b }",
];

describe("a GraphQL document", () => {
  test.each(READS)("%s only reads", (document) => {
    expect(onlyReads(document)).toBe(true);
  });

  test.each(OTHER)("%s may do more", (document) => {
    expect(onlyReads(document)).toBe(false);
  });

  test("with a mutation among its definitions is refused wherever that stands", () => {
    const reads = fc.constantFrom(...READS.map((text) => text.replace("\ufeff", "")));
    fc.assert(
      fc.property(fc.array(reads, { maxLength: 3 }), fc.array(reads, { maxLength: 3 }), (before, after) => {
        const all = [...before, "mutation M { m }", ...after].join("\n");
        return !onlyReads(all) && (before.length === 0 || onlyReads(before.join("\n")));
      }),
      { seed: 24, numRuns: 500 },
    );
  });

  test("takes no longer than its length, whatever it is made of", () => {
    for (const unit of ['"', '"""', '\\"""', "{", "#", '""', "a{", '"\\'])
      expect(onlyReads(`{a(b:"""${unit.repeat(200_000)}`)).toBe(false);
  });
});

describe("a GraphQL body", () => {
  const problem = (value: unknown) => graphqlProblem(Buffer.from(JSON.stringify(value)));

  test("is a request, or a list of them, with the document in it", () => {
    expect(problem({ query: "{ a }", variables: { x: [1] }, operationName: null })).toBeUndefined();
    expect(problem([{ query: "{ a }" }, { query: "query B { b }" }])).toBeUndefined();
  });

  test.each([
    [{ query: "mutation { a }" }],
    [[{ query: "{ a }" }, { query: "mutation { a }" }]],
    [{ query: "{ a }", extensions: { persistedQuery: { sha256Hash: "0" } } }],
    [{ id: "0" }],
    [{ documentId: "0", query: "{ a }" }],
    [{ query: ["mutation { a }"] }],
    ["{ a }"],
    [Array.from({ length: 101 }, () => ({ query: "{ a }" }))],
  ])("%j is refused", (value) => {
    expect(problem(value)).toEqual(expect.any(String));
  });

  test("has one reading: no name twice, nothing behind it", () => {
    expect(graphqlProblem(Buffer.from('{"query":"{a}","query":"mutation{a}"}'))).toBeDefined();
    expect(graphqlProblem(Buffer.from('{"query":"{a}","qu\\u0065ry":"mutation{a}"}'))).toBeDefined();
    expect(graphqlProblem(Buffer.from('{"query":"{a}"} {"query":"mutation{a}"}'))).toBeDefined();
  });
});

import { expect, it } from "vitest";
import { Calls } from "../../src/launch/calls.ts";

it("gives each question its own answer, in whatever order they come", async () => {
  const calls = new Calls<string>();
  const sent: number[] = [];
  const answers = [1, 2, 3].map(() => calls.ask((call) => sent.push(call)));
  for (const call of sent.toReversed()) calls.answer(call, `to ${call}`);
  expect(await Promise.all(answers)).toEqual(sent.map((call) => `to ${call}`));
});

it("never gives a late answer to the next question", async () => {
  const calls = new Calls<string>();
  let first = 0;
  expect(
    await calls.ask((call) => {
      first = call;
    }, 1),
  ).toBeUndefined();
  const next = calls.ask(() => calls.answer(first, "late"));
  calls.end();
  expect(await next).toBeUndefined();
});

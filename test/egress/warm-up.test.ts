import { expect, it } from "vitest";
import { warmUp } from "../../src/sidecar/egress/inspect/warm-up.ts";

it("runs each part once, in order, and lets other things happen between them", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const part = (name: string) => () => {
      order.push(name);
      setImmediate(() => order.push(`after ${name}`));
    };
    warmUp([part("a"), part("b"), () => setImmediate(resolve)]);
    order.push("start");
  });
  expect(order).toEqual(["start", "a", "after a", "b", "after b"]);
});

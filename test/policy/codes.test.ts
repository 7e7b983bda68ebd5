import { expect, it } from "vitest";
import { isCurrent } from "../../scripts/codes.ts";

it("docs/codes.md lists the codes as they are (node scripts/codes.ts makes it)", () => {
  expect(isCurrent()).toBe(true);
});

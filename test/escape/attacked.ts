import { afterAll, beforeAll } from "vitest";
import type { FakeInternet } from "../support/fake-internet.ts";
import { ca, startInternet } from "./internet.ts";
import { type Probed, type ProbeOptions, probeBottle } from "./probe-bottle.ts";

/** What a suite looks at. There from its first test on. */
export interface Attack {
  readonly probed: Probed;
  readonly internet: FakeInternet;
}

/** For a suite: a bottle on a machine with an internet of its own, probed before its tests. Both end with it. */
export function attacked(options: Omit<ProbeOptions, "ca" | "enter">): Attack {
  let internet: FakeInternet | undefined;
  let probed: Probed | undefined;
  beforeAll(async () => {
    internet = await startInternet();
    probed = await probeBottle({ ...options, ca: ca.cert, enter: internet.enter });
    await internet.settle();
  });
  afterAll(async () => {
    await probed?.home.dispose();
    await internet?.close();
  });
  return {
    get probed() {
      return there(probed);
    },
    get internet() {
      return there(internet);
    },
  };
}

function there<T>(one: T | undefined): T {
  if (one === undefined) throw new Error("looked at before it is there");
  return one;
}

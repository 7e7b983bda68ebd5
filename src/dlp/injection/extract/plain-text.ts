import type { Extractor, Outlet } from "./extractor.ts";

/** Text without a structure: all of it is seen. */
export class PlainText implements Extractor {
  write(slice: Buffer, outlet: Outlet): void {
    outlet("visible", slice);
  }

  boundary(): void {
    // a text that goes on in the next message stays one text
  }

  end(): void {
    // nothing is kept
  }
}

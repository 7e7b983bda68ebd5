// Starts a sidecar from a folder. Argument: {code, scratch, journal}. Prints what it says over its channel.

import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createLinuxBackend } from "../../../src/backends/linux/index.ts";

const { code, scratch, journal }: { code: string; scratch: string; journal: string } = JSON.parse(
  process.argv[2] ?? "",
);
const backend = createLinuxBackend({ nodePath: process.execPath, codeFolder: code });
const fd = openSync(journal, "a");
const sidecar = backend.startSidecar({
  id: "x",
  scratch,
  entry: "sidecar.js",
  codeFolder: code,
  descriptors: [{ fd, as: 7 }],
});
closeSync(fd);
let printed = "";
sidecar.stdout?.on("data", (chunk) => {
  printed += String(chunk);
});
sidecar.stderr?.pipe(process.stderr);
sidecar.send({ hello: "sidecar" });
const [said] = await once(sidecar, "message");
const [exit] = await once(sidecar, "close");
process.stdout.write(JSON.stringify({ said, exit, printed, journal: readFileSync(journal, "utf8") }));

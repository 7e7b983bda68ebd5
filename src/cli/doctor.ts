import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Check } from "../backends/backend.ts";
import { createLinuxBackend } from "../backends/linux/index.ts";
import { printable, printableJson } from "../base/printable.ts";
import { codeLocation } from "../launch/code-location.ts";
import type { OperatorIo } from "../launch/request.ts";
import { operatorHome } from "./home.ts";
import { MAX_MESSAGE_LINE } from "./limits.ts";
import { formatIsJson, type Values } from "./options.ts";
import { paint } from "./paint.ts";

/** `doctor`: exit code 0 when everything is there, 1 when something must be mended. */
export async function doctor(values: Values, io: OperatorIo): Promise<number> {
  const { nodePath, folder } = codeLocation();
  const backend = createLinuxBackend({ nodePath, codeFolder: folder });
  const checks = [...(await backend.check()), homeCheck(io)];
  const ok = checks.every((check) => check.ok);
  if (formatIsJson(values)) {
    io.stdout.write(`${printableJson({ ok, backend: backend.name, checks })}\n`);
    return ok ? 0 : 1;
  }
  const { red, green } = paint(io.stdout, io.env);
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, ok: good, found, mend } of checks) {
    const mark = good ? green("✓") : red("✗");
    io.stdout.write(`${mark} ${name.padEnd(width)}  ${printable(found, MAX_MESSAGE_LINE)}\n`);
    if (!good && mend !== undefined)
      io.stdout.write(`  ${" ".repeat(width)}→ ${printable(mend, MAX_MESSAGE_LINE)}\n`);
  }
  io.notice(
    ok ? "everything is there: bot-bottle demo shows it at work" : "mend what is marked ✗, then run it again",
  );
  return ok ? 0 : 1;
}

/** The first folder of the home's path that exists must be ours to write. */
function homeCheck(io: OperatorIo): Check {
  const { root } = operatorHome(io.env);
  let folder = root;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { name: "home", ok: true, found: folder === root ? root : `${root} (made at the first start)` };
  } catch {
    return {
      name: "home",
      ok: false,
      found: `${folder} can't be written`,
      mend: "export BOT_BOTTLE_HOME=/a/folder/of/yours",
    };
  }
}

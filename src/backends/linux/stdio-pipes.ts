import { type ChildProcessByStdio, spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { Fault } from "../../base/fault.ts";
import { tool } from "./tools.ts";

/** Three pipes of the kernel's: the program's ends, and ours as streams. */
export interface StdioPipes {
  /** stdin, stdout, stderr for the child; closed with `closeChildEnds` once it has them */
  readonly child: readonly [number, number, number];
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  closeChildEnds(): void;
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** Makes three pipes, says the number of each one's reading end, and keeps them until its input ends. */
const MAKER = `my @kept; for (1 .. 3) { pipe(my $r, my $w) or exit 1; push @kept, $r, $w; syswrite STDOUT, fileno($r) . "\\n" }
sysread STDIN, my $end, 1;`;

/**
 * node makes no pipes: what it calls so are sockets, and a socket can't be opened again (`echo x > /dev/stderr` fails with
 * ENXIO on one). So a process that ends at once makes them, and each end is opened anew through its /proc: that gives it
 * flags of its own, and no name, which in a FIFO would tell the bottle a path of the host.
 */
export async function openStdioPipes(): Promise<StdioPipes> {
  const maker = spawn(tool("perl"), ["-e", MAKER], { stdio: ["pipe", "pipe", "ignore"], env: {}, cwd: "/" });
  maker.stdin.on("error", () => undefined);
  const opened: number[] = [];
  try {
    const [input = "", output = "", errors = ""] = await linesOf(maker);
    const take = (end: string, flags: number): number => {
      const fd = openSync(`/proc/${maker.pid}/fd/${end}`, flags);
      opened.push(fd);
      return fd;
    };
    // The maker has both ends of each open, so no `open` waits. Only ours may be non-blocking.
    const child = [take(input, O_RDONLY), take(output, O_WRONLY), take(errors, O_WRONLY)] as const;
    const stdin = take(input, O_WRONLY | O_NONBLOCK);
    const stdout = take(output, O_RDONLY | O_NONBLOCK);
    const stderr = take(errors, O_RDONLY | O_NONBLOCK);
    return {
      child,
      stdin: new Socket({ fd: stdin, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr, readable: true, writable: false }),
      closeChildEnds: () => {
        for (const fd of child) closeSync(fd);
      },
    };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    maker.stdin.end();
  }
}

function linesOf(maker: ChildProcessByStdio<Writable, Readable, null>): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    maker.once("error", reject);
    maker.once("close", () =>
      reject(new Fault("no pipes could be made", { mend: "run: bot-bottle doctor" })),
    );
    maker.stdout.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      const lines = text.split("\n");
      if (lines.length > 3) resolve(lines.slice(0, 3));
    });
  });
}

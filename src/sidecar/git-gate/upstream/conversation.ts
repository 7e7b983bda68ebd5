import type { SshService } from "../programs.ts";
import type { PacketReader } from "../wire/pkt-line.ts";

/** One run of a git service at an upstream, in protocol version 0: it speaks first, then is asked one thing. */
export interface Conversation {
  /** of which its advertisement comes, packets up to a flush */
  readonly advertisement: PacketReader;
  /** Sends the request, whole, and gives what the answer comes of. Called once. */
  ask(request: AsyncIterable<Buffer>): Promise<PacketReader>;
  /** why it broke off, as the transport knows it; printable, may be empty */
  reason(): Promise<string>;
  /** nothing more is wanted of it */
  close(): void;
}

/**
 * Opens a service at one upstream. `keep`: a push will likely follow, so that the connection is worth keeping for a while.
 * Rejects with `UpstreamRefused`.
 */
export type Connect = (
  service: Extract<SshService, "git-upload-pack" | "git-receive-pack">,
  keep?: boolean,
) => Promise<Conversation>;

/** The upstream could not be reached, or would not do it. The message is a sentence, printable. */
export class UpstreamRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UpstreamRefused";
  }
}

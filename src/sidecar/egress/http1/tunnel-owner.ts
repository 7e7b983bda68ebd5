import type { Socket } from "node:net";
import type { Refusal } from "../../../policy/verdict.ts";
import type { Arrival } from "../plane.ts";
import type { ConnectTarget } from "./request.ts";

/** What the owner of the proxy port does with a CONNECT. */
export interface TunnelOwner {
  /** why there is no tunnel to this target, whatever is asked inside */
  refusal(target: ConnectTarget): Refusal | undefined;
  /** takes the socket over and answers 200; `rest`: what came behind the head */
  tunnel(socket: Socket, target: ConnectTarget, rest: Buffer, arrival: Arrival): void;
}

/** What a connection from the bottle is in the middle of. */
export type ClientState =
  /** between requests, or inside a head */
  | "head"
  /** inside a request body */
  | "body"
  /** the request is read, its answer isn't complete */
  | "answer"
  /** what comes are frames of a WebSocket */
  | "switched"
  /** the last answer is written; what still comes is thrown away */
  | "closing"
  /** handed over to a tunnel */
  | "detached";

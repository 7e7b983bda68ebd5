import type { Deadlines } from "./deadlines.ts";
import type { Dialler } from "./dial.ts";
import { type ConnectionOwner, UpstreamConnection } from "./http1/upstream-connection.ts";
import { UpstreamSession } from "./http2/upstream-session.ts";
import {
  LINGER_MS,
  UPSTREAM_COUNT,
  UPSTREAM_IDLE_COUNT,
  UPSTREAM_IDLE_MS,
  UPSTREAM_IDLE_PER_ORIGIN,
  UPSTREAM_ORIGIN_COUNT,
} from "./limits.ts";
import { type OutgoingRequest, type ResponseSink, UpstreamError } from "./stream.ts";
import { connectTls, NoCommonProtocol, type Protocol, UnknownRoot } from "./tls/connect.ts";
import type { Trust } from "./tls/trust.ts";

export interface Origin {
  readonly scheme: "https" | "http";
  readonly host: string;
  readonly port: number;
  /** as `DialTo.declared`; its connections serve no one else */
  readonly declared?: boolean;
}

/** Connections to origins, shared by all exchanges; a connection carries no credential of its own, only requests do. */
export interface Upstream {
  /**
   * Sends a request over a kept connection or a new one, and tells `sink` what comes of it: `opened` first, at once or
   * later, unless it fails. `protocol`: the version it came in by, which is the one preferred. `fresh`: not over a kept
   * HTTP/1.1 connection.
   */
  open(
    origin: Origin,
    protocol: Protocol,
    request: OutgoingRequest,
    sink: ResponseSink,
    fresh: boolean,
  ): void;
  close(): void;
}

/** What is known and kept of one origin. */
interface Known {
  readonly origin: Origin;
  /** HTTP/1.1, the one used last at the end */
  readonly idle: UpstreamConnection[];
  readonly sessions: UpstreamSession[];
  /** the version the server chose when it had the choice; undefined: not asked yet */
  speaks: Protocol | undefined;
  /** refuses TLS without h2 among the offers */
  h2Only: boolean;
  /** a handshake under way that may end in h2: others wait for it instead of opening their own */
  handshake: Promise<unknown> | undefined;
}

type Fresh = { readonly h1: UpstreamConnection } | { readonly h2: UpstreamSession };

export function createUpstream(dialler: Dialler, trust: Trust, deadlines: Deadlines): Upstream {
  const origins = new Map<string, Known>();
  const home = new WeakMap<UpstreamConnection, Known>();
  const all = new Set<UpstreamConnection>();
  let idleCount = 0;
  let opening = 0;
  let sessionCount = 0;

  const owner: ConnectionOwner = {
    idle(connection) {
      const known = home.get(connection);
      if (!known || known.idle.length >= UPSTREAM_IDLE_PER_ORIGIN || idleCount >= UPSTREAM_IDLE_COUNT) {
        connection.expire();
        return;
      }
      connection.deadline = deadlines.now + UPSTREAM_IDLE_MS;
      known.idle.push(connection);
      idleCount++;
    },
    leaving(connection) {
      connection.deadline = deadlines.now + LINGER_MS;
    },
    closed(connection) {
      all.delete(connection);
      deadlines.delete(connection);
      const known = home.get(connection);
      const at = known?.idle.indexOf(connection) ?? -1;
      if (at < 0) return;
      known?.idle.splice(at, 1);
      idleCount--;
    },
  };

  function knownOf(origin: Origin): Known {
    const key = `${origin.scheme} ${origin.host} ${origin.port}${origin.declared === true ? " declared" : ""}`;
    let known = origins.get(key);
    if (known) return known;
    known = {
      origin,
      idle: [],
      sessions: [],
      speaks: origin.scheme === "http" ? "http/1.1" : undefined,
      h2Only: false,
      handshake: undefined,
    };
    if (origins.size >= UPSTREAM_ORIGIN_COUNT) forgetOne();
    origins.set(key, known);
    return known;
  }

  /** Forgets the oldest origin that has no connection. */
  function forgetOne(): void {
    for (const [key, known] of origins) {
      if (known.idle.length > 0 || known.sessions.length > 0 || known.handshake) continue;
      origins.delete(key);
      return;
    }
  }

  function takeIdle(known: Known): UpstreamConnection | undefined {
    const connection = known.idle.pop();
    if (!connection) return undefined;
    idleCount--;
    connection.deadline = Number.POSITIVE_INFINITY;
    return connection;
  }

  /** Over a connection that is there; false: there is none. */
  function openKept(known: Known, protocol: Protocol, request: OutgoingRequest, sink: ResponseSink): boolean {
    if (protocol === "h2" || known.h2Only) {
      const session = known.sessions.find((s) => s.hasRoom());
      if (session) {
        session.start(request, sink);
        return true;
      }
      if (known.speaks !== "http/1.1") return false;
    }
    const connection = takeIdle(known);
    if (!connection) return false;
    start(connection, request, sink);
    return true;
  }

  function start(connection: UpstreamConnection, request: OutgoingRequest, sink: ResponseSink): void {
    connection.start(request, sink);
    if (!sink.opened(connection)) connection.abort();
  }

  async function openFresh(
    known: Known,
    protocol: Protocol,
    request: OutgoingRequest,
    sink: ResponseSink,
  ): Promise<void> {
    if (protocol === "h2" || known.h2Only) {
      while (known.handshake) {
        await known.handshake;
        if (openKept(known, protocol, request, sink)) return;
      }
    }
    const fresh = await connect(known, protocol);
    if ("h2" in fresh) fresh.h2.start(request, sink);
    else start(fresh.h1, request, sink);
  }

  /** In the version it came in by where the origin takes WebSockets in that, else over HTTP/1.1; never over a kept HTTP/1.1 connection. */
  async function openWebSocket(
    known: Known,
    protocol: Protocol,
    request: OutgoingRequest,
    sink: ResponseSink,
  ): Promise<void> {
    if (protocol === "h2" && known.speaks !== "http/1.1") {
      const kept = known.sessions.find((s) => s.hasRoom());
      const fresh: Fresh = kept ? { h2: kept } : await connect(known, "h2");
      if ("h1" in fresh) {
        start(fresh.h1, request, sink);
        return;
      }
      if (await fresh.h2.takesWebSocket()) {
        fresh.h2.start(request, sink);
        return;
      }
    }
    const fresh = await connect(known, "http/1.1");
    if ("h1" in fresh) start(fresh.h1, request, sink);
    else if (await fresh.h2.takesWebSocket()) fresh.h2.start(request, sink);
    else {
      const detail = `${known.origin.host} speaks HTTP/2 only, and takes no WebSocket over it (RFC 8441).`;
      throw new UpstreamError(detail, "egress.upstream_unreachable");
    }
  }

  async function connect(known: Known, protocol: Protocol): Promise<Fresh> {
    if (all.size + sessionCount + opening >= UPSTREAM_COUNT)
      throw new UpstreamError("Too many upstream connections are open.", "egress.limit_exceeded", {
        retryable: true,
      });
    opening++;
    const attempt = handshake(known, protocol);
    const mayBeH2 =
      known.origin.scheme === "https" && known.speaks !== "http/1.1" && (protocol === "h2" || known.h2Only);
    if (mayBeH2) known.handshake = attempt.catch(() => {});
    try {
      return await attempt;
    } finally {
      opening--;
      if (mayBeH2) known.handshake = undefined;
    }
  }

  async function handshake(known: Known, protocol: Protocol): Promise<Fresh> {
    const { scheme, host, port, declared = false } = known.origin;
    const socket = await dialler.connect(host, port, { declared });
    if (scheme === "http") return { h1: adopt(new UpstreamConnection(socket, owner), known) };
    const offers: Protocol[] = known.h2Only ? ["h2"] : protocol === "h2" ? ["h2", "http/1.1"] : ["http/1.1"];
    let tls: Awaited<ReturnType<typeof connectTls>>;
    const roots = trust.context();
    try {
      tls = await connectTls(socket, host, roots, offers);
    } catch (error) {
      // Another connection may have loaded the system's roots meanwhile.
      if (error instanceof UnknownRoot && (trust.loadSystem() || trust.context() !== roots))
        return handshake(known, protocol);
      if (!(error instanceof NoCommonProtocol) || known.h2Only || protocol === "h2") throw error;
      known.h2Only = true;
      return handshake(known, "h2");
    }
    if (offers.includes("h2")) known.speaks = tls.alpnProtocol === "h2" ? "h2" : "http/1.1";
    if (tls.alpnProtocol !== "h2") return { h1: adopt(new UpstreamConnection(tls, owner), known) };
    const session = new UpstreamSession(
      tls,
      known.origin,
      () => {
        const at = known.sessions.indexOf(session);
        if (at < 0) return;
        known.sessions.splice(at, 1);
        sessionCount--;
        deadlines.delete(session);
      },
      deadlines,
    );
    known.sessions.push(session);
    sessionCount++;
    deadlines.add(session);
    return { h2: session };
  }

  function adopt(connection: UpstreamConnection, known: Known): UpstreamConnection {
    home.set(connection, known);
    all.add(connection);
    deadlines.add(connection);
    return connection;
  }

  return {
    open(origin, protocol, request, sink, fresh) {
      const known = knownOf(origin);
      if (!fresh && !request.websocket && openKept(known, protocol, request, sink)) return;
      const open = request.websocket ? openWebSocket : openFresh;
      open(known, protocol, request, sink).catch((error: unknown) => {
        if (error instanceof UpstreamError) sink.upstreamFailed(error);
        else sink.crashed(error);
      });
    },
    close() {
      for (const connection of all) connection.abort();
      for (const known of origins.values()) for (const session of known.sessions) session.expire();
    },
  };
}

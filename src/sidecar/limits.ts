/** TCP port on which the bottle's forward and reverse proxy listens (`http://sidecar:9099`). */
export const PROXY_PORT = 9099;

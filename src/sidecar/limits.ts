/** TCP port on which the bottle's forward and reverse proxy listens (`http://sidecar:9099`). */
export const PROXY_PORT = 9099;
/** Lines that one sidecar has its launcher show the operator; after one more, that there are others, only the journal has them. */
export const ALARM_COUNT = 32;

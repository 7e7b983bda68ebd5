/*
 * Preloaded into a load generator that knows no proxies. A connect() to ORIGIN_PORT goes to PROXY_PORT on loopback
 * instead; the tunnel to ORIGIN_HOST is opened with CONNECT (RFC 9110 section 9.3.6) before connect() returns, so the
 * program starts its TLS handshake as if it had reached the origin itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longest answer to CONNECT that is read; a longer one is a refusal. */
#define ANSWER_BYTES 4096

typedef int (*connect_fn)(int, const struct sockaddr *, socklen_t);

static int port_of(const char *variable) {
  const char *text = getenv(variable);
  return text ? atoi(text) : 0;
}

static int refuse(int fd, int flags) {
  fcntl(fd, F_SETFL, flags);
  errno = ECONNREFUSED;
  return -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  static connect_fn next;
  if (!next) next = (connect_fn)dlsym(RTLD_NEXT, "connect");

  const struct sockaddr_in *wanted = (const struct sockaddr_in *)address;
  int origin = port_of("ORIGIN_PORT"), proxy = port_of("PROXY_PORT");
  if (!proxy || address->sa_family != AF_INET || ntohs(wanted->sin_port) != origin) return next(fd, address, length);

  /* blocking while the tunnel opens: the program's own event loop must not see this socket yet */
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);

  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(proxy)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (next(fd, (struct sockaddr *)&to, sizeof to) != 0) return refuse(fd, flags);

  const char *host = getenv("ORIGIN_HOST");
  if (!host) return refuse(fd, flags);
  char request[512];
  int size = snprintf(request, sizeof request, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n\r\n", host, origin, host, origin);
  if (size >= (int)sizeof request || write(fd, request, size) != size) return refuse(fd, flags);

  /* one byte at a time: what follows the empty line belongs to the tunnel */
  char answer[ANSWER_BYTES];
  int got = 0;
  while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4) != 0) {
    if (got == ANSWER_BYTES || read(fd, answer + got, 1) != 1) return refuse(fd, flags);
    got++;
  }
  if (got < 12 || memcmp(answer + 8, " 200", 4) != 0) return refuse(fd, flags);
  fcntl(fd, F_SETFL, flags);
  return 0;
}

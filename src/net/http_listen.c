/* Listening sockets. With several loops each has its own on the same port (SO_REUSEPORT), and the kernel spreads new
 * connections over them. SO_REUSEPORT would also let a second server share the port silently, so the address is bound
 * once without it: "in use" is then seen. That socket also picks the port when it is 0. */
#include "net/http_server_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

typedef struct Address {
  struct sockaddr_storage storage;
  socklen_t bytes;
} Address;

enum { HOST_BYTES_MAX = 256 };

/* The host, without the brackets of IPv6, and where the port begins. Resolves nothing. */
static bool split_address(const char *text, char out_host[HOST_BYTES_MAX], const char **out_port, Error *err) {
  const char *colon = strrchr(text, ':');
  u64 port;
  Str digits = str_from_c(colon ? colon + 1 : "");
  if (str_to_u64(digits, UINT64_MAX, &port) && port > 65535)
    return fail(err, ERR_INVALID, "--listen \"%s\": %s is no port; ports are 0 (any free one) to 65535", text,
                colon + 1);
  if (!str_to_u64(digits, 65535, &port))
    return fail(err, ERR_INVALID, "--listen \"%s\" has no port; use a form such as 127.0.0.1:8080 or [::1]:8080", text);
  size_t host_bytes = (size_t)(colon - text);
  if (host_bytes >= 2 && text[0] == '[' && colon[-1] == ']') text++, host_bytes -= 2;
  if (host_bytes == 0 || host_bytes >= HOST_BYTES_MAX)
    return fail(err, ERR_INVALID, "--listen has no host; use 0.0.0.0:%s for all addresses", colon + 1);
  memcpy(out_host, text, host_bytes);
  out_host[host_bytes] = '\0';
  *out_port = colon + 1;
  return true;
}

bool http_listen_check(const char *address, Error *err) {
  char host[HOST_BYTES_MAX];
  const char *port = NULL;
  return split_address(address, host, &port, err);
}

static bool parse_address(const char *text, Address *out, Error *err) {
  char host[HOST_BYTES_MAX];
  const char *port = NULL;
  if (!split_address(text, host, &port, err)) return false;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
  int code = getaddrinfo(host, port, &hints, &found);
  if (code != 0) return fail(err, ERR_INVALID, "--listen: cannot resolve \"%s\": %s", host, gai_strerror(code));
  memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
  out->bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return true;
}

static bool explain(const char *address, int code, Error *err) {
  if (err) err->system = code;
  switch (code) {
  case EADDRINUSE:
    fail(err, ERR_UNAVAILABLE,
         "cannot listen on %s: the address is in use by another program; choose another with --listen", address);
    break;
  case EACCES:
    fail(err, ERR_UNAVAILABLE,
         "cannot listen on %s: ports below 1024 need a privilege; choose a higher one with --listen", address);
    break;
  case EADDRNOTAVAIL:
    fail(err, ERR_UNAVAILABLE,
         "cannot listen on %s: this machine does not have that address; choose another with --listen", address);
    break;
  default: fail(err, ERR_UNAVAILABLE, "cannot listen on %s: %s", address, strerror(code)); break;
  }
  if (err) err->system = code;
  return false;
}

/* Returns the socket, or -1 with errno. */
static int bind_one(const Address *address, bool share) {
  int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
            (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
            bind(fd, (const struct sockaddr *)&address->storage, address->bytes) == 0 && listen(fd, BACKLOG) == 0;
  if (ok) return fd;
  int code = errno;
  close(fd);
  errno = code;
  return -1;
}

static u16 port_of(const Address *address) {
  return address->storage.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port)
                                                : ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

bool http_listen(const char *text, u32 count, int *out_fds, u16 *out_port, Error *err) {
  Address address;
  if (!parse_address(text, &address, err)) return false;
  int first = bind_one(&address, false);
  if (first < 0) return explain(text, errno, err);
  address.bytes = sizeof(address.storage);
  if (getsockname(first, (struct sockaddr *)&address.storage, &address.bytes) != 0) {
    close(first);
    return explain(text, errno, err);
  }
  *out_port = port_of(&address);
  if (count == 1) {
    out_fds[0] = first;
    return true;
  }
  close(first);
  for (u32 i = 0; i < count; i++) {
    out_fds[i] = bind_one(&address, true);
    if (out_fds[i] >= 0) continue;
    int code = errno;
    while (i-- > 0) close(out_fds[i]);
    return explain(text, code, err);
  }
  return true;
}

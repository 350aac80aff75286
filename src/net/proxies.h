/* Who is behind a proxy. X-Forwarded-For is believed only from the addresses of --trusted-proxies, and is read from its
 * right end, where the proxy that we know wrote: the first address there that is not a trusted proxy's is the client.
 * What stands left of it anybody may have written. Without a trusted proxy the peer is the client. */
#ifndef TOCSIN_NET_PROXIES_H
#define TOCSIN_NET_PROXIES_H

#include "net/http_server.h"

typedef struct Proxies Proxies;

/* `list`: as --outbound-allow; NULL: none are trusted. */
MUST_CHECK bool proxies_new(const char *list, Proxies **out, Error *err);
void proxies_free(Proxies *proxies);
/* Fills request->client and request->https. proxies may be NULL. */
void proxies_find_client(const Proxies *proxies, HttpRequest *request);

#endif

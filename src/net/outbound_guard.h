/* The guard against private targets: may an outbound call connect to this address?
 * It sees resolved addresses only, never names, so a name that changes its mind between look-up and connect gains
 * nothing. Immutable once made; any thread may ask. */
#ifndef TOCSIN_NET_OUTBOUND_GUARD_H
#define TOCSIN_NET_OUTBOUND_GUARD_H

#include <sys/socket.h>

#include "base/base.h"

typedef struct OutboundGuard OutboundGuard;

/* `allow`: "10.0.0.0/8,fd00::/8,192.168.1.7" or NULL; at most 256 entries. */
MUST_CHECK bool outbound_guard_new(const char *allow, OutboundGuard **out, Error *err);
void outbound_guard_free(OutboundGuard *guard);

/* False for anything that is not public, unless allowed; false for families other than IPv4 and IPv6. */
bool outbound_guard_permits(const OutboundGuard *guard, const struct sockaddr *address);
/* The same for text as inet_ntop writes it; false when it is no address. */
bool outbound_guard_permits_text(const OutboundGuard *guard, const char *address);

#endif

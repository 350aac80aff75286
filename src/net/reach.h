/* Is it there? Blocking looks at a relay and at web servers, for doctor; nothing is sent. */
#ifndef TOCSIN_NET_REACH_H
#define TOCSIN_NET_REACH_H

#include "net/http_client.h"

enum { REACH_TIMEOUT_MS = 5000 };

/* Greeting, TLS and login as for a mail, then NOOP and QUIT. err: what the relay or the network said. */
MUST_CHECK bool reach_relay(const SmtpRelay *relay, Error *err);
/* Name, connection and TLS of an http or https URL; no request. */
MUST_CHECK bool reach_url(Str url, Error *err);

#endif

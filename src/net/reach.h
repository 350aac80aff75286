/* Is it there? Blocking looks at a relay and at web servers, for doctor; nothing is sent. */
#ifndef TOCSIN_NET_REACH_H
#define TOCSIN_NET_REACH_H

#include "net/http_client.h"

enum { REACH_TIMEOUT_MS = 5000 };

/* ca_file: as of HttpClientOptions. Greeting, TLS and login as for a mail, then NOOP and QUIT. err: what the relay or
 * the network said. */
MUST_CHECK bool reach_relay(const SmtpRelay *relay, const char *ca_file, Error *err);
/* Name, connection and TLS of an http or https URL; no request. ERR_FORBIDDEN: the client's guard against private
 * targets refuses every address of the name, so nothing will ever be sent there. */
MUST_CHECK bool reach_url(Str url, const char *ca_file, const HttpClient *client, Error *err);

#endif

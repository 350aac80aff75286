/* Outbound HTTP and SMTP: libcurl's multi interface on one loop of its own (one thread). Mail is carried by up to 16
 * more threads, because libcurl's SMTP blocks; `done` still comes on the loop's. Redirects off, limits on time and
 * size, no proxy from the environment, private targets refused unless allowed (checked on the resolved address at
 * connect). Slots per host, some kept for pages. A call waits for its slot at most its timeout, then runs at most its
 * timeout. */
#ifndef TOCSIN_NET_HTTP_CLIENT_H
#define TOCSIN_NET_HTTP_CLIENT_H

#include <sys/socket.h>

#include "base/base.h"

typedef struct HttpClient HttpClient;

typedef struct HttpClientOptions {
  const char *outbound_allow; /* "127.0.0.0/8,10.0.0.0/8": private ranges that may be called; NULL: none */
  const char *ca_file;        /* PEM: authorities that are trusted instead of the system's; NULL: those */
  Metrics *metrics;           /* may be NULL */
} HttpClientOptions;

MUST_CHECK bool http_client_new(const HttpClientOptions *options, HttpClient **out, Error *err);
void http_client_free(HttpClient *client); /* calls in flight end as OUTBOUND_CANCELLED */

typedef enum OutboundOutcome {
  OUTBOUND_ANSWERED, /* status is set; for SMTP: accepted by the relay */
  OUTBOUND_REFUSED,  /* nothing was sent for sure: resolve, connect, TLS failure, refused target, SMTP 4xx/5xx before
                        data */
  OUTBOUND_UNKNOWN,  /* it may have been taken: timeout or cut after the request went out */
  OUTBOUND_CANCELLED,
  OUTBOUND_OUTCOME_COUNT
} OutboundOutcome;

typedef struct OutboundResult {
  OutboundOutcome outcome;
  long status;       /* HTTP status, or SMTP reply code; 0 when none */
  Str body;          /* cut at body_bytes_max; lives during the callback */
  i64 retry_after_s; /* from the header, -1 when absent */
  char error[256];   /* for people; empty when answered */
  i64 elapsed_ms;
  bool target_refused; /* the guard against private targets said no: permanent */
  bool not_started;    /* refused because too many others waited: says nothing of the target */
} OutboundResult;

/* Called on the client's thread; must not block. */
typedef void (*OutboundDone)(void *ctx, const OutboundResult *result);

typedef struct HttpCall { /* copied by submit */
  Str method, url, body;
  const Str *headers; /* "Name: value" */
  size_t header_count;
  i64 timeout_ms;        /* 0: 10 s */
  size_t body_bytes_max; /* of the answer; 0: 64 KiB */
  bool for_page;         /* may use the kept slots */
  bool trusted_target;   /* named in a start option: exempt from the guard */
  OutboundDone done;
  void *ctx;
} HttpCall;
void http_client_call(HttpClient *client, const HttpCall *call);

/* Does the guard let calls that no start option names go there? */
bool http_client_permits(const HttpClient *client, const struct sockaddr *address);

typedef struct SmtpRelay {
  const char *url;      /* smtp://user@host:port (STARTTLS when offered; required with a user) or smtps:// */
  const char *password; /* NULL: none */
  const char *from;     /* "Tocsin <tocsin@example.org>" */
} SmtpRelay;
typedef struct MailCall { /* copied by submit */
  const SmtpRelay *relay; /* must live on */
  Str to;                 /* bare address; CR, LF refused */
  Str message;            /* whole RFC 5322 message, CRLF */
  i64 timeout_ms;         /* 0: 20 s */
  OutboundDone done;
  void *ctx;
  bool for_page; /* may use the kept slots */
} MailCall;
void http_client_mail(HttpClient *client, const MailCall *call);

#endif

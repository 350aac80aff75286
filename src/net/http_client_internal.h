/* Inside of the outbound client. Files: http_client.c (life and loop), _slots.c (who may start), _transfer.c (what all
 * transfers share, with the guard), _http.c and _smtp.c (the two kinds of call), _mailers.c (the threads that carry
 * mail). Everything here is touched by the loop's thread only, but for the fields named in HttpClient, and a mail while
 * a mailer has it. */
#ifndef TOCSIN_NET_HTTP_CLIENT_INTERNAL_H
#define TOCSIN_NET_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http_client.h"
#include "net/outbound_guard.h"

typedef struct Call Call;
typedef struct Host Host;

typedef struct CallList {
  Call *first, *last;
  size_t count;
} CallList;

/* What differs between an HTTP request and a mail. */
typedef struct CallKind {
  /* Refuses what must not go out; names the host whose slots the call takes (in call->arena). */
  bool (*check)(Call *call, Str *out_host, Error *err);
  /* Sets what is its own on call->easy. */
  void (*prepare)(Call *call);
  /* Was it taken? Fills outcome, status, body and retry_after_s. */
  void (*judge)(Call *call, CURLcode code, OutboundResult *out);
  const char *protocols;
  i64 timeout_ms_default;
  i64 connect_ms_max; /* resolve, connect, TLS; for mail up to the end of the login */
} CallKind;
extern const CallKind HTTP_KIND;
extern const CallKind MAIL_KIND;

typedef struct MailPlan {
  const char *url; /* without user and password */
  const char *user, *password, *from, *to;
  long tls; /* CURLUSESSL_... */
  bool verify;
  size_t bytes_read; /* of the message, by curl */
  long reply_code;   /* of the newest complete reply */
  char reply[200];   /* its last line */
  bool leaving;      /* QUIT went out: later replies say nothing about the mail */
} MailPlan;

struct Call {
  Call *prev, *next; /* in exactly one list: a host's waiting, the client's running or dying */
  HttpClient *client;
  const CallKind *kind;
  Arena *arena; /* holds the call itself; freed with it */
  Host *host;
  CURL *easy;               /* NULL until started; of a mail: the mailer's, NULL outside of it */
  struct Mailer *mailer;    /* of a started mail */
  CURLcode code;            /* how the mail ended */
  struct curl_slist *lines; /* header lines, or the recipient */
  OutboundDone done;
  void *ctx;
  HttpCall http; /* deep copies; `http` gives url, timeout and slots for both kinds */
  MailCall mail;
  MailPlan plan;
  size_t bytes;                 /* its share of pending_bytes */
  bool turned_away;             /* over the ceilings: only done is owed */
  i64 submitted_us, started_us; /* monotonic; started_us is 0 while waiting */
  /* What the transfer's callbacks saw. */
  bool sent; /* the request may be on the wire: from here on no answer means unknown */
  bool repeat_stopped;
  bool body_cut, head_too_long;
  size_t head_bytes;
  Buf body;
  i64 retry_after_s;
  size_t addresses_tried, addresses_refused;
  char refused_address[64];
  char curl_error[CURL_ERROR_SIZE];
};

/* Slots: at most 16 calls at once to a host (100 when they are pages by HTTP: providers take so many, and a storm must
 * not wait for us) and 256 in all, of which 4 and 32 only pages may take. The rest wait, in order for each host, hosts
 * in turn. A host is known while it has calls. */
enum {
  SLOTS_HOST = 16,
  SLOTS_HOST_PAGES = 100,
  SLOTS_HOST_KEPT = 4,
  SLOTS_ALL = 256,
  SLOTS_ALL_KEPT = 32,
  HOST_BUCKETS = 512
};
typedef struct Slots {
  Host *buckets[HOST_BUCKETS];
  Host *first, *last; /* hosts with waiting calls; the one served last is last */
  size_t running, running_ordinary, waiting;
} Slots;
void slots_add(Slots *slots, Call *call, Str host);
/* Takes a slot for a call that may start now, pages first; NULL when all must wait. */
Call *slots_next(Slots *slots);
/* Takes out a call that has waited longer than its timeout, without a slot; NULL: none. */
Call *slots_take_overdue(Slots *slots, i64 now_us);
/* Takes any waiting call out without a slot; NULL: none. */
Call *slots_take_any(Slots *slots);
/* Gives the slot of a started call back. */
void slots_release(Slots *slots, Call *call);

void call_list_push(CallList *list, Call *call);
void call_list_remove(CallList *list, Call *call);
Call *call_list_pop(CallList *list);

/* A socket that curl asked to watch. */
typedef struct Watch {
  struct event *event;
  struct Watch *next; /* in dying_watches */
} Watch;

/* A thread that carries mail; see http_client_mailers.c. */
enum { MAILER_MAX = SLOTS_HOST, MAILER_SOCKET_MAX = 8 };
typedef struct Mailer {
  HttpClient *client;
  pthread_t thread;
  Queue *due;           /* at most one mail */
  bool busy;            /* the loop's word: it has a mail that has not come back */
  pthread_mutex_t lock; /* guards the sockets, which the client shuts down when it stops */
  int sockets[MAILER_SOCKET_MAX];
  size_t socket_count;
} Mailer;

struct HttpClient {
  /* Any thread. */
  Queue *submitted;
  Queue *mail_ended; /* from the mailers */
  int wake_fd;
  _Atomic size_t pending_count, pending_bytes; /* submitted and not done */
  _Atomic bool stopping;
  /* Set at start, read-only after. */
  OutboundGuard *guard;
  char *ca_file;
  Metric *calls_total, *seconds; /* NULL without metrics */
  pthread_t thread;
  bool thread_started, curl_started;
  /* The loop's thread. */
  struct event_base *base;
  struct event *wake, *timer, *tick;
  CURLM *multi;
  Slots slots;
  CallList running;
  CallList dying; /* done, but curl or libevent may still hold them: freed one turn later */
  Watch *dying_watches;
  Mailer *mailers[MAILER_MAX]; /* started when needed */
  size_t mailer_count;
};

/* http_client_transfer.c */
void must(CURLcode code); /* an option that curl refuses is a defect of ours */
void transfer_prepare(Call *call);
/* Parses the URL, refuses other schemes, and gives "host:port" for the slots. The arena owns the parsed URL. */
MUST_CHECK bool transfer_target(Arena *arena, Str url, const char *protocols, Str *out_host, CURLU **out_url,
                                Error *err);
const char *url_part(Arena *arena, CURLU *url, CURLUPart part, unsigned flags); /* NULL when absent */
bool has_control(Str text);                                                     /* bytes below space, or DEL */
void transfer_explain(const Call *call, CURLcode code, OutboundResult *out);
void put_error(OutboundResult *out, Str text);

/* http_client.c */
void client_wake(HttpClient *client);

/* http_client_mailers.c */
/* False when no mailer can be started: the caller keeps the call. */
MUST_CHECK bool mailers_send(HttpClient *client, Call *call);
/* Ends what they carry, and them; takes a second at most. Mails not ended by then are in mail_ended with an error. */
void mailers_stop(HttpClient *client);
void mailers_free(HttpClient *client); /* once stopped */
/* Sets what ties a transfer to its mailer. */
void mailer_prepare(Call *call);
void mailer_note_socket(Mailer *mailer, int fd);
/* Ends all talk on the mailer's connections, so that curl does not wait for the answer to its QUIT. */
void mailer_hang_up(Mailer *mailer);

#endif

/* The server: doors (what answers under which path), the threads for blocking reads, live streams, and the wiring of it
 * all. */
#ifndef TOCSIN_CORE_SERVER_H
#define TOCSIN_CORE_SERVER_H

#include "core/app.h"
#include "core/operations/operations.h"
#include "core/setup/setup.h"

/* A door answers everything under a prefix. head runs on the I/O thread before the body: it sets the body's limit or
 * answers. */
typedef struct Door {
  const char *prefix; /* "/in/"; without a slash at the end: exactly this path */
  void (*head)(App *app, HttpRequest *request, HttpHeadVerdict *verdict);
  void (*request)(App *app, HttpRequest *request);
  void (*too_large)(App *app, HttpRequest *request); /* NULL: a plain 413 */
} Door;

typedef struct ServeOptions {
  const char *data_folder, *db_url, *db_password_file, *listen, *public_url, *smtp_url, *smtp_password_file, *smtp_from,
      *outbound_allow, *outbound_ca, *trusted_proxies, *secret_key_file, *tls_cert, *tls_key, *test_control,
      *watchdog_url, *cors_origins;
  i64 io_threads;
  i64 key_limit, address_limit; /* requests a minute; 0: none */
  bool log_requests;            /* a line for each answer */
  bool forget_secrets;          /* doctor: stored secrets that do not open are removed */
  BackupPlan backups;
  bool migrate; /* a shared database in use may be changed */
  const Door *const
      *door_tables; /* NULL-terminated list of tables, each ended by a door without prefix; from above core */
  /* For demo; may be NULL. Called on the main thread: when the ready line was printed, and when the drain begins. */
  void (*ready)(App *app, void *hook);
  void (*stopping)(void *hook);
  void *hook;
} ServeOptions;

/* Opens everything, prints the ready line, serves until SIGTERM or SIGINT, drains. Returns the exit code. */
int server_run(const ServeOptions *options);

/* For init, demo and tests: everything but the listening; the caller starts the engine. */
MUST_CHECK bool app_open(const ServeOptions *options, App **out, Error *err);
void app_close(App *app);

/* Workers: blocking reads, large bodies, rendering. fn runs once on a pool thread. False when the queue is full. */
MUST_CHECK bool workers_new(size_t threads, Workers **out);
void workers_free(Workers *workers);
bool workers_do(Workers *workers, void (*fn)(void *ctx), void *ctx);

/* Live: /api/v1/stream. */
MUST_CHECK bool live_new(App *app, Live **out, Error *err);
void live_free(Live *live);
void live_published(void *app, const LiveEvent *events, size_t count);
/* Who reads a stream. Asked again before anything is sent: a key or a person that is gone ends it. */
typedef struct Audience {
  i64 org_id, user_id, key_id; /* user 0: a service; a session is a key, too */
} Audience;
/* Turns the request into a stream of what they may see of this organization's events after `last_id` (-1: from now). */
void live_subscribe(App *app, HttpRequest *request, Audience audience, i64 last_id);

/* The web page: what no door wants. */
HttpResponse page_answer(const HttpRequest *request);
bool page_built(void); /* false: -Dweb=false */

/* Answers. */
void respond_json(App *app, HttpRequest *request, int status, const Value *body);
void respond_text(App *app, HttpRequest *request, int status, const char *content_type, Str body);

extern const Door SERVER_DOORS[]; /* /healthz /readyz /metrics */
extern const Door INBOUND_DOORS[];
extern const Door FIRST_DOORS[]; /* /setup */
extern const Door ACK_DOORS[];
extern const Door HEARTBEAT_DOORS[];
extern const Door CALENDAR_DOORS[];

#endif

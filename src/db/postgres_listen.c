/* Being told that another node has committed something: a thread with a session of its own that LISTENs. What it tells
 * is only "look"; a notice that is lost costs the listener's next look by the clock, so nothing depends on it. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "db/postgres_conn.h"

enum { LISTEN_POLL_MS = 250, LISTEN_AGAIN_MS = 1000 };

struct DbListener {
  Postgres *session;
  char *own; /* what we say ourselves is no news */
  void (*told)(void *ctx);
  void *ctx;
  pthread_t thread;
  _Atomic bool stopping;
};

/* Reads what has come; false when the session is gone. */
static bool take_notices(DbListener *l) {
  bool news = false;
  if (!PQconsumeInput(l->session->conn)) return false;
  for (PGnotify *notice; (notice = PQnotifies(l->session->conn)); PQfreemem(notice))
    news = news || !str_equal_c(str_from_c(notice->extra), l->own);
  if (news) l->told(l->ctx);
  return PQstatus(l->session->conn) == CONNECTION_OK;
}

static bool listen_once(DbListener *l) {
  Error ignored = {0};
  if (!pg_connect(l->session, &ignored) || !pg_simple(l->session, "LISTEN tocsin", "listen", &ignored)) return false;
  l->told(l->ctx); /* what was said meanwhile */
  while (!atomic_load(&l->stopping)) {
    struct pollfd wait = {.fd = PQsocket(l->session->conn), .events = POLLIN};
    if (poll(&wait, 1, LISTEN_POLL_MS) > 0 && !take_notices(l)) return false;
  }
  return true;
}

static void *listen_main(void *ctx) {
  DbListener *l = ctx;
  while (!atomic_load(&l->stopping) && !listen_once(l))
    for (int waited = 0; waited < LISTEN_AGAIN_MS && !atomic_load(&l->stopping); waited += LISTEN_POLL_MS)
      poll(NULL, 0, LISTEN_POLL_MS);
  return NULL;
}

bool db_listen(const char *url, Str own, void (*told)(void *ctx), void *ctx, DbListener **out, Error *err) {
  DbListener *l = xcalloc(1, sizeof *l);
  CLEANUP(arena_freep) Arena *arena = arena_new();
  l->session = xcalloc(1, sizeof *l->session);
  l->session->base = (Db){.engine = &POSTGRES_ENGINE, .role = DB_READER};
  l->session->url = xstrdup(url);
  l->own = xstrdup(str_to_c(arena, own));
  l->told = told;
  l->ctx = ctx;
  if (pthread_create(&l->thread, NULL, listen_main, l) == 0) return *out = l, true;
  l->stopping = true;
  db_close(&l->session->base);
  free(l->own);
  free(l);
  return fail(err, ERR_INTERNAL, "cannot start the thread that listens for other nodes");
}

void db_listen_stop(DbListener *l) {
  if (!l) return;
  atomic_store(&l->stopping, true);
  pthread_join(l->thread, NULL);
  db_close(&l->session->base);
  free(l->own);
  free(l);
}

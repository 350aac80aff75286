/* Live events to browsers and clients: an event is (kind, id, version), coalesced for 250 ms per object, rendered once
 * per organization and shared by reference. A cursor that is older than what is kept gets "event: reset". One thread
 * flushes. */
#include <pthread.h>
#include <stdlib.h>

#include "core/server/server.h"
#include "resource/resource.h"

enum { FLUSH_MS = 250, COMMENT_MS = 15000, BACKLOG_MAX = 5000, WAITING_MAX = 100000 };

typedef struct Subscriber Subscriber;
struct Subscriber {
  Live *live;
  HttpStream *stream;
  bool closed;
  i64 org_id;
  Subscriber *next;
};

struct Live {
  App *app;
  pthread_t thread;
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t wake;
  Subscriber *subscribers;
  size_t subscriber_count;
  LiveEvent *waiting; /* of the present 250 ms, coalesced */
  size_t waiting_count, waiting_capacity;
  bool stopping;
};

/* Rendering ------------------------------------------------------------------------------------------------------- */

static void write_event(Buf *out, Arena *arena, const Registry *registry, const LiveEvent *e) {
  const Resource *resource = registry_find(registry, str_from_c(e->kind));
  Str id = id_text(arena, resource ? resource->prefix : "obj", e->object_id);
  buf_format(out, "id: %lld\nevent: change\ndata: {\"kind\":\"%s\",\"id\":\"%.*s\",\"version\":%lld}\n\n",
             (long long)e->sequence, e->kind, STR_ARG(id), (long long)e->version);
}

static SharedBytes *render_org(Live *live, const LiveEvent *events, size_t count, i64 org_id) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Buf out = buf_new(arena, MIB(16));
  for (size_t i = 0; i < count; i++)
    if (events[i].org_id == org_id) write_event(&out, arena, live->app->registry, &events[i]);
  return out.len ? shared_bytes_new(buf_str(&out)) : NULL;
}

static void send_org(Live *live, i64 org_id, SharedBytes *bytes) {
  for (Subscriber *s = live->subscribers; s; s = s->next)
    if (!s->closed && s->org_id == org_id) http_stream_send(s->stream, bytes);
}

/* Called with the lock held: one rendering per organization that listens. */
static void flush(Live *live) {
  for (size_t i = 0; i < live->waiting_count; i++) {
    i64 org_id = live->waiting[i].org_id;
    bool done = false;
    for (size_t k = 0; k < i && !done; k++) done = live->waiting[k].org_id == org_id;
    if (done) continue;
    SharedBytes *bytes = render_org(live, live->waiting, live->waiting_count, org_id);
    if (bytes) send_org(live, org_id, bytes);
    shared_bytes_drop(bytes);
  }
  live->waiting_count = 0;
}

static void comment_all(Live *live) {
  SharedBytes *bytes = shared_bytes_new(S(": still here\n\n"));
  for (Subscriber *s = live->subscribers; s; s = s->next)
    if (!s->closed) http_stream_send(s->stream, bytes);
  shared_bytes_drop(bytes);
}

static void sweep(Live *live) {
  for (Subscriber **at = &live->subscribers; *at;) {
    Subscriber *s = *at;
    if (!s->closed) {
      at = &s->next;
      continue;
    }
    *at = s->next;
    live->subscriber_count--;
    free(s);
  }
}

static void *live_main(void *ctx) {
  Live *live = ctx;
  i64 last_comment = clock_true_ms();
  pthread_mutex_lock(&live->lock);
  while (!live->stopping) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += FLUSH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&live->wake, &live->lock, &until);
    flush(live);
    if (clock_true_ms() - last_comment >= COMMENT_MS) {
      comment_all(live);
      last_comment = clock_true_ms();
    }
    sweep(live);
  }
  pthread_mutex_unlock(&live->lock);
  return NULL;
}

/* Publishing ------------------------------------------------------------------------------------------------------ */

static void add_waiting(Live *live, const LiveEvent *event) {
  for (size_t i = live->waiting_count; i-- > 0 && live->waiting_count - i <= 64;)
    if (live->waiting[i].object_id == event->object_id) {
      live->waiting[i] = *event;
      return;
    }
  if (live->waiting_count == WAITING_MAX) return; /* its readers get the newest state when they look */
  if (live->waiting_count == live->waiting_capacity) {
    live->waiting_capacity = live->waiting_capacity ? live->waiting_capacity * 2 : 256;
    live->waiting = xrealloc(live->waiting, live->waiting_capacity * sizeof(LiveEvent));
  }
  live->waiting[live->waiting_count++] = *event;
}

void live_published(void *app, const LiveEvent *events, size_t count) {
  Live *live = ((App *)app)->live;
  pthread_mutex_lock(&live->lock);
  if (live->subscriber_count)
    for (size_t i = 0; i < count; i++) add_waiting(live, &events[i]);
  pthread_mutex_unlock(&live->lock);
}

/* Subscribing ----------------------------------------------------------------------------------------------------- */

static void closed(void *ctx) {
  Subscriber *s = ctx;
  pthread_mutex_lock(&s->live->lock);
  s->closed = true; /* the thread frees it once it is in the list */
  pthread_mutex_unlock(&s->live->lock);
}

typedef struct Backlog {
  Live *live;
  Arena *arena;
  Buf out;
  i64 count, after;
} Backlog;

/* "kind:id:version": one event of a stored round. */
static void backlog_event(Backlog *b, Str text, i64 sequence) {
  Str kind, rest, id, version;
  LiveEvent e = {.sequence = sequence};
  if (!str_cut(text, ':', &kind, &rest) || !str_cut(rest, ':', &id, &version)) return;
  if (!str_to_i64(id, 0, INT64_MAX, &e.object_id) || !str_to_i64(version, 0, INT64_MAX, &e.version)) return;
  e.kind = str_to_c(b->arena, kind);
  b->count++;
  write_event(&b->out, b->arena, b->live->app->registry, &e);
}

static bool read_backlog(const DbRow *row, void *ctx) {
  Backlog *b = ctx;
  i64 sequence = db_row_int(row, 0);
  Str rest = db_row_peek(row, 1), event;
  while (rest.len) {
    (void)str_cut(rest, ' ', &event, &rest);
    if (sequence > b->after) backlog_event(b, event, sequence);
    sequence++;
  }
  return b->count <= BACKLOG_MAX;
}

/* What happened since the cursor; a reset when that is no longer known in full. */
static Str backlog_since(Live *live, Arena *arena, i64 org_id, i64 last_id) {
  static const DbStmt SINCE = {"live_since",
                               "SELECT first, events FROM live_event WHERE sequence > $1 AND org_id = $2 "
                               "ORDER BY sequence LIMIT $3",
                               NULL};
  static const DbStmt OLDEST = {"live_oldest", "SELECT MIN(first) FROM live_event", NULL};
  Backlog b = {.live = live, .arena = arena, .after = last_id, .out = buf_new(arena, MIB(4))};
  Db *db = NULL;
  Error err = {0};
  i64 oldest = 0;
  bool found = false;
  if (last_id < 0) return S(": welcome\n\n");
  bool ok =
      db_pool_take(live->app->readers, &db, &err) && db_query_int(db, &OLDEST, 0, NULL, &oldest, &found, &err) &&
      db_query(db, &SINCE, DB_ARGS(db_int(last_id), db_int(org_id), db_int(BACKLOG_MAX + 1)), read_backlog, &b, &err);
  db_pool_give(live->app->readers, db);
  if (!ok || b.count > BACKLOG_MAX || (found && last_id + 1 < oldest)) return S("event: reset\ndata: {}\n\n");
  return b.out.len ? buf_str(&b.out) : S(": welcome\n\n");
}

typedef struct Subscribe {
  App *app;
  HttpRequest *request;
  i64 org_id, last_id;
} Subscribe;

static bool subscriber_is_there(const Live *live, const Subscriber *wanted) {
  for (const Subscriber *s = live->subscribers; s; s = s->next)
    if (s == wanted) return true;
  return false;
}

/* First the subscription, then the backlog: an event may come twice, none is missed. */
static void subscribe(void *ctx) {
  Subscribe *what = ctx;
  Live *live = what->app->live;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Subscriber *s = xcalloc(1, sizeof *s);
  *s = (Subscriber){.live = live, .org_id = what->org_id};
  i64 org_id = what->org_id, last_id = what->last_id;
  HttpStream *stream = http_stream_start(what->app->http, what->request, "text/event-stream", closed, s);
  pthread_mutex_lock(&live->lock);
  s->stream = stream;
  s->next = live->subscribers;
  live->subscribers = s;
  live->subscriber_count++;
  pthread_mutex_unlock(&live->lock);
  SharedBytes *bytes = shared_bytes_new(backlog_since(live, arena, org_id, last_id));
  pthread_mutex_lock(&live->lock);
  if (subscriber_is_there(live, s) && !s->closed) http_stream_send(s->stream, bytes);
  pthread_mutex_unlock(&live->lock);
  shared_bytes_drop(bytes);
}

void live_subscribe(App *app, HttpRequest *request, i64 org_id, i64 last_id) {
  Subscribe *what = ARENA_NEW(request->arena, Subscribe);
  *what = (Subscribe){app, request, org_id, last_id};
  if (!workers_do(app->workers, subscribe, what)) respond_text(app, request, 503, NULL, STR_NONE);
}

/* Life ------------------------------------------------------------------------------------------------------------ */

static double read_subscribers(void *ctx) {
  Live *live = ctx;
  pthread_mutex_lock(&live->lock);
  double count = (double)live->subscriber_count;
  pthread_mutex_unlock(&live->lock);
  return count;
}

bool live_new(App *app, Live **out, Error *err) {
  Live *live = xcalloc(1, sizeof *live);
  live->app = app;
  pthread_mutex_init(&live->lock, NULL);
  pthread_cond_init(&live->wake, NULL);
  metrics_gauge_fn(app->metrics, "tocsin_streams", "Live streams that are open.", read_subscribers, live);
  if (pthread_create(&live->thread, NULL, live_main, live) != 0) {
    free(live);
    return fail(err, ERR_INTERNAL, "cannot start the thread of live events");
  }
  *out = live;
  return true;
}

void live_free(Live *live) {
  if (!live) return;
  pthread_mutex_lock(&live->lock);
  live->stopping = true;
  pthread_cond_signal(&live->wake);
  pthread_mutex_unlock(&live->lock);
  pthread_join(live->thread, NULL);
  for (Subscriber *s = live->subscribers, *next; s; s = next) {
    next = s->next;
    free(s);
  }
  free(live->waiting);
  pthread_mutex_destroy(&live->lock);
  pthread_cond_destroy(&live->wake);
  free(live);
}

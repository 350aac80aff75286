/* Live events to browsers and clients: an event is (kind, id, version), coalesced for 250 ms per object, rendered once
 * per organization and role and shared by reference; what depends on the person is rendered for them. A cursor that is
 * older than what is kept gets "event: reset". One thread flushes; what it asks the database for, it asks without the
 * lock, so that nobody who publishes waits. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/server/live_sight.h"

enum { FLUSH_MS = 250, COMMENT_MS = 15000, BACKLOG_MAX = 5000, WAITING_MAX = 100000, PERSONAL_MAX = 2000 };

#define RESET S("event: reset\ndata: {}\n\n") /* look again at everything */

typedef struct Subscriber Subscriber;
struct Subscriber {
  Live *live;
  HttpStream *stream;
  bool closed;
  Audience audience;
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

static SharedBytes *render(const Showing *s, const Indexes *which) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Buf out = buf_new(arena, MIB(16));
  for (size_t i = 0; i < which->count; i++) write_event(&out, arena, s->app->registry, &s->events[which->items[i]]);
  return out.len ? shared_bytes_new(buf_str(&out)) : NULL;
}

/* Who gets what ---------------------------------------------------------------------------------------------------- */

/* Those who see the same: of one organization, with the same grants. */
typedef struct Group {
  i64 org_id;
  const Grants *grants;
  bool private_too;
  Indexes common, personal;
  SharedBytes *bytes;
} Group;

typedef struct Delivery {
  Subscriber *subscriber;
  Audience audience;
  const Group *group;
  SharedBytes *own; /* what only this person sees of it */
  bool ends;
} Delivery;

typedef struct Flush {
  Live *live;
  Arena *arena;
  const Setup *setup;
  LiveEvent *events;
  size_t event_count;
  Delivery *deliveries;
  size_t count;
  VEC(Showing *) showings; /* one an organization */
  VEC(Group *) groups;
} Flush;

/* Called with the lock held: takes what waits, and who listens. Subscribers are freed by this thread only. */
static void flush_take(Flush *f) {
  Live *live = f->live;
  f->event_count = live->waiting_count;
  f->events = ARENA_ARRAY(f->arena, LiveEvent, live->waiting_count);
  memcpy(f->events, live->waiting, live->waiting_count * sizeof(LiveEvent));
  live->waiting_count = 0;
  f->deliveries = ARENA_ARRAY(f->arena, Delivery, live->subscriber_count + 1);
  for (Subscriber *s = live->subscribers; s; s = s->next)
    if (!s->closed) f->deliveries[f->count++] = (Delivery){.subscriber = s, .audience = s->audience};
}

static Showing *showing_of(Flush *f, i64 org_id) {
  for (size_t i = 0; i < f->showings.count; i++)
    if (f->showings.items[i]->org_id == org_id) return f->showings.items[i];
  Showing *s = ARENA_NEW(f->arena, Showing);
  LiveEvent *events = ARENA_ARRAY(f->arena, LiveEvent, f->event_count + 1);
  *s = (Showing){.app = f->live->app, .setup = f->setup, .arena = f->arena, .org_id = org_id, .events = events};
  for (size_t i = 0; i < f->event_count; i++)
    if (f->events[i].org_id == org_id) events[s->count++] = f->events[i];
  *VEC_PUSH(f->arena, &f->showings) = s;
  return s;
}

static const Group *group_of(Flush *f, Showing *showing, const Sight *sight) {
  const Grants *grants = sight_grants(sight);
  for (size_t i = 0; i < f->groups.count; i++) {
    Group *g = f->groups.items[i];
    if (g->org_id == showing->org_id && g->grants == grants && g->private_too == sight->private_too) return g;
  }
  Group *g = ARENA_NEW(f->arena, Group);
  *g = (Group){.org_id = showing->org_id, .grants = grants, .private_too = sight->private_too};
  showing_split(showing, sight, &g->common, &g->personal);
  g->bytes = render(showing, &g->common);
  *VEC_PUSH(f->arena, &f->groups) = g;
  return g;
}

/* Too many to ask for one by one: the reader looks again by itself. */
static SharedBytes *personal(Flush *f, Showing *showing, const Group *group, const Sight *sight) {
  Indexes seen = {0};
  if (group->personal.count == 0) return NULL;
  if (group->personal.count > PERSONAL_MAX) return shared_bytes_new(RESET);
  for (size_t i = 0; i < group->personal.count; i++)
    if (showing_sees(showing, sight, group->personal.items[i])) *VEC_PUSH(f->arena, &seen) = group->personal.items[i];
  return render(showing, &seen);
}

static void decide(Flush *f) {
  for (size_t i = 0; i < f->count; i++) {
    Delivery *d = &f->deliveries[i];
    Showing *showing = showing_of(f, d->audience.org_id);
    const Sight *sight = NULL;
    d->ends = !showing_sight(showing, &d->audience, &sight);
    if (d->ends) continue;
    d->group = group_of(f, showing, sight);
    d->own = personal(f, showing, d->group, sight);
  }
}

/* Called with the lock held. What is a person's own comes first: the last id that they see is then the newest. */
static void deliver(Flush *f) {
  for (size_t i = 0; i < f->count; i++) {
    Delivery *d = &f->deliveries[i];
    if (d->subscriber->closed) continue;
    if (d->ends) http_stream_end(d->subscriber->stream);
    if (d->own) http_stream_send(d->subscriber->stream, d->own);
    if (d->group && d->group->bytes) http_stream_send(d->subscriber->stream, d->group->bytes);
  }
}

static void flush_done(Flush *f) {
  for (size_t i = 0; i < f->count; i++) shared_bytes_drop(f->deliveries[i].own);
  for (size_t i = 0; i < f->groups.count; i++) shared_bytes_drop(f->groups.items[i]->bytes);
  for (size_t i = 0; i < f->showings.count; i++) showing_done(f->showings.items[i]);
  setup_give(f->setup);
  arena_free(f->arena);
}

/* Called with the lock held, which is open while the database is asked. */
static void flush(Live *live) {
  if (live->waiting_count == 0) return;
  Flush f = {.live = live, .arena = arena_new()};
  flush_take(&f);
  pthread_mutex_unlock(&live->lock);
  f.setup = setup_take(live->app->setup);
  decide(&f);
  pthread_mutex_lock(&live->lock);
  deliver(&f);
  flush_done(&f);
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
  VEC(LiveEvent) events;
  i64 after;
} Backlog;

/* "kind:id:version": one event of a stored round. */
static void backlog_event(Backlog *b, Str text, i64 sequence) {
  Str kind, rest, id, version;
  LiveEvent e = {.sequence = sequence};
  if (!str_cut(text, ':', &kind, &rest) || !str_cut(rest, ':', &id, &version)) return;
  if (!str_to_i64(id, 0, INT64_MAX, &e.object_id) || !str_to_i64(version, 0, INT64_MAX, &e.version)) return;
  e.kind = str_to_c(b->arena, kind);
  *VEC_PUSH(b->arena, &b->events) = e;
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
  return b->events.count <= BACKLOG_MAX;
}

/* What they may see of it, in order. */
static Str backlog_text(const Backlog *b, Showing *showing, const Audience *audience) {
  const Sight *sight = NULL;
  Indexes common = {0}, own = {0};
  Buf out = buf_new(b->arena, MIB(4));
  u8 *shown = arena_zero(b->arena, b->events.count + 1, 1);
  if (!showing_sight(showing, audience, &sight)) return RESET;
  showing_split(showing, sight, &common, &own);
  if (own.count > PERSONAL_MAX) return RESET;
  for (size_t i = 0; i < common.count; i++) shown[common.items[i]] = 1;
  for (size_t i = 0; i < own.count; i++) shown[own.items[i]] = showing_sees(showing, sight, own.items[i]);
  for (size_t i = 0; i < b->events.count; i++)
    if (shown[i]) write_event(&out, b->arena, b->live->app->registry, &b->events.items[i]);
  return out.len ? buf_str(&out) : S(": welcome\n\n");
}

/* What happened since the cursor; a reset when that is no longer known in full. */
static Str backlog_since(Live *live, Arena *arena, const Audience *audience, i64 last_id) {
  static const DbStmt SINCE = {"live_since",
                               "SELECT first, events FROM live_event WHERE sequence > $1 AND org_id = $2 "
                               "ORDER BY sequence LIMIT $3",
                               NULL};
  static const DbStmt OLDEST = {"live_oldest", "SELECT MIN(first) FROM live_event", NULL};
  Backlog b = {.live = live, .arena = arena, .after = last_id};
  Showing showing = {.app = live->app, .arena = arena, .org_id = audience->org_id};
  Error err = {0};
  i64 oldest = 0;
  bool found = false;
  if (last_id < 0) return S(": welcome\n\n");
  bool ok = db_pool_take(live->app->readers, &showing.db, &err) &&
            db_query_int(showing.db, &OLDEST, 0, NULL, &oldest, &found, &err) &&
            db_query(showing.db, &SINCE, DB_ARGS(db_int(last_id), db_int(audience->org_id), db_int(BACKLOG_MAX + 1)),
                     read_backlog, &b, &err) &&
            b.events.count <= BACKLOG_MAX && !(found && last_id + 1 < oldest);
  Str text = RESET;
  showing.setup = setup_take(live->app->setup);
  showing.events = b.events.items;
  showing.count = b.events.count;
  if (ok) text = backlog_text(&b, &showing, audience);
  setup_give(showing.setup);
  showing_done(&showing);
  return text;
}

typedef struct Subscribe {
  App *app;
  HttpRequest *request;
  Audience audience;
  i64 last_id;
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
  *s = (Subscriber){.live = live, .audience = what->audience};
  Audience audience = what->audience; /* `what` goes with the request */
  i64 last_id = what->last_id;
  HttpStream *stream = http_stream_start(what->app->http, what->request, "text/event-stream", closed, s);
  pthread_mutex_lock(&live->lock);
  s->stream = stream;
  s->next = live->subscribers;
  live->subscribers = s;
  live->subscriber_count++;
  pthread_mutex_unlock(&live->lock);
  SharedBytes *bytes = shared_bytes_new(backlog_since(live, arena, &audience, last_id));
  pthread_mutex_lock(&live->lock);
  if (subscriber_is_there(live, s) && !s->closed) http_stream_send(s->stream, bytes);
  pthread_mutex_unlock(&live->lock);
  shared_bytes_drop(bytes);
}

void live_subscribe(App *app, HttpRequest *request, Audience audience, i64 last_id) {
  Subscribe *what = ARENA_NEW(request->arena, Subscribe);
  *what = (Subscribe){app, request, audience, last_id};
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

/* The demo's senders: one thread that posts what catalog/demo/alerts.yaml says, each step at its second of the round.
 */
#include <pthread.h>
#include <stdlib.h>

#include "cli/client.h"
#include "cli/demo.h"
#include "lang/json.h"
#include "lang/time.h"

struct DemoAlerts {
  pthread_t thread;
  pthread_mutex_t lock; /* guards stopping */
  pthread_cond_t wake;
  bool stopping;
  Arena *arena; /* the plan and the client; rewound after each step */
  Client *client;
  Value steps;
  i64 round_s;
};

/* The text with every `from` as `to`. */
static Str replace(Arena *arena, Str text, Str from, Str to) {
  Buf out = buf_new(arena, MIB(1));
  size_t at = 0;
  for (size_t found; (found = str_find(text, from, at)) != SIZE_MAX; at = found + from.len) {
    buf_put(&out, str_slice(text, at, found));
    buf_put(&out, to);
  }
  buf_put(&out, str_slice(text, at, text.len));
  return buf_str(&out);
}

static Str step_body(Arena *arena, const Value *step, i64 round) {
  Str text = json_text(arena, value_get_c(step, "body"));
  text = replace(arena, text, S("@NOW"), time_text_ms(arena, clock_true_ms()));
  return replace(arena, text, S("@N"), str_format(arena, "%lld", (long long)round));
}

static void send_step(DemoAlerts *d, const Value *step, i64 round) {
  Arena *arena = d->arena;
  const Value *headers = value_get_c(step, "headers");
  const char *header = NULL;
  Value ignored = value_null();
  ArenaMark mark = arena_mark(arena);
  if (value_is(headers, VALUE_MAP) && headers->size)
    header = str_format(arena, "%.*s: %.*s", STR_ARG(value_text(&headers->members[0].key)),
                        STR_ARG(value_text(&headers->members[0].value)))
                 .ptr;
  Str path = str_format(arena, "/in/%.*s", STR_ARG(value_text_or(value_get_c(step, "key"), STR_NONE)));
  if (client_send(d->client, path, step_body(arena, step, round), header, &ignored) != EXIT_DONE)
    log_warn("demo", "%.*s did not take a sample", STR_ARG(path));
  arena_rewind(arena, mark);
}

/* False when the demo stops. */
static bool wait_until(DemoAlerts *d, i64 until_ms) {
  struct timespec until = {.tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000};
  pthread_mutex_lock(&d->lock);
  while (!d->stopping && clock_true_ms() < until_ms) pthread_cond_timedwait(&d->wake, &d->lock, &until);
  bool go_on = !d->stopping;
  pthread_mutex_unlock(&d->lock);
  return go_on;
}

static void *alerts_main(void *ctx) {
  DemoAlerts *d = ctx;
  /* Rounds are counted in the true time, so that a second start does not repeat the keys of the first. */
  for (i64 round = clock_true_ms() / (d->round_s * 1000) % 100000;; round++) {
    i64 start_ms = clock_true_ms();
    for (size_t i = 0; i < d->steps.size; i++) {
      const Value *step = value_at(&d->steps, i);
      if (!wait_until(d, start_ms + value_int_or(value_get_c(step, "at"), 0) * 1000)) return NULL;
      send_step(d, step, round);
    }
    if (!wait_until(d, start_ms + d->round_s * 1000)) return NULL;
  }
}

static bool read_plan(DemoAlerts *d, Error *err) {
  Value plan = value_null();
  if (!demo_file(d->arena, "alerts.yaml", &plan, err)) return false;
  const Value *steps = value_get_c(&plan, "steps");
  d->round_s = value_int_or(value_get_c(&plan, "round_s"), 0);
  if (!value_is(steps, VALUE_LIST) || d->round_s <= 0) return fail(err, ERR_INTERNAL, "alerts.yaml has no steps");
  d->steps = *steps;
  return true;
}

bool demo_alerts_start(const char *url, DemoAlerts **out, Error *err) {
  DemoAlerts *d = xcalloc(1, sizeof *d);
  ClientOptions where = {.url = url, .keyless = true};
  d->arena = arena_new();
  pthread_mutex_init(&d->lock, NULL);
  pthread_cond_init(&d->wake, NULL);
  bool ok = read_plan(d, err) && client_open(d->arena, &where, &d->client, err);
  if (ok && pthread_create(&d->thread, NULL, alerts_main, d) != 0)
    ok = fail(err, ERR_INTERNAL, "cannot start the thread of the demo's alerts");
  if (!ok) {
    arena_free(d->arena);
    free(d);
    return false;
  }
  *out = d;
  return true;
}

void demo_alerts_stop(DemoAlerts *d) {
  if (!d) return;
  pthread_mutex_lock(&d->lock);
  d->stopping = true;
  pthread_cond_signal(&d->wake);
  pthread_mutex_unlock(&d->lock);
  pthread_join(d->thread, NULL);
  pthread_mutex_destroy(&d->lock);
  pthread_cond_destroy(&d->wake);
  arena_free(d->arena);
  free(d);
}

/* Test control: a unix socket that takes one line and gives one: "clock +5m", "until-idle", "fault NAME N kill|error",
 * "plan alerts sort=-id" (how the database would run that list), "picture" (is it that of the configuration?
 * setup_verify.c). Only in a folder that holds a file `test-mode`. */
#include "core/server/test_control.h"

#include "core/api/internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/setup/setup.h"

struct TestControl {
  App *app;
  int fd;
  char *path;
  pthread_t thread;
  _Atomic bool stopping;
};

enum { IDLE_WAIT_MS = 60000 };

static bool parse_span(Str text, i64 *out_ms) {
  static const struct {
    char unit;
    i64 ms;
  } UNITS[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
  bool back = text.len && text.ptr[0] == '-';
  if (text.len < 3 || (text.ptr[0] != '+' && !back)) return false;
  i64 number = 0;
  if (!str_to_i64(str_slice(text, 1, text.len - 1), 0, 100000000, &number)) return false;
  for (size_t i = 0; i < COUNT(UNITS); i++)
    if (text.ptr[text.len - 1] == UNITS[i].unit) return *out_ms = (back ? -number : number) * UNITS[i].ms, true;
  return false;
}

/* Idle twice in a row, a moment apart: work that passes between threads is seen in one of them. */
static const char *wait_idle(TestControl *control) {
  i64 until = clock_true_ms() + IDLE_WAIT_MS;
  int quiet = 0;
  while (clock_true_ms() < until && quiet < 3) {
    quiet = engine_idle(control->app->engine) ? quiet + 1 : 0;
    usleep(5000);
  }
  return quiet >= 3 ? "ok\n" : "error still busy after 60 s\n";
}

static const char *set_fault(TestControl *control, Str rest) {
  Str name, number, action;
  i64 nth = 0;
  if (!str_cut(rest, ' ', &name, &rest) || !str_cut(rest, ' ', &number, &action) ||
      !str_to_i64(number, 1, 1000000, &nth))
    return "error usage: fault NAME N kill|error\n";
  FaultAction what = str_equal_c(action, "kill") ? FAULT_KILL : FAULT_ERROR;
  return engine_fault_arm(control->app->engine, name, (u32)nth, what) ? "ok\n" : "error no such fault point\n";
}

static bool turn_clock(Cycle *cycle, void *ctx, Error *err) {
  return cycle_turn_clock(cycle, *(i64 *)ctx, err);
}

/* PostgreSQL reads and sorts a few rows whole; this is how it goes about many. */
#define PLAN_OF_MANY_ROWS                                                                                              \
  "SELECT set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false), "                 \
  "set_config('enable_sort', 'off', false)"

/* The steps of a list's plan, in one line. */
static bool plan_of(TestControl *control, Arena *arena, Str rest, Str *out, Error *err) {
  CLEANUP(db_closep) Db *db = NULL;
  HttpRequest request = {.arena = arena};
  Str plural = rest;
  ListQuery query = {0};
  QueryPairs pairs = {0};
  if (!str_cut(rest, ' ', &plural, &request.query)) plural = rest;
  Call call = {.app = control->app, .request = &request, .arena = arena};
  if (!db_open(control->app->db_url, DB_READER, &db, err)) return false;
  if (db_is_shared(db) && !db_exec_text(db, S(PLAN_OF_MANY_ROWS), 0, NULL, NULL, err)) return false;
  const Setup *setup = setup_take(control->app->setup);
  ResourceCtx ctx = {.db = db,
                     .arena = arena,
                     .org_id = setup_org_count(setup) ? setup_org_at(setup, 0)->id : 0,
                     .now_ms = clock_now(&control->app->clock),
                     .zones = control->app->zones,
                     .registry = control->app->registry};
  setup_give(setup);
  const Resource *resource = registry_plural(control->app->registry, plural);
  if (!resource) return fail(err, ERR_NOT_FOUND, "there is no such list");
  return api_read_query(&call, &pairs, err) &&
         resource_query_read(arena, pairs.names.items, pairs.values.items, pairs.names.count, &query, err) &&
         resource_list_plan(&ctx, resource, &query, out, err);
}

static const char *tell_plan(TestControl *control, Arena *arena, Str rest) {
  Str plan = STR_NONE;
  Error err = {0};
  if (!plan_of(control, arena, rest, &plan, &err)) return str_to_c(arena, str_format(arena, "error %s\n", err.message));
  char *text = str_to_c(arena, plan);
  for (char *c = text; *c; c++)
    if (*c == '\n') *c = '|';
  return str_to_c(arena, str_format(arena, "%s\n", text));
}

static const char *verify_picture(TestControl *control, Arena *arena) {
  Error err = {0};
  if (engine_run(control->app->engine, setup_verify, NULL, &err)) return "ok\n";
  return str_to_c(arena, str_format(arena, "error %s\n", err.message));
}

static const char *obey(TestControl *control, Arena *arena, Str line) {
  Str word = line, rest = STR_NONE;
  if (!str_cut(line, ' ', &word, &rest)) word = line;
  i64 ms = 0;
  if (str_equal_c(word, "clock")) {
    if (!parse_span(rest, &ms)) return "error usage: clock +5m\n";
    Error err = {0};
    if (!engine_is_shared(control->app->engine))
      clock_turn(&control->app->clock, ms);
    else if (!engine_run(control->app->engine, turn_clock, &ms, &err))
      return "error the clock cannot be turned\n";
    engine_wake(control->app->engine);
    return "ok\n";
  }
  if (str_equal_c(word, "until-idle")) return wait_idle(control);
  if (str_equal_c(word, "fault")) return set_fault(control, rest);
  if (str_equal_c(word, "plan")) return tell_plan(control, arena, rest);
  if (str_equal_c(word, "picture")) return verify_picture(control, arena);
  return "error unknown command; use clock, until-idle, fault, plan or picture\n";
}

static void serve_one(TestControl *control, int fd) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  char line[4096];
  size_t used = 0;
  while (used < sizeof line) {
    ssize_t got = read(fd, line + used, sizeof line - used);
    if (got <= 0) return;
    used += (size_t)got;
    char *end = memchr(line, '\n', used);
    if (!end) continue;
    const char *answer = obey(control, arena, str_trim((Str){line, (size_t)(end - line)}));
    if (write(fd, answer, strlen(answer)) < 0) return;
    used = 0;
  }
}

static void *control_main(void *ctx) {
  TestControl *control = ctx;
  while (!atomic_load(&control->stopping)) {
    int fd = accept(control->fd, NULL, NULL);
    if (fd < 0) break;
    serve_one(control, fd);
    close(fd);
  }
  return NULL;
}

bool test_control_start(App *app, const char *path, TestControl **out, Error *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char marker[4096];
  struct stat st;
  snprintf(marker, sizeof marker, "%s/test-mode", app->data_folder);
  if (stat(marker, &st) != 0)
    return fail(err, ERR_INVALID, "--test-control works only in a data folder that holds a file test-mode");
  if (strlen(path) >= sizeof address.sun_path)
    return fail(err, ERR_INVALID, "--test-control: the path of the socket is too long");
  TestControl *control = xcalloc(1, sizeof *control);
  *control = (TestControl){.app = app, .path = xstrdup(path), .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  unlink(path);
  if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(control->fd, 8) != 0 || pthread_create(&control->thread, NULL, control_main, control) != 0)
    return fail(err, ERR_INVALID, "--test-control: cannot listen on %s", path);
  *out = control;
  return true;
}

void test_control_stop(TestControl *control) {
  if (!control) return;
  atomic_store(&control->stopping, true);
  shutdown(control->fd, SHUT_RDWR);
  close(control->fd);
  pthread_join(control->thread, NULL);
  unlink(control->path);
  free(control->path);
  free(control);
}

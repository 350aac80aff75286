/* Paging that is held after a restore: what is owed, and letting it go. */
#include "core/paging/held.h"

#include "core/operations/operations.h"
#include "core/setup/setup.h"
#include "lang/json.h"
#include "lang/time.h"

static Value page_value(Arena *arena, const HeldPage *page) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "pag", page->id)));
  map_put_c(&map, "created_at", value_string(time_text_ms(arena, page->created_ms)));
  map_put_c(&map, "title", value_string(page->title));
  map_put_c(&map, "status", value_string(page->status));
  map_put_c(&map, "urgency", value_string(page->urgency));
  map_put_c(&map, "level", value_int(page->level));
  map_put_c(&map, "messages", value_int(page->messages));
  return map_done(&map);
}

bool held_local(LocalCall *call, MapBuilder *answer, Error *err) {
  Db *db = NULL;
  HeldPage *pages = NULL;
  size_t count = 0;
  i64 total = 0, since_ms = engine_paging_held(call->app->engine);
  ValueVec list = {0};
  map_put_c(answer, "held", value_bool(since_ms != 0));
  if (since_ms == 0) return true;
  bool ok = db_pool_take(call->app->readers, &db, err) && held_pages(db, call->arena, &pages, &count, &total, err);
  db_pool_give(call->app->readers, db);
  for (size_t i = 0; ok && i < count; i++) *VEC_PUSH(call->arena, &list) = page_value(call->arena, &pages[i]);
  map_put_c(answer, "since", value_string(time_text_ms(call->arena, since_ms)));
  map_put_c(answer, "total", value_int(total));
  map_put_c(answer, "pages", list_done(&list));
  return ok;
}

typedef struct Resume {
  i64 before_ms, cancelled;
} Resume;

static bool cancel_some(Cycle *cycle, void *ctx, Error *err) {
  Resume *resume = ctx;
  return held_cancel(cycle, resume->before_ms, &resume->cancelled, err);
}

static bool release(Cycle *cycle, void *ctx, Error *err) {
  (void)ctx;
  return engine_release_paging(cycle, err);
}

bool resume_local(LocalCall *call, MapBuilder *answer, Error *err) {
  Engine *engine = call->app->engine;
  Resume resume = {.before_ms = value_int_or(value_get_c(&call->question, "before_ms"), 0)};
  i64 cancelled = 0;
  if (engine_paging_held(engine) == 0) return fail(err, ERR_CONFLICT, "paging is not held; there is nothing to resume");
  do {
    if (!engine_run(engine, cancel_some, &resume, err)) return false;
    cancelled += resume.cancelled;
  } while (resume.cancelled == HELD_SLICE);
  if (!engine_run(engine, release, NULL, err)) return false;
  log_warn("server", "paging goes on; %lld pages from before were cancelled", (long long)cancelled);
  map_put_c(answer, "cancelled", value_int(cancelled));
  return true;
}

void held_say(App *app) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  enum { LINES_MAX = 20 };
  Db *db = NULL;
  Error err = {0};
  HeldPage *pages = NULL;
  size_t count = 0;
  i64 total = 0, since_ms = engine_paging_held(app->engine);
  if (since_ms == 0) return;
  if (!db_pool_take(app->readers, &db, &err) || !held_pages(db, arena, &pages, &count, &total, &err))
    log_warn("server", "what is owed cannot be read: %s", err.message);
  db_pool_give(app->readers, db);
  log_warn("server",
           "this data was restored at %.*s: all paging is held, %lld pages are owed; \"tocsin resume --data %s\" lists "
           "them and lets them go",
           STR_ARG(time_text_ms(arena, since_ms)), (long long)total, app->data_folder);
  for (size_t i = 0; i < MIN(count, (size_t)LINES_MAX); i++)
    log_warn("server", "owed since %.*s: %.*s (%.*s, level %lld)", STR_ARG(time_text_ms(arena, pages[i].created_ms)),
             STR_ARG(pages[i].title), STR_ARG(pages[i].status), (long long)pages[i].level);
}

bool status_local(LocalCall *call, MapBuilder *answer, Error *err) {
  App *app = call->app;
  const Setup *setup = setup_take(app->setup);
  (void)err;
  map_put_c(answer, "version", value_c(tocsin_version()));
  map_put_c(answer, "public_url", value_c(app->public_url));
  map_put_c(answer, "writable", value_bool(engine_writable(app->engine)));
  map_put_c(answer, "turning", value_bool(engine_turning(app->engine)));
  map_put_c(answer, "backlog", value_int(engine_backlog(app->engine)));
  map_put_c(answer, "now_ms", value_int(clock_true_ms()));
  map_put_c(answer, "smtp", value_bool(app->relay.url != NULL));
  map_put_c(answer, "test_control", value_bool(app->test_control));
  map_put_c(answer, "paging_held", value_bool(engine_paging_held(app->engine) != 0));
  map_put_c(answer, "organizations", value_int((i64)setup_org_count(setup)));
  setup_give(setup);
  return true;
}

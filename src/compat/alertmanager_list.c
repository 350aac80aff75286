/* GET /am/{key}/api/v2/alerts: the open alerts of one integration in Alertmanager's form, for amtool and dashboards. */
#include "compat/alertmanager.h"
#include "core/server/inbound.h"
#include "lang/json.h"

enum { LIST_MAX = 20000 };

static const DbStmt OPEN_ALERTS = {"am_open_alerts",
                                   "SELECT dedup_key, description, status, labels, links, starts_at, last_seen_at, "
                                   "deadline_at, holds, title, hold_list FROM alert "
                                   "WHERE org_id = $1 AND status IN ('triggered', 'acknowledged') AND integration_id = "
                                   "$2 ORDER BY priority, id LIMIT $3",
                                   NULL};

typedef struct Listing {
  App *app;
  HttpRequest *request;
  const SetupIntegration *integration;
  ValueVec items;
} Listing;

static Value parsed(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  if (text.len && json_parse(arena, text, NULL, &value, &ignored)) return value;
  return (Value){.kind = VALUE_MAP};
}

/* Ids of the holds of one reason. */
static Value held_by(Arena *arena, const Value *holds, const char *reason) {
  ValueVec ids = {0};
  for (size_t i = 0; value_is(holds, VALUE_LIST) && i < holds->size; i++) {
    const Value *hold = value_at(holds, i), *id = value_get_c(hold, "id");
    if (str_equal_c(value_text_or(value_get_c(hold, "reason"), STR_NONE), reason) && value_is(id, VALUE_STRING))
      *VEC_PUSH(arena, &ids) = *id;
  }
  return list_done(&ids);
}

static Value status_of(Arena *arena, bool held, Str hold_list) {
  MapBuilder map = map_builder(arena);
  Value holds = parsed(arena, hold_list);
  map_put_c(&map, "state", value_c(held ? "suppressed" : "active"));
  map_put_c(&map, "silencedBy", held_by(arena, &holds, "silence"));
  map_put_c(&map, "inhibitedBy", held_by(arena, &holds, "inhibition"));
  map_put_c(&map, "mutedBy", held_by(arena, &holds, "maintenance"));
  return map_done(&map);
}

static Value receivers_of(Arena *arena, const SetupIntegration *integration) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "name", value_string(integration->slug));
  Value one = map_done(&map);
  return list_of(arena, &one, 1);
}

static Value annotations_of(Arena *arena, const DbRow *row) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "summary", value_string(db_row_text(row, 9, arena)));
  if (!db_row_is_null(row, 1)) map_put_c(&map, "description", value_string(db_row_text(row, 1, arena)));
  return map_done(&map);
}

static Value generator_of(Arena *arena, const DbRow *row) {
  Value links = parsed(arena, db_row_text(row, 4, arena));
  Str href = value_text_or(value_get_c(value_at(&links, 0), "href"), S(""));
  return value_string(href);
}

static bool read_alert(const DbRow *row, void *ctx) {
  Listing *l = ctx;
  Arena *arena = l->request->arena;
  i64 seen = db_row_int(row, 6), deadline = db_row_int(row, 7);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "labels", parsed(arena, db_row_text(row, 3, arena)));
  map_put_c(&map, "annotations", annotations_of(arena, row));
  map_put_c(&map, "startsAt", value_string(time_text_ms(arena, db_row_int(row, 5))));
  map_put_c(&map, "endsAt", value_string(time_text_ms(arena, deadline ? deadline : seen + 5 * MINUTE_MS)));
  map_put_c(&map, "updatedAt", value_string(time_text_ms(arena, seen)));
  map_put_c(&map, "fingerprint", value_string(db_row_text(row, 0, arena)));
  map_put_c(&map, "generatorURL", generator_of(arena, row));
  map_put_c(&map, "receivers", receivers_of(arena, l->integration));
  map_put_c(&map, "status", status_of(arena, db_row_int(row, 8) > 0, db_row_text(row, 10, arena)));
  *VEC_PUSH(arena, &l->items) = map_done(&map);
  return true;
}

static void list(void *ctx) {
  Listing *l = ctx;
  Db *db = NULL;
  Error err = {0};
  DbValue args[] = {db_int(l->integration->org_id), db_int(l->integration->id), db_int(LIST_MAX)};
  bool ok =
      db_pool_take(l->app->readers, &db, &err) && db_query(db, &OPEN_ALERTS, COUNT(args), args, read_alert, l, &err);
  db_pool_give(l->app->readers, db);
  if (!ok) {
    http_respond_error(l->app->http, l->request, &err);
    return;
  }
  Value items = list_done(&l->items);
  respond_json(l->app, l->request, 200, &items);
}

void alertmanager_list(App *app, HttpRequest *request) {
  Listing *l = ARENA_NEW(request->arena, Listing);
  *l = (Listing){.app = app, .request = request, .integration = inbound_of(request)};
  if (!workers_do(app->workers, list, l)) respond_text(app, request, 503, NULL, STR_NONE);
}

void alertmanager_status(App *app, HttpRequest *request) {
  Arena *arena = request->arena;
  MapBuilder cluster = map_builder(arena), version = map_builder(arena), config = map_builder(arena),
             map = map_builder(arena);
  map_put_c(&cluster, "status", value_c("disabled"));
  map_put_c(&cluster, "peers", (Value){.kind = VALUE_LIST});
  static const char *const NAMES[] = {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"};
  for (size_t i = 0; i < COUNT(NAMES); i++) map_put_c(&version, NAMES[i], value_c(i == 0 ? "tocsin" : ""));
  map_put_c(&config, "original", value_c(""));
  map_put_c(&map, "cluster", map_done(&cluster));
  map_put_c(&map, "versionInfo", map_done(&version));
  map_put_c(&map, "config", map_done(&config));
  map_put_c(&map, "uptime", value_string(time_text_ms(arena, app->started_ms)));
  Value body = map_done(&map);
  respond_json(app, request, 200, &body);
}

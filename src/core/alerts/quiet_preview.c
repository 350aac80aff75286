/* Preview of a silence: the same question, asked about what is open and what was. */
#include "core/alerts/quiet_preview.h"

#include "core/alerts/quieting.h"

static const DbStmt OPEN = {"quiet_preview_open",
                            "SELECT " QUIET_ROW_COLUMNS ", description FROM alert WHERE org_id = $1 AND status IN "
                            "('triggered', 'acknowledged') AND $2 >= 0 ORDER BY priority DESC, id DESC LIMIT $3",
                            NULL};
static const DbStmt RECENT = {"quiet_preview_recent",
                              "SELECT " QUIET_ROW_COLUMNS ", description FROM alert WHERE org_id = $1 AND "
                              "status_changed_at >= $2 ORDER BY status_changed_at DESC, id DESC LIMIT $3",
                              NULL};

enum { PAGED_LOOKED_AT = 2000 };

typedef struct Looking {
  Arena *arena, *scratch;
  const Setup *setup;
  const QuietMatch *match;
  i64 org_id, now_ms, seen, count;
  ValueVec items;
  VEC(i64) ids;
} Looking;

static Value item_of(Looking *l, const Alert *a) {
  MapBuilder map = map_builder(l->arena);
  map_put_c(&map, "id", value_string(id_text(l->arena, "alr", a->id)));
  map_put_c(&map, "number", value_string(str_format(l->arena, "ALERT-%lld", (long long)a->number)));
  map_put_c(&map, "title", value_string(str_copy(l->arena, a->title)));
  map_put_c(&map, "status", value_c(alert_status_name(a->status)));
  map_put_c(&map, "priority", a->priority ? value_string(priority_text(a->priority)) : value_null());
  return map_done(&map);
}

static bool look(const DbRow *row, void *ctx) {
  Looking *l = ctx;
  if (++l->seen > QUIET_PREVIEW_ROWS) return false;
  arena_clear(l->scratch);
  Alert a = alert_quiet_row(l->scratch, row, l->org_id);
  QuietSubject subject = quiet_subject(l->scratch, l->setup, &a, l->now_ms);
  if (!quiet_match(l->match, &subject)) return true;
  l->count++;
  if (l->items.count < QUIET_PREVIEW_SHOWN) *VEC_PUSH(l->arena, &l->items) = item_of(l, &a);
  if (l->ids.count < PAGED_LOOKED_AT) *VEC_PUSH(l->arena, &l->ids) = a.id;
  return true;
}

static bool ask(Db *db, Looking *l, const DbStmt *stmt, i64 since_ms, MapBuilder *out, Error *err) {
  DbValue args[] = {db_int(l->org_id), db_int(since_ms), db_int(QUIET_PREVIEW_ROWS + 1)};
  l->seen = l->count = 0;
  l->items = (ValueVec){0};
  l->ids.items = NULL;
  l->ids.count = l->ids.capacity = 0;
  if (!db_query(db, stmt, COUNT(args), args, look, l, err)) return false;
  *out = map_builder(l->arena);
  map_put_c(out, "count", value_int(l->count));
  map_put_c(out, "items", list_done(&l->items));
  return true;
}

typedef struct Paged {
  const i64 *ids;
  i64 since_ms, count;
} Paged;

static void bind_paged(size_t i, DbValue *args, void *ctx) {
  const Paged *paged = ctx;
  args[0] = db_int(paged->ids[i]);
  args[1] = db_int(paged->since_ms);
}

static bool take_paged(size_t i, const DbRow *row, void *ctx) {
  (void)i;
  (void)row;
  ((Paged *)ctx)->count++;
  return false;
}

/* How many of them paged: of the newest PAGED_LOOKED_AT. */
static bool count_paged(Db *db, const Looking *l, i64 since_ms, i64 *out, Error *err) {
  static const DbStmt PAGED = {"quiet_preview_paged",
                               "SELECT id FROM page WHERE alert_id = $1 AND created_at >= $2 LIMIT 1", NULL};
  Paged paged = {.ids = l->ids.items, .since_ms = since_ms};
  if (!db_query_each(db, &PAGED, 2, l->ids.count, bind_paged, take_paged, &paged, err)) return false;
  return *out = paged.count, true;
}

bool quiet_preview(Db *db, Arena *arena, const Setup *setup, i64 org_id, const QuietMatch *match, i64 now_ms,
                   Value *out, Error *err) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  i64 since = now_ms - QUIET_PREVIEW_DAYS * DAY_MS, paged = 0;
  Looking l = {.arena = arena, .scratch = scratch, .setup = setup, .match = match, .org_id = org_id, .now_ms = now_ms};
  MapBuilder now, recent, map = map_builder(arena);
  if (!ask(db, &l, &OPEN, 0, &now, err)) return false;
  bool complete = l.seen <= QUIET_PREVIEW_ROWS;
  if (!ask(db, &l, &RECENT, since, &recent, err) || !count_paged(db, &l, since, &paged, err)) return false;
  complete = complete && l.seen <= QUIET_PREVIEW_ROWS;
  map_put_c(&recent, "paged", value_int(paged));
  map_put_c(&map, "now", map_done(&now));
  map_put_c(&map, "last_7_days", map_done(&recent));
  map_put_c(&map, "complete", value_bool(complete));
  return *out = map_done(&map), true;
}

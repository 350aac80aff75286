/* The hand-off report of one shift: what paged in it, what is still open, who comes next. What is private is left out,
 * whoever asks: the report goes to whoever comes next. */
#include "core/duty/duty.h"
#include "core/paging/internal.h"
#include "lang/json.h"

enum { PAGES_MAX = 500, SIDE_DAYS = 60, OPEN_DAYS = 30 };

#define PUBLIC                                                                                                         \
  " AND p.subject_kind <> 'news' AND NOT EXISTS (SELECT 1 FROM incident AS i WHERE i.private = 1 AND (i.id = "         \
  "p.incident_id OR i.id = (SELECT a.incident_id FROM alert AS a WHERE a.id = p.alert_id)))"
#define COLUMNS                                                                                                        \
  "SELECT p.id, p.policy_id, p.title, p.status, p.urgency, p.alert_id, p.incident_id, p.created_at, "                  \
  "p.acknowledged_at, p.acknowledged_by, p.ended_at FROM page AS p WHERE p.org_id = $1 AND p.id >= $2 "
static const DbStmt HAPPENED = {
    "handoff_happened", COLUMNS "AND p.created_at >= $3 AND p.created_at < $4" PUBLIC " ORDER BY p.id LIMIT $5", NULL};
static const DbStmt OPEN = {"handoff_open",
                            COLUMNS
                            "AND p.status IN ('active', 'acknowledged', 'exhausted') AND p.created_at < $3" PUBLIC
                            " ORDER BY p.id LIMIT $4",
                            NULL};
static const DbStmt TOLD = {"handoff_told", "SELECT DISTINCT user_id FROM notification WHERE page_id = $1 LIMIT 200",
                            NULL};

typedef struct Row {
  i64 id, policy_id;
  Value value;
} Row;

typedef struct Reading {
  Arena *arena;
  VEC(Row) rows;
  VEC(i64) told;
} Reading;

static Value time_or_null(Arena *arena, i64 ms) {
  return ms ? value_string(time_text_ms(arena, ms)) : value_null();
}
static Value id_or_null(Arena *arena, const char *prefix, i64 id) {
  return id ? value_string(id_text(arena, prefix, id)) : value_null();
}

static bool read_page(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  Arena *arena = r->arena;
  MapBuilder map = map_builder(arena);
  Value by = value_null();
  Error ignored = {0};
  Str who = db_row_text(row, 9, arena);
  if (who.len && !json_parse(arena, who, NULL, &by, &ignored)) by = value_null();
  map_put_c(&map, "id", value_string(id_text(arena, "pag", db_row_int(row, 0))));
  map_put_c(&map, "title", value_string(db_row_text(row, 2, arena)));
  map_put_c(&map, "status", value_string(db_row_text(row, 3, arena)));
  map_put_c(&map, "urgency", value_string(db_row_text(row, 4, arena)));
  map_put_c(&map, "alert_id", id_or_null(arena, "alr", db_row_int(row, 5)));
  map_put_c(&map, "incident_id", id_or_null(arena, "inc", db_row_int(row, 6)));
  map_put_c(&map, "created_at", time_or_null(arena, db_row_int(row, 7)));
  map_put_c(&map, "acknowledged_at", time_or_null(arena, db_row_int(row, 8)));
  map_put_c(&map, "acknowledged_by", by.kind == VALUE_MAP ? *value_get_c(&by, "name") : value_null());
  map_put_c(&map, "ended_at", time_or_null(arena, db_row_int(row, 10)));
  *VEC_PUSH(arena, &r->rows) = (Row){db_row_int(row, 0), db_row_int(row, 1), map_done(&map)};
  return true;
}

static bool read_told(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  *VEC_PUSH(r->arena, &r->told) = db_row_int(row, 0);
  return true;
}

static bool names_schedule(const Setup *setup, i64 policy_id, i64 schedule_id) {
  const SetupPolicy *policy = setup_policy(setup, policy_id);
  for (size_t l = 0; policy && l < policy->level_count; l++)
    for (size_t t = 0; t < policy->levels[l].target_count; t++) {
      const SetupTarget *target = &policy->levels[l].targets[t];
      if (target->kind == TARGET_SCHEDULE && target->id == schedule_id) return true;
    }
  return false;
}

/* The shift that holds then, and its neighbours; a gap is a shift of nobody. */
static bool find_shifts(const DutyCtx *d, const SetupSchedule *schedule, i64 at_ms, Shift *out_now, Shift *out_next,
                        Error *err) {
  Rendered rendered;
  if (!oncall_range(d->db, d->arena, d->app, schedule, at_ms - SIDE_DAYS * DAY_MS, at_ms + SIDE_DAYS * DAY_MS,
                    &rendered, err))
    return false;
  const ShiftList *lists[] = {&rendered.final, &rendered.gaps};
  *out_now = *out_next = (Shift){0};
  for (size_t l = 0; l < COUNT(lists); l++)
    for (size_t i = 0; i < lists[l]->count; i++)
      if (lists[l]->items[i].starts_ms <= at_ms && at_ms < lists[l]->items[i].ends_ms) *out_now = lists[l]->items[i];
  for (size_t i = 0; i < rendered.final.count && !out_next->user_count; i++)
    if (rendered.final.items[i].starts_ms >= out_now->ends_ms) *out_next = rendered.final.items[i];
  return true;
}

static Value people(const DutyCtx *d, const Shift *shift) {
  ValueVec list = {0};
  for (size_t i = 0; i < shift->user_count; i++) {
    const SetupUser *user = setup_user(d->setup, shift->user_ids[i]);
    MapBuilder map = map_builder(d->arena);
    map_put_c(&map, "id", value_string(id_text(d->arena, "usr", shift->user_ids[i])));
    map_put_c(&map, "name", user ? value_string(user->name) : value_null());
    *VEC_PUSH(d->arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

static bool concerns(const DutyCtx *d, i64 schedule_id, const Shift *shift, Reading *r, const Row *row, bool *out,
                     Error *err) {
  *out = names_schedule(d->setup, row->policy_id, schedule_id);
  if (*out) return true;
  r->told.count = 0;
  if (!db_query(d->db, &TOLD, DB_ARGS(db_int(row->id)), read_told, r, err)) return false;
  for (size_t i = 0; i < r->told.count && !*out; i++)
    for (size_t k = 0; k < shift->user_count; k++) *out = *out || shift->user_ids[k] == r->told.items[i];
  return true;
}

bool duty_handoff(const DutyCtx *d, const SetupSchedule *schedule, i64 at_ms, Value *out, Error *err) {
  Arena *arena = d->arena;
  Shift shift, next;
  Reading happened = {.arena = arena}, open = {.arena = arena};
  ValueVec pages = {0}, left = {0};
  i64 now = clock_now(&d->app->clock), skew = now - clock_true_ms(); /* ids follow the true clock */
  if (!find_shifts(d, schedule, at_ms, &shift, &next, err)) return false;
  i64 to = MIN(shift.ends_ms, MAX(at_ms, now));
  if (!db_query(d->db, &HAPPENED,
                DB_ARGS(db_int(schedule->org_id), db_int(id_at_time(shift.starts_ms - skew)), db_int(shift.starts_ms),
                        db_int(to), db_int(PAGES_MAX)),
                read_page, &happened, err) ||
      !db_query(d->db, &OPEN,
                DB_ARGS(db_int(schedule->org_id), db_int(id_at_time(to - skew - OPEN_DAYS * DAY_MS)), db_int(to),
                        db_int(PAGES_MAX)),
                read_page, &open, err))
    return false;
  for (size_t i = 0; i < happened.rows.count; i++) {
    bool theirs = false;
    if (!concerns(d, schedule->id, &shift, &happened, &happened.rows.items[i], &theirs, err)) return false;
    if (theirs) *VEC_PUSH(arena, &pages) = happened.rows.items[i].value;
  }
  for (size_t i = 0; i < open.rows.count; i++) {
    bool theirs = false;
    if (!concerns(d, schedule->id, &shift, &open, &open.rows.items[i], &theirs, err)) return false;
    if (theirs) *VEC_PUSH(arena, &left) = open.rows.items[i].value;
  }
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "schedule_id", value_string(id_text(arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  map_put_c(&map, "from", value_string(time_text_ms(arena, shift.starts_ms)));
  map_put_c(&map, "to", value_string(time_text_ms(arena, to)));
  map_put_c(&map, "hands_over_at", time_or_null(arena, next.user_count ? next.starts_ms : shift.ends_ms));
  map_put_c(&map, "on_call", people(d, &shift));
  map_put_c(&map, "next", people(d, &next));
  map_put_c(&map, "pages", list_done(&pages));
  map_put_c(&map, "open", list_done(&left));
  *out = map_done(&map);
  return true;
}

/* As a letter ----------------------------------------------------------------------------------------------------- */

static void write_list(Buf *out, const char *title, const Value *list) {
  enum { SHOWN_MAX = 30 };
  buf_format(out, "%s: %u\n", title, list->size);
  for (size_t i = 0; i < MIN((size_t)list->size, (size_t)SHOWN_MAX); i++) {
    const Value *page = value_at(list, i);
    Str by = value_text_or(value_get_c(page, "acknowledged_by"), STR_NONE);
    buf_format(out, "- %.*s, %.*s", STR_ARG(value_text_or(value_get_c(page, "title"), S(""))),
               STR_ARG(value_text_or(value_get_c(page, "status"), S(""))));
    if (by.len) buf_format(out, ", by %.*s", STR_ARG(by));
    buf_puts(out, "\n");
  }
  if (list->size > SHOWN_MAX) buf_format(out, "- and %u more\n", list->size - SHOWN_MAX);
}

Str duty_handoff_text(Arena *arena, const Value *report) {
  Buf out = buf_new(arena, KIB(64));
  const Value *next = value_get_c(report, "next");
  write_list(&out, "Paged in this shift", value_get_c(report, "pages"));
  buf_puts(&out, "\n");
  write_list(&out, "Still open", value_get_c(report, "open"));
  buf_puts(&out, "\nNext: ");
  for (size_t i = 0; i < next->size; i++)
    buf_format(&out, "%s%.*s", i ? ", " : "",
               STR_ARG(value_text_or(value_get_c(value_at(next, i), "name"), S("somebody"))));
  buf_puts(&out, next->size ? "\n" : "nobody\n");
  return buf_str(&out);
}

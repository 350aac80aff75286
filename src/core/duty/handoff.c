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
  "SELECT p.id, p.title, p.status, p.urgency, p.alert_id, p.incident_id, p.created_at, "                               \
  "p.acknowledged_at, p.acknowledged_by, p.ended_at FROM page AS p WHERE p.org_id = $1 AND p.id >= $2 "
/* Of policies that name the schedule, or of which somebody of the shift (",1,2,") was told. */
#define CONCERNS                                                                                                       \
  " AND (p.policy_id IN (SELECT r.owner_id FROM ref AS r WHERE r.target_kind = 'schedule' AND r.target_id = $3 AND "   \
  "r.owner_kind = 'escalation_policy') OR EXISTS (SELECT 1 FROM notification AS n WHERE n.page_id = p.id AND $4 LIKE " \
  "'%,' || n.user_id || ',%'))"
static const DbStmt HAPPENED = {
    "handoff_happened",
    COLUMNS "AND p.created_at >= $5 AND p.created_at < $6" PUBLIC CONCERNS " ORDER BY p.id DESC LIMIT $7", NULL};
static const DbStmt OPEN = {
    "handoff_open",
    COLUMNS "AND p.status IN ('active', 'acknowledged', 'exhausted') AND p.created_at < $5" PUBLIC CONCERNS
            " ORDER BY p.id DESC LIMIT $6",
    NULL};

typedef struct Reading {
  Arena *arena;
  ValueVec rows; /* newest first */
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
  Str who = db_row_text(row, 8, arena);
  if (who.len && !json_parse(arena, who, NULL, &by, &ignored)) by = value_null();
  map_put_c(&map, "id", value_string(id_text(arena, "pag", db_row_int(row, 0))));
  map_put_c(&map, "title", value_string(db_row_text(row, 1, arena)));
  map_put_c(&map, "status", value_string(db_row_text(row, 2, arena)));
  map_put_c(&map, "urgency", value_string(db_row_text(row, 3, arena)));
  map_put_c(&map, "alert_id", id_or_null(arena, "alr", db_row_int(row, 4)));
  map_put_c(&map, "incident_id", id_or_null(arena, "inc", db_row_int(row, 5)));
  map_put_c(&map, "created_at", time_or_null(arena, db_row_int(row, 6)));
  map_put_c(&map, "acknowledged_at", time_or_null(arena, db_row_int(row, 7)));
  map_put_c(&map, "acknowledged_by", by.kind == VALUE_MAP ? *value_get_c(&by, "name") : value_null());
  map_put_c(&map, "ended_at", time_or_null(arena, db_row_int(row, 9)));
  *VEC_PUSH(arena, &r->rows) = map_done(&map);
  return true;
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

/* ",1,2,": for CONCERNS */
static DbValue ids_of(Arena *arena, const Shift *shift) {
  Buf ids = buf_new(arena, KIB(64));
  buf_putc(&ids, ',');
  for (size_t i = 0; i < shift->user_count; i++) buf_format(&ids, "%lld,", (long long)shift->user_ids[i]);
  return db_text(buf_str(&ids));
}

static Value oldest_first(Reading *r) {
  for (size_t i = 0; i < r->rows.count / 2; i++) {
    Value other = r->rows.items[r->rows.count - 1 - i];
    r->rows.items[r->rows.count - 1 - i] = r->rows.items[i];
    r->rows.items[i] = other;
  }
  return list_done(&r->rows);
}

bool duty_handoff(const DutyCtx *d, const SetupSchedule *schedule, i64 at_ms, Value *out, Error *err) {
  Arena *arena = d->arena;
  Shift shift, next;
  Reading happened = {.arena = arena}, open = {.arena = arena};
  i64 now = clock_now(&d->app->clock), skew = now - clock_true_ms(); /* ids follow the true clock */
  if (!find_shifts(d, schedule, at_ms, &shift, &next, err)) return false;
  i64 to = MIN(shift.ends_ms, MAX(at_ms, now));
  DbValue org = db_int(schedule->org_id), which = db_int(schedule->id), whom = ids_of(arena, &shift);
  i64 first = id_at_time(shift.starts_ms - skew), oldest = id_at_time(to - skew - OPEN_DAYS * DAY_MS);
  if (!db_query(d->db, &HAPPENED,
                DB_ARGS(org, db_int(first), which, whom, db_int(shift.starts_ms), db_int(to), db_int(PAGES_MAX)),
                read_page, &happened, err) ||
      !db_query(d->db, &OPEN, DB_ARGS(org, db_int(oldest), which, whom, db_int(to), db_int(PAGES_MAX)), read_page,
                &open, err))
    return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "schedule_id", value_string(id_text(arena, "sch", schedule->id)));
  map_put_c(&map, "schedule", value_string(schedule->name));
  map_put_c(&map, "from", value_string(time_text_ms(arena, shift.starts_ms)));
  map_put_c(&map, "to", value_string(time_text_ms(arena, to)));
  map_put_c(&map, "ends_at", time_or_null(arena, shift.ends_ms));
  map_put_c(&map, "hands_over_at", time_or_null(arena, next.user_count ? next.starts_ms : shift.ends_ms));
  map_put_c(&map, "on_call", people(d, &shift));
  map_put_c(&map, "next", people(d, &next));
  map_put_c(&map, "pages", oldest_first(&happened));
  map_put_c(&map, "open", oldest_first(&open));
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

/* Recorded shifts. */
#include "core/oncall/record.h"

#include <string.h>

#include "lang/json.h"

enum { CHUNK_DAYS = 300 };

static const DbStmt KNOWN = {"record_known", "SELECT created_at, recorded_until FROM schedule WHERE id = $1", NULL};
static const DbStmt KEEP = {"record_keep",
                            "INSERT INTO shift_record (id, org_id, schedule_id, starts_at, ends_at, user_ids) VALUES "
                            "($1, $2, $3, $4, $5, $6)",
                            NULL};
static const DbStmt UNTIL = {"record_until", "UPDATE schedule SET recorded_until = $2 WHERE id = $1", NULL};
static const DbStmt RANGE = {"record_range",
                             "SELECT starts_at, ends_at, user_ids FROM shift_record WHERE schedule_id = $1 AND "
                             "ends_at > $2 AND starts_at < $3 ORDER BY starts_at",
                             NULL};

typedef struct Known {
  i64 made_ms, until_ms; /* until_ms: recorded up to there, made_ms when nothing is */
} Known;

static bool read_known(const DbRow *row, void *ctx) {
  Known *known = ctx;
  known->made_ms = db_row_int(row, 0);
  known->until_ms = db_row_is_null(row, 1) ? known->made_ms : db_row_int(row, 1);
  return true;
}

static bool load_known(Db *db, i64 schedule_id, Known *out, bool *out_found, Error *err) {
  *out = (Known){0};
  return db_query_one(db, &KNOWN, DB_ARGS(db_int(schedule_id)), read_known, out, out_found, err);
}

/* Keeping --------------------------------------------------------------------------------------------------------- */

static Str ids_text(Arena *arena, const Shift *shift) {
  ValueVec ids = {0};
  for (size_t i = 0; i < shift->user_count; i++) *VEC_PUSH(arena, &ids) = value_int(shift->user_ids[i]);
  Value list = list_done(&ids);
  return json_text(arena, &list);
}

static bool keep_range(Cycle *cycle, const SetupSchedule *schedule, i64 from_ms, i64 to_ms, Error *err) {
  Rendered rendered;
  if (!oncall_range(cycle->db, cycle->arena, cycle_app(cycle), schedule, from_ms, to_ms, &rendered, err)) return false;
  for (size_t i = 0; i < rendered.final.count; i++) {
    const Shift *shift = &rendered.final.items[i];
    if (!db_run(cycle->db, &KEEP, err, db_int(id_next(cycle->ids)), db_int(schedule->org_id), db_int(schedule->id),
                db_int(shift->starts_ms), db_int(shift->ends_ms), db_text(ids_text(cycle->arena, shift))))
      return false;
  }
  return true;
}

/* A schedule that is not in the picture yet was made in this round: there is nothing to keep. */
static bool keep_one(Cycle *cycle, const SetupSchedule *schedule, Error *err) {
  Known known;
  bool found = false;
  if (!load_known(cycle->db, schedule->id, &known, &found, err)) return false;
  if (!found || known.until_ms >= cycle->now_ms) return true;
  for (i64 from = known.until_ms; from < cycle->now_ms; from += CHUNK_DAYS * DAY_MS)
    if (!keep_range(cycle, schedule, from, MIN(from + CHUNK_DAYS * DAY_MS, cycle->now_ms), err)) return false;
  return db_run(cycle->db, &UNTIL, err, db_int(schedule->id), db_int(cycle->now_ms));
}

bool shift_record_keep(Cycle *cycle, i64 org_id, i64 schedule_id, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupSchedule *one = schedule_id ? setup_schedule(setup, schedule_id) : NULL;
  if (one) return keep_one(cycle, one, err);
  for (size_t i = 0; !schedule_id && i < setup_schedule_count(setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(setup, i);
    if (schedule->org_id == org_id && !keep_one(cycle, schedule, err)) return false;
  }
  return true;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

typedef VEC(Shift) Shifts;

typedef struct Reading {
  Arena *arena;
  i64 from_ms, to_ms;
  Shifts final, gaps;
} Reading;

static bool same_people(const Shift *a, const Shift *b) {
  return a->user_count == b->user_count &&
         (a->user_count == 0 || memcmp(a->user_ids, b->user_ids, a->user_count * sizeof(i64)) == 0);
}

/* A shift that was written down in two parts is one. */
static void push(Reading *r, Shifts *list, Shift shift) {
  Shift *last = list->count ? &list->items[list->count - 1] : NULL;
  shift.starts_ms = MAX(shift.starts_ms, r->from_ms);
  shift.ends_ms = MIN(shift.ends_ms, r->to_ms);
  if (shift.ends_ms <= shift.starts_ms) return;
  if (last && last->ends_ms == shift.starts_ms && same_people(last, &shift))
    last->ends_ms = shift.ends_ms;
  else
    *VEC_PUSH(r->arena, list) = shift;
}

static bool read_shift(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  Value ids = value_null();
  Error ignored = {0};
  Shift shift = {.starts_ms = db_row_int(row, 0), .ends_ms = db_row_int(row, 1)};
  if (!json_parse(r->arena, db_row_text(row, 2, r->arena), NULL, &ids, &ignored)) return true;
  size_t count = value_is(&ids, VALUE_LIST) ? ids.size : 0;
  shift.user_ids = ARENA_ARRAY(r->arena, i64, count + 1);
  for (size_t i = 0; i < count; i++) shift.user_ids[shift.user_count++] = value_int_or(value_at(&ids, i), 0);
  push(r, &r->final, shift);
  return true;
}

/* What lies between the shifts that were written down until then. */
static void find_gaps(Reading *r, i64 until_ms) {
  i64 from = r->from_ms;
  for (size_t i = 0; i < r->final.count; i++) {
    push(r, &r->gaps, (Shift){.starts_ms = from, .ends_ms = r->final.items[i].starts_ms});
    from = r->final.items[i].ends_ms;
  }
  push(r, &r->gaps, (Shift){.starts_ms = from, .ends_ms = until_ms});
}

bool shift_record_range(Db *db, Arena *arena, const App *app, const SetupSchedule *schedule, i64 from_ms, i64 to_ms,
                        i64 *out_from_ms, RenderSources *sources, Rendered *out, Error *err) {
  Known known;
  bool found = false;
  *out = (Rendered){0};
  *sources = (RenderSources){0};
  if (!load_known(db, schedule->id, &known, &found, err)) return false;
  Reading r = {.arena = arena, .from_ms = MAX(from_ms, known.made_ms), .to_ms = to_ms};
  *out_from_ms = r.from_ms;
  if (r.from_ms >= to_ms) return true;
  if (!oncall_range_of(db, arena, app, schedule, r.from_ms, to_ms, sources, out, err)) return false;
  i64 until_ms = MIN(known.until_ms, to_ms);
  if (until_ms <= r.from_ms) return true;
  r.to_ms = until_ms;
  if (!db_query(db, &RANGE, DB_ARGS(db_int(schedule->id), db_int(r.from_ms), db_int(until_ms)), read_shift, &r, err))
    return false;
  find_gaps(&r, until_ms);
  r.to_ms = to_ms;
  const ShiftList *lists[] = {&out->final, &out->gaps};
  for (size_t l = 0; l < COUNT(lists); l++)
    for (size_t i = 0; i < lists[l]->count; i++) {
      Shift shift = lists[l]->items[i];
      shift.starts_ms = MAX(shift.starts_ms, until_ms);
      push(&r, l ? &r.gaps : &r.final, shift);
    }
  out->final = (ShiftList){r.final.items, r.final.count};
  out->gaps = (ShiftList){r.gaps.items, r.gaps.count};
  return true;
}

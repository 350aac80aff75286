/* What an integration's requests came to: counted by outcome, and the last things about them that deserve a look.
 * Written once a round for all of its requests; a request costs nothing of its own. */
#include "core/alerts/batch.h"
#include "core/alerts/rate_alarm.h"
#include "lang/json.h"

enum { WARNINGS_KEPT = 20, WARNING_BYTES = 500 };

static const DbStmt COUNT_ADD = {
    "integration_count_add",
    "INSERT INTO integration_count (integration_id, outcome, node, org_id, count, last_at) VALUES ($1,$2,$3,$4,$5,$6) "
    "ON CONFLICT (integration_id, outcome, node) DO UPDATE SET count = integration_count.count + excluded.count, "
    "last_at = excluded.last_at",
    NULL};
static const DbStmt WARNING_ADD = {
    "integration_warning_add",
    "INSERT INTO integration_warning (integration_id, text, org_id, count, first_at, last_at, request_id) "
    "VALUES ($1,$2,$3,$4,$5,$5,$6) ON CONFLICT (integration_id, text) DO UPDATE SET "
    "count = integration_warning.count + excluded.count, last_at = excluded.last_at, request_id = excluded.request_id",
    NULL};
static const DbStmt WARNINGS_COUNT = {"integration_warnings_count",
                                      "SELECT COUNT(*) FROM integration_warning WHERE integration_id = $1", NULL};
static const DbStmt WARNINGS_CUT = {
    "integration_warnings_cut",
    "DELETE FROM integration_warning WHERE integration_id = $1 AND text NOT IN (SELECT text FROM integration_warning "
    "WHERE integration_id = $1 ORDER BY last_at DESC, text LIMIT $2)",
    NULL};

/* Writing --------------------------------------------------------------------------------------------------------- */

typedef struct Tally {
  i64 org_id, integration_id, count, last_ms, request_id;
  Str text; /* an outcome, or a warning */
} Tally;
typedef VEC(Tally) Tallies;

static void tally(Arena *arena, Tallies *tallies, Tally one) {
  for (size_t i = tallies->count; i-- > 0;) {
    Tally *have = &tallies->items[i];
    if (have->integration_id != one.integration_id || !str_equal(have->text, one.text)) continue;
    have->count++;
    have->last_ms = MAX(have->last_ms, one.last_ms);
    have->request_id = one.request_id;
    return;
  }
  *VEC_PUSH(arena, tallies) = one;
}

static void tally_warnings(Arena *arena, Tallies *warnings, Tally base, Str list) {
  Value texts = value_null();
  Error ignored = {0};
  if (!json_parse(arena, list, NULL, &texts, &ignored) || texts.kind != VALUE_LIST) return;
  for (u32 i = 0; i < texts.size; i++) {
    base.text = utf8_cut(value_text_or(value_at(&texts, i), STR_NONE), WARNING_BYTES);
    if (base.text.len) tally(arena, warnings, base);
  }
}

static bool add_count(Cycle *cycle, const Tally *t, Error *err) {
  return db_run(cycle->db, &COUNT_ADD, err, db_int(t->integration_id), db_text(t->text), db_int(cycle->ids->node),
                db_int(t->org_id), db_int(t->count), db_int(t->last_ms));
}

static bool add_warning(Cycle *cycle, const Tally *t, Error *err) {
  i64 count = 0;
  bool found = false;
  if (!db_run(cycle->db, &WARNING_ADD, err, db_int(t->integration_id), db_text(t->text), db_int(t->org_id),
              db_int(t->count), db_int(t->last_ms), db_int(t->request_id)) ||
      !db_query_int(cycle->db, &WARNINGS_COUNT, DB_ARGS(db_int(t->integration_id)), &count, &found, err))
    return false;
  return count <= WARNINGS_KEPT ||
         db_run(cycle->db, &WARNINGS_CUT, err, db_int(t->integration_id), db_int(WARNINGS_KEPT));
}

bool sources_appended(Cycle *cycle, const Arrival *first, Error *err) {
  Tallies counts = {0}, warnings = {0};
  for (const Arrival *a = first; a; a = a->next) {
    if (a->duplicate) continue;
    Tally one = {.org_id = a->org_id,
                 .integration_id = a->integration_id,
                 .count = 1,
                 .last_ms = a->received_ms,
                 .request_id = a->id,
                 .text = str_from_c(a->state == ARRIVAL_PARKED ? "failed" : a->outcome)};
    tally(cycle->arena, &counts, one);
    if (a->warnings.len) tally_warnings(cycle->arena, &warnings, one, a->warnings);
  }
  for (size_t i = 0; i < counts.count; i++)
    if (!add_count(cycle, &counts.items[i], err)) return false;
  for (size_t i = 0; i < warnings.count; i++)
    if (!add_warning(cycle, &warnings.items[i], err)) return false;
  return rate_count(cycle, first, err);
}

/* A row of an earlier round, counted as accepted then, was set aside. */
bool source_parked(Cycle *cycle, const Arrival *arrival, Error *err) {
  Tally failed = {.org_id = arrival->org_id,
                  .integration_id = arrival->integration_id,
                  .count = 1,
                  .last_ms = arrival->received_ms,
                  .text = S("failed")};
  Tally accepted = failed;
  accepted.text = S("accepted");
  accepted.count = -1;
  return !arrival->from_inbox || (add_count(cycle, &failed, err) && add_count(cycle, &accepted, err));
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static const DbStmt COUNTS = {"integration_counts",
                              "SELECT outcome, SUM(count), MAX(last_at) FROM integration_count WHERE integration_id = "
                              "$1 GROUP BY outcome ORDER BY outcome",
                              NULL};
static const DbStmt WARNINGS = {
    "integration_warnings",
    "SELECT text, count, first_at, last_at, request_id FROM integration_warning WHERE integration_id = $1 "
    "ORDER BY last_at DESC, text",
    NULL};

typedef struct Reading {
  Arena *arena;
  MapBuilder counts;
  ValueVec warnings;
  i64 last_ms;
} Reading;

static bool read_count(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  i64 count = db_row_int(row, 1);
  if (count > 0) map_put(&r->counts, db_row_text(row, 0, r->arena), value_int(count));
  r->last_ms = MAX(r->last_ms, db_row_int(row, 2));
  return true;
}

static bool read_warning(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  MapBuilder map = map_builder(r->arena);
  map_put_c(&map, "text", value_string(db_row_text(row, 0, r->arena)));
  map_put_c(&map, "count", value_int(db_row_int(row, 1)));
  map_put_c(&map, "first_at", value_string(time_text_ms(r->arena, db_row_int(row, 2))));
  map_put_c(&map, "last_at", value_string(time_text_ms(r->arena, db_row_int(row, 3))));
  map_put_c(&map, "request_id", value_string(id_text(r->arena, "req", db_row_int(row, 4))));
  *VEC_PUSH(r->arena, &r->warnings) = map_done(&map);
  return true;
}

void source_facts(Db *db, Arena *arena, i64 integration_id, MapBuilder *out) {
  Reading r = {.arena = arena, .counts = map_builder(arena)};
  Error ignored = {0};
  if (!db_query(db, &COUNTS, DB_ARGS(db_int(integration_id)), read_count, &r, &ignored) ||
      !db_query(db, &WARNINGS, DB_ARGS(db_int(integration_id)), read_warning, &r, &ignored))
    return;
  map_put_c(out, "last_request_at", r.last_ms ? value_string(time_text_ms(arena, r.last_ms)) : value_null());
  map_put_c(out, "counts", map_done(&r.counts));
  map_put_c(out, "warnings", list_done(&r.warnings));
}

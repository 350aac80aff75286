/* Old requests, integration by integration, oldest first. Three rules:
 * - what was taken goes after `requests_days`, or when there are `requests_max` younger ones;
 * - what was not taken, or only in part, is counted apart, and goes after `requests_kept_days`;
 * - so does what is part of an incident.
 * Ids rise with time inside an integration. What the first rule has passed over is remembered by its last id, so that
 * each row is looked at once, and once more at its end. */
#include "core/server/sweep.h"

/* Written as the indexes inbox_bad and inbox_bad_of are. */
#define NOT_TAKEN "(outcome = 'failed' OR outcome = 'rejected' OR outcome = 'unmapped' OR outcome = 'partial')"

static const DbStmt NEXT_SOURCE = {
    "sweep_next_source",
    "SELECT integration_id, org_id FROM integration_count WHERE integration_id > $1 ORDER BY integration_id LIMIT 1",
    NULL};
static const DbStmt OLDEST = {"sweep_oldest_requests",
                              "SELECT id, received_at, outcome, state, alert_ids FROM inbox WHERE integration_id = $1 "
                              "AND id > $2 ORDER BY id LIMIT $3",
                              NULL};
static const DbStmt NTH = {"sweep_nth_request",
                           "SELECT id FROM inbox WHERE integration_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2", NULL};
static const DbStmt NOT_TAKEN_SINCE = {
    "sweep_not_taken_since", "SELECT COUNT(*) FROM inbox WHERE integration_id = $1 AND id > $2 AND " NOT_TAKEN, NULL};
static const DbStmt NTH_NOT_TAKEN = {
    "sweep_nth_not_taken",
    "SELECT id FROM inbox WHERE integration_id = $1 AND " NOT_TAKEN " ORDER BY id DESC LIMIT 1 OFFSET $2", NULL};
static const DbStmt NOT_TAKEN_DELETE = {"sweep_not_taken",
                                        "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE integration_id = $1 "
                                        "AND id <= $2 AND state <> 1 AND " NOT_TAKEN " ORDER BY id LIMIT $3)",
                                        NULL};
static const DbStmt REQUEST_DELETE = {"sweep_request", "DELETE FROM inbox WHERE id = $1", NULL};
static const DbStmt IN_INCIDENT = {"sweep_alert_in_incident",
                                   "SELECT incident_id FROM alert WHERE id = $1 AND incident_id IS NOT NULL", NULL};
static const DbStmt SOURCE_GONE[] = {
    {"sweep_counts_gone", "DELETE FROM integration_count WHERE integration_id = $1", NULL},
    {"sweep_warnings_gone", "DELETE FROM integration_warning WHERE integration_id = $1", NULL},
    {"sweep_places_gone", "DELETE FROM sweep WHERE subject_id = $1 AND name = 'requests'", NULL}};

typedef struct Source {
  i64 id, org_id;
} Source;

typedef struct Row {
  i64 id, received_ms;
  bool not_taken, pending;
  Str alert_ids;
} Row;

typedef struct Rows {
  Arena *arena;
  Row items[SWEEP_SLICE];
  size_t count;
} Rows;

static bool read_source(const DbRow *row, void *ctx) {
  *(Source *)ctx = (Source){db_row_int(row, 0), db_row_int(row, 1)};
  return true;
}

static bool read_row(const DbRow *row, void *ctx) {
  static const char *const BAD[] = {"failed", "rejected", "unmapped", "partial"};
  Rows *rows = ctx;
  Row *out = &rows->items[rows->count++];
  *out = (Row){.id = db_row_int(row, 0),
               .received_ms = db_row_int(row, 1),
               .pending = db_row_int(row, 3) == ARRIVAL_PENDING,
               .alert_ids = db_row_text(row, 4, rows->arena)};
  for (size_t i = 0; i < COUNT(BAD); i++) out->not_taken = out->not_taken || str_equal_c(db_row_peek(row, 2), BAD[i]);
  return true;
}

static bool load_rows(Sweep *sweep, const Source *source, i64 after, Rows *out, Error *err) {
  out->arena = sweep->cycle->arena;
  out->count = 0;
  return db_query(sweep->cycle->db, &OLDEST, DB_ARGS(db_int(source->id), db_int(after), db_int(SWEEP_SLICE)), read_row,
                  out, err);
}

static bool delete_request(Sweep *sweep, i64 id, Error *err) {
  return db_run(sweep->cycle->db, &REQUEST_DELETE, err, db_int(id));
}

/* "[1,2]": does one of these alerts belong to an incident? */
static bool in_incident(Sweep *sweep, Str ids, bool *out, Error *err) {
  Str rest = ids.len > 2 ? str_slice(ids, 1, ids.len - 1) : STR_NONE, one = STR_NONE;
  *out = false;
  for (bool more = rest.len > 0; more && !*out;) {
    i64 id = 0, incident_id = 0;
    more = str_cut(rest, ',', &one, &rest);
    if (!str_to_i64(str_trim(one), 0, INT64_MAX, &id)) continue;
    if (!db_query_int(sweep->cycle->db, &IN_INCIDENT, DB_ARGS(db_int(id)), &incident_id, out, err)) return false;
  }
  return true;
}

/* The last id that has `max` younger requests of those that were taken; 0: there are not so many. */
static bool cap_of_taken(Sweep *sweep, const Source *source, i64 max, i64 *out, Error *err) {
  Db *db = sweep->cycle->db;
  i64 not_taken = 0, seen = -1;
  bool found = true;
  for (int i = 0; i < 10 && found && not_taken != seen; i++) {
    seen = not_taken;
    *out = 0;
    if (!db_query_int(db, &NTH, DB_ARGS(db_int(source->id), db_int(max + not_taken)), out, &found, err)) return false;
    bool counted = false;
    if (found &&
        !db_query_int(db, &NOT_TAKEN_SINCE, DB_ARGS(db_int(source->id), db_int(*out)), &not_taken, &counted, err))
      return false;
  }
  if (!found || not_taken != seen) *out = 0;
  return true;
}

/* What was taken: up to the last that is old or too many. */
static bool sweep_taken(Sweep *sweep, const Source *source, const SetupKeep *keep, SweepPlace *place, Error *err) {
  i64 before = sweep->cycle->now_ms - keep->requests_ms, cap = 0;
  if (!cap_of_taken(sweep, source, keep->requests_max, &cap, err)) return false;
  Rows rows;
  do {
    if (!sweep_has_time(sweep)) return true;
    if (!load_rows(sweep, source, place->position, &rows, err)) return false;
    for (size_t i = 0; i < rows.count; i++) {
      const Row *row = &rows.items[i];
      bool stays = row->not_taken || row->pending;
      if (row->received_ms >= before && row->id > cap) return true;
      if (!stays && !in_incident(sweep, row->alert_ids, &stays, err)) return false;
      if (!stays && !delete_request(sweep, row->id, err)) return false;
      place->position = row->id;
      if (!sweep_may_go_on(sweep)) return true;
    }
  } while (rows.count == SWEEP_SLICE);
  return true;
}

/* What was kept for longer. Pending rows stay, however old. */
static bool sweep_kept(Sweep *sweep, const Source *source, const SetupKeep *keep, Error *err) {
  i64 before = sweep->cycle->now_ms - keep->requests_kept_ms, after = 0;
  Rows rows;
  do {
    if (!sweep_has_time(sweep)) return true;
    if (!load_rows(sweep, source, after, &rows, err)) return false;
    for (size_t i = 0; i < rows.count; i++) {
      const Row *row = &rows.items[i];
      if (row->received_ms >= before) return true;
      if (!row->pending && !delete_request(sweep, row->id, err)) return false;
      after = row->id;
      if (!sweep_may_go_on(sweep)) return true;
    }
  } while (rows.count == SWEEP_SLICE);
  return true;
}

static bool sweep_not_taken(Sweep *sweep, const Source *source, const SetupKeep *keep, Error *err) {
  i64 cap = 0, gone = SWEEP_SLICE;
  bool found = false;
  if (!db_query_int(sweep->cycle->db, &NTH_NOT_TAKEN, DB_ARGS(db_int(source->id), db_int(keep->requests_max)), &cap,
                    &found, err))
    return false;
  DbValue args[] = {db_int(source->id), db_int(cap), db_int(SWEEP_SLICE)};
  while (found && gone >= SWEEP_SLICE && sweep_has_time(sweep))
    if (!db_exec(sweep->cycle->db, &NOT_TAKEN_DELETE, COUNT(args), args, &gone, err)) return false;
  return true;
}

/* An integration that was deleted: its counts go with the last of its requests. */
static bool forget_gone(Sweep *sweep, const Source *source, Error *err) {
  Rows rows;
  if (setup_integration(sweep->setup, source->id)) return true;
  if (!load_rows(sweep, source, 0, &rows, err)) return false;
  for (size_t i = 0; rows.count == 0 && i < COUNT(SOURCE_GONE); i++)
    if (!db_run(sweep->cycle->db, &SOURCE_GONE[i], err, db_int(source->id))) return false;
  return true;
}

static bool sweep_source(Sweep *sweep, const Source *source, Error *err) {
  const SetupOrg *org = setup_org(sweep->setup, source->org_id);
  SweepPlace place = {.org_id = source->org_id, .name = "requests", .subject_id = source->id};
  if (!org) return true;
  if (!sweep_place_load(sweep->cycle, &place, err)) return false;
  i64 from = place.position;
  if (!sweep_kept(sweep, source, &org->keep, err) || !sweep_not_taken(sweep, source, &org->keep, err) ||
      !sweep_taken(sweep, source, &org->keep, &place, err))
    return false;
  place.at_ms = sweep->cycle->now_ms;
  if (place.position != from && !sweep_place_keep(sweep->cycle, &place, err)) return false;
  return sweep->more || forget_gone(sweep, source, err);
}

/* Goes round the integrations; where the time was up the next round begins. */
bool sweep_requests(Sweep *sweep, Error *err) {
  SweepPlace place = {.name = "sources"};
  if (!sweep_place_load(sweep->cycle, &place, err)) return false;
  i64 from = place.position;
  bool found = true;
  while (found && sweep_has_time(sweep)) {
    Source source = {0};
    if (!db_query_one(sweep->cycle->db, &NEXT_SOURCE, DB_ARGS(db_int(place.position)), read_source, &source, &found,
                      err) ||
        (found && !sweep_source(sweep, &source, err)))
      return false;
    if (sweep->more) break;
    place.position = found ? source.id : 0;
  }
  return place.position == from || sweep_place_keep(sweep->cycle, &place, err);
}

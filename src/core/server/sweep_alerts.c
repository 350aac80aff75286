/* Old alerts, by number, oldest first; a pass stops at the first that is too young to have anything old.
 * Occurrences go after `occurrences_days`, but for the first and the last of an alert. A closed alert goes after
 * `alerts_days`, unless its incident is open; a record of its number, title and key stays, for its pages, notifications
 * and explanations, which are kept for ever, as is its timeline. */
#include "core/server/sweep.h"

enum { PASS_EVERY_MS = 6 * 3600 * 1000 };

static const DbStmt NEXT_ALERTS = {"sweep_alerts",
                                   "SELECT id, number, status, status_changed_at, last_seen_at, created_at, "
                                   "occurrences, space, dedup_key, incident_id "
                                   "FROM alert WHERE org_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                                   NULL};
static const DbStmt OCCURRENCES_OLD = {
    "sweep_occurrences", "DELETE FROM occurrence WHERE alert_id = $1 AND received_at < $2 AND n > 0 AND n < $3", NULL};
static const DbStmt INCIDENT_OPEN = {"sweep_incident_open",
                                     "SELECT id FROM incident WHERE id = $1 AND status <> 'closed'", NULL};
static const DbStmt RECORD = {
    "sweep_alert_record",
    "INSERT INTO alert_record (id, org_id, number, title, dedup_key, status, incident_id, team_id, first_seen_at, "
    "closed_at, removed_at) SELECT id, org_id, number, title, dedup_key, status, incident_id, team_id, first_seen_at, "
    "status_changed_at, $2 FROM alert WHERE id = $1 ON CONFLICT (id) DO NOTHING",
    NULL};
static const DbStmt ALERT_GONE[] = {
    {"sweep_first_explanation",
     "INSERT INTO explanation (alert_id, slot, run, org_id, at, body) SELECT id, 0, 0, org_id, created_at, "
     "first_explanation FROM alert WHERE id = $1 AND first_explanation IS NOT NULL AND explanations <= 10 "
     "ON CONFLICT (alert_id, slot) DO NOTHING",
     NULL},
    {"sweep_alert_occurrences", "DELETE FROM occurrence WHERE alert_id = $1", NULL},
    {"sweep_alert_flap", "DELETE FROM alert_flap WHERE alert_id = $1", NULL},
    {"sweep_alert", "DELETE FROM alert WHERE id = $1", NULL},
};
static const DbStmt KEY_GONE = {
    "sweep_alert_key", "DELETE FROM alert_key WHERE org_id = $1 AND space = $2 AND \"key\" = $3 AND alert_id = $4",
    NULL};

typedef struct Old {
  i64 id, number, changed_ms, seen_ms, created_ms, occurrences, space, incident_id;
  Str key;
  bool closed;
} Old;

typedef struct Olds {
  Arena *arena;
  Old items[SWEEP_SLICE];
  size_t count;
} Olds;

static bool read_old(const DbRow *row, void *ctx) {
  Olds *olds = ctx;
  Str status = db_row_peek(row, 2);
  bool closed = str_equal_c(status, "resolved") || str_equal_c(status, "dismissed");
  olds->items[olds->count++] = (Old){.id = db_row_int(row, 0),
                                     .number = db_row_int(row, 1),
                                     .closed = closed,
                                     .changed_ms = db_row_int(row, 3),
                                     .seen_ms = db_row_int(row, 4),
                                     .created_ms = db_row_int(row, 5),
                                     .occurrences = db_row_int(row, 6),
                                     .space = db_row_int(row, 7),
                                     .key = db_row_text(row, 8, olds->arena),
                                     .incident_id = db_row_int(row, 9)};
  return true;
}

static bool remove_alert(Sweep *sweep, i64 org_id, const Old *old, Error *err) {
  Db *db = sweep->cycle->db;
  i64 id = 0;
  bool open = false;
  if (old->incident_id && !db_query_int(db, &INCIDENT_OPEN, DB_ARGS(db_int(old->incident_id)), &id, &open, err))
    return false;
  if (open) return true;
  if (!db_run(db, &RECORD, err, db_int(old->id), db_int(sweep->cycle->now_ms)) ||
      !db_run(db, &KEY_GONE, err, db_int(org_id), db_int(old->space), db_text(old->key), db_int(old->id)))
    return false;
  for (size_t i = 0; i < COUNT(ALERT_GONE); i++)
    if (!db_run(db, &ALERT_GONE[i], err, db_int(old->id))) return false;
  return true;
}

static bool sweep_one(Sweep *sweep, const SetupOrg *org, const Old *old, Error *err) {
  i64 now = sweep->cycle->now_ms, last = MAX(old->changed_ms, old->seen_ms);
  if (old->closed && last < now - org->keep.alerts_ms) return remove_alert(sweep, org->id, old, err);
  return db_run(sweep->cycle->db, &OCCURRENCES_OLD, err, db_int(old->id), db_int(now - org->keep.occurrences_ms),
                db_int(old->occurrences - 1));
}

/* True in *out_end: what follows is too young, or there is no more. */
static bool sweep_slice(Sweep *sweep, const SetupOrg *org, SweepPlace *place, bool *out_end, Error *err) {
  i64 before = sweep->cycle->now_ms - MIN(org->keep.occurrences_ms, org->keep.alerts_ms);
  Olds olds = {.arena = sweep->cycle->arena};
  if (!db_query(sweep->cycle->db, &NEXT_ALERTS, DB_ARGS(db_int(org->id), db_int(place->position), db_int(SWEEP_SLICE)),
                read_old, &olds, err))
    return false;
  *out_end = olds.count < SWEEP_SLICE;
  for (size_t i = 0; i < olds.count; i++) {
    if (olds.items[i].created_ms >= before) return *out_end = true, true;
    if (!sweep_one(sweep, org, &olds.items[i], err)) return false;
    place->position = olds.items[i].number;
    if (!sweep_may_go_on(sweep)) return *out_end = false, true;
  }
  return true;
}

static bool sweep_org(Sweep *sweep, const SetupOrg *org, Error *err) {
  SweepPlace place = {.org_id = org->id, .name = "alerts"};
  if (!sweep_place_load(sweep->cycle, &place, err)) return false;
  if (place.position == 0 && place.at_ms > 0 && sweep->cycle->now_ms < place.at_ms + PASS_EVERY_MS) return true;
  bool end = false;
  while (!end && !sweep->more && sweep_has_time(sweep))
    if (!sweep_slice(sweep, org, &place, &end, err)) return false;
  if (end) {
    place.position = 0;
    place.at_ms = sweep->cycle->now_ms;
  }
  return sweep_place_keep(sweep->cycle, &place, err);
}

bool sweep_alerts(Sweep *sweep, Error *err) {
  for (size_t i = 0; i < setup_org_count(sweep->setup); i++)
    if (!sweep_org(sweep, setup_org_at(sweep->setup, i), err)) return false;
  return true;
}

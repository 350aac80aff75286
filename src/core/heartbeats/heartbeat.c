/* The states of a heartbeat. new: nothing is expected yet. up, late (past its time, within the grace), down (an alert
 * is open), paused. One job looks at the next moment at which the state may change. Time in which we were down
 * ourselves does not count: whoever pinged then was not heard, so after a start a full grace begins. */
#include "core/alerts/alerts.h"
#include "core/heartbeats/cron.h"
#include "core/heartbeats/heartbeats.h"
#include "core/setup/setup.h"

typedef enum BeatState { STATE_NEW, STATE_UP, STATE_LATE, STATE_DOWN, STATE_PAUSED } BeatState;
static const char *const STATE_NAMES[] = {"new", "up", "late", "down", "paused"};

typedef struct Heartbeat {
  i64 id, org_id, period_s, grace_s, service_id, priority, last_ping_ms, due_ms;
  Str name, cron, zone;
  BeatState state;
  bool auto_arm;
} Heartbeat;

#define COLUMNS                                                                                                        \
  "SELECT id, org_id, period_s, grace_s, service_id, priority, last_ping_at, due_at, name, cron, time_zone, state, "   \
  "auto_arm FROM heartbeat WHERE "
static const DbStmt BY_KEY = {"heartbeat_by_key", COLUMNS "\"key\" = $1", NULL};
static const DbStmt BY_ID = {"heartbeat_by_id", COLUMNS "id = $1", NULL};
static const DbStmt PINGED = {"heartbeat_pinged",
                              "UPDATE heartbeat SET last_ping_at = CASE WHEN $2 = 1 THEN $3 ELSE last_ping_at END, "
                              "last_start_at = CASE WHEN $4 = 1 "
                              "THEN $3 ELSE last_start_at END, last_exit_status = $5, last_message = $6 WHERE id = $1",
                              NULL};
static const DbStmt MOVED = {"heartbeat_moved",
                             "UPDATE heartbeat SET state_at = CASE WHEN state <> $2 THEN $3 ELSE state_at END, state = "
                             "$2, due_at = $4, updated_at = $3, version = version + 1 WHERE id = $1",
                             NULL};

typedef struct Reading {
  Arena *arena;
  Heartbeat *out;
} Reading;

static bool read_row(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  *r->out = (Heartbeat){.id = db_row_int(row, 0),
                        .org_id = db_row_int(row, 1),
                        .period_s = db_row_int(row, 2),
                        .grace_s = db_row_int(row, 3),
                        .service_id = db_row_int(row, 4),
                        .priority = db_row_int(row, 5),
                        .last_ping_ms = db_row_int(row, 6),
                        .due_ms = db_row_int(row, 7),
                        .name = db_row_text(row, 8, r->arena),
                        .cron = db_row_text(row, 9, r->arena),
                        .zone = db_row_text(row, 10, r->arena),
                        .auto_arm = db_row_int(row, 12) != 0};
  Str state = db_row_peek(row, 11);
  for (size_t i = 0; i < COUNT(STATE_NAMES); i++)
    if (str_equal_c(state, STATE_NAMES[i])) r->out->state = (BeatState)i;
  return true;
}

static bool load(Cycle *cycle, i64 id, Heartbeat *out, bool *out_found, Error *err) {
  Reading reading = {cycle->arena, out};
  return db_query_one(cycle->db, &BY_ID, DB_ARGS(db_int(id)), read_row, &reading, out_found, err);
}

/* When the next ping is expected, after a ping now; 0: never. */
static i64 next_due(Cycle *cycle, const Heartbeat *h) {
  const SetupOrg *org = setup_org(setup_current(cycle_app(cycle)->setup), h->org_id);
  const Zone *zone = org ? org->zone : zone_utc();
  Cron cron;
  Error ignored = {0};
  if (h->zone.len && !zone_find(cycle_app(cycle)->zones, h->zone, &zone, &ignored)) zone = zone_utc();
  if (h->cron.len) return cron_parse(h->cron, &cron, &ignored) ? cron_next_ms(&cron, zone, cycle->now_ms) : 0;
  return cycle->now_ms + h->period_s * 1000;
}

static bool look_at(Cycle *cycle, const Heartbeat *h, i64 at_ms, Error *err) {
  JobNew job = {.kind = "heartbeat.due", .org_id = h->org_id, .subject_id = h->id, .due_ms = at_ms};
  return job_cancel(cycle, "heartbeat.due", h->id, err) && (!at_ms || job_add(cycle, &job, err));
}

static bool move(Cycle *cycle, const Heartbeat *h, BeatState state, i64 due_ms, i64 look_ms, Error *err) {
  cycle_publish(cycle, h->org_id, "heartbeat", h->id, 0);
  return db_run(cycle->db, &MOVED, err, db_int(h->id), db_text(str_from_c(STATE_NAMES[state])), db_int(cycle->now_ms),
                due_ms ? db_int(due_ms) : db_null()) &&
         look_at(cycle, h, look_ms, err);
}

static bool alert(Cycle *cycle, const Heartbeat *h, bool over, Str what, Error *err) {
  const SetupService *service = setup_service(setup_current(cycle_app(cycle)->setup), h->service_id);
  i64 id = 0;
  AlertOwn own = {.org_id = h->org_id,
                  .dedup_key = str_format(cycle->arena, "heartbeat/%lld", (long long)h->id),
                  .title = str_format(cycle->arena, "%.*s %.*s", STR_ARG(h->name), STR_ARG(what)),
                  .description = h->last_ping_ms ? str_format(cycle->arena, "Heard from last at %.*s.",
                                                              STR_ARG(time_text_ms(cycle->arena, h->last_ping_ms)))
                                                 : S("Never heard from."),
                  .service = service ? service->name : STR_NONE,
                  .priority = (i32)h->priority,
                  .resolve = over};
  return alert_own(cycle, &own, &id, err);
}

static bool go_down(Cycle *cycle, const Heartbeat *h, Str what, Error *err) {
  return move(cycle, h, STATE_DOWN, h->due_ms, 0, err) && alert(cycle, h, false, what, err);
}

static bool go_up(Cycle *cycle, const Heartbeat *h, Error *err) {
  i64 due = next_due(cycle, h);
  if (!move(cycle, h, STATE_UP, due, due, err)) return false;
  return h->state != STATE_DOWN || alert(cycle, h, true, S("is back"), err);
}

bool heartbeat_ping(Cycle *cycle, Str key, Beat beat, i64 exit_status, Str message, Error *err) {
  Heartbeat h = {0};
  Reading reading = {cycle->arena, &h};
  bool found = false;
  if (!db_query_one(cycle->db, &BY_KEY, DB_ARGS(db_text(key)), read_row, &reading, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "not found");
  if (!db_run(cycle->db, &PINGED, err, db_int(h.id), db_int(beat == BEAT_OK || beat == BEAT_FAIL),
              db_int(cycle->now_ms), db_int(beat == BEAT_START), exit_status >= 0 ? db_int(exit_status) : db_null(),
              db_text_or_null(message.len ? message : STR_NONE)))
    return false;
  bool armed = h.state != STATE_PAUSED && (h.state != STATE_NEW || h.auto_arm);
  if (!armed || beat == BEAT_LOG || beat == BEAT_START) return true;
  if (beat == BEAT_OK) return go_up(cycle, &h, err);
  if (h.state == STATE_DOWN) return true;
  h.due_ms = next_due(cycle, &h);
  return go_down(cycle, &h,
                 exit_status > 0 ? str_format(cycle->arena, "failed with exit status %lld", (long long)exit_status)
                                 : S("failed"),
                 err);
}

bool heartbeat_pause(Cycle *cycle, i64 id, Error *err) {
  Heartbeat h = {0};
  bool found = false;
  if (!load(cycle, id, &h, &found, err) || !found) return !found;
  if (!move(cycle, &h, STATE_PAUSED, 0, 0, err)) return false;
  return h.state != STATE_DOWN || alert(cycle, &h, true, S("is paused"), err);
}

bool heartbeat_arm(Cycle *cycle, i64 id, Error *err) {
  Heartbeat h = {0};
  bool found = false;
  if (!load(cycle, id, &h, &found, err) || !found) return !found;
  return h.state == STATE_DOWN || go_up(cycle, &h, err);
}

bool heartbeat_edited(Cycle *cycle, i64 id, bool deleted, Error *err) {
  Heartbeat h = {0};
  bool found = false;
  if (deleted) return job_cancel(cycle, "heartbeat.due", id, err);
  if (!load(cycle, id, &h, &found, err) || !found) return !found;
  bool waits = h.state == STATE_UP || h.state == STATE_LATE;
  return !waits || go_up(cycle, &h, err);
}

/* The clock that due times follow, when this process started. */
static i64 started_ms(Cycle *cycle) {
  return cycle_app(cycle)->started_ms + (cycle->now_ms - clock_true_ms());
}

static bool due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Heartbeat h = {0};
  bool found = false;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!load(cycle, job->subject_id, &h, &found, err)) return false;
  if (!found || (h.state != STATE_UP && h.state != STATE_LATE)) return true;
  i64 down_ms = h.due_ms + h.grace_s * 1000, started = started_ms(cycle);
  bool we_were_down = job->due_ms < started;
  if (we_were_down) down_ms = MAX(down_ms, started + MAX(h.grace_s, 60) * 1000);
  if (cycle->now_ms >= down_ms) return go_down(cycle, &h, S("was not heard from in time"), err);
  *out_verdict = JOB_AGAIN;
  job->due_ms = down_ms;
  cycle_publish(cycle, h.org_id, "heartbeat", h.id, 0);
  return db_run(cycle->db, &MOVED, err, db_int(h.id), db_text(S("late")), db_int(cycle->now_ms), db_int(h.due_ms));
}

const JobKind HEARTBEAT_JOBS[] = {
    {.name = "heartbeat.due", .lease_ms = 30000, .claim = due},
    {.name = NULL},
};

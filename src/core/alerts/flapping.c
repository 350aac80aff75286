/* Flapping. Changes are counted in a row beside the alert, which only changes of state touch. */
#include "core/alerts/flapping.h"

#include "core/alerts/quieting.h"
#include "lang/json.h"

enum { TIMES_MAX = 256 };

static const DbStmt LOAD = {"flap_load", "SELECT times, since, changes FROM alert_flap WHERE alert_id = $1", NULL};
static const DbStmt PUT = {"flap_put",
                           "INSERT INTO alert_flap (alert_id, org_id, times, since, changes) VALUES ($1,$2,$3,$4,$5) "
                           "ON CONFLICT (alert_id) DO "
                           "UPDATE SET times = excluded.times, since = excluded.since, changes = excluded.changes",
                           NULL};

typedef struct Flap {
  i64 times[TIMES_MAX];
  size_t count;
  i64 since_ms, changes;
} Flap;

typedef struct Windows {
  i64 count, window_ms, quiet_ms;
} Windows;

static Windows windows_of(Cycle *cycle, const Alert *a) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupIntegration *in = setup_integration(setup, a->integration_id);
  const SetupOrg *org = setup_org(setup, a->org_id);
  if (in) return (Windows){in->flap_count, in->flap_window_s * 1000, in->flap_quiet_s * 1000};
  if (!org) return (Windows){0};
  return (Windows){org->defaults.flap_count, org->defaults.flap_window_s * 1000, org->defaults.flap_quiet_s * 1000};
}

typedef struct Reading {
  Arena *arena;
  Flap *out;
} Reading;

static bool read_flap(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  Value times = value_null();
  Error ignored = {0};
  if (!json_parse(r->arena, db_row_text(row, 0, r->arena), NULL, &times, &ignored)) times = value_null();
  for (size_t i = 0; value_is(&times, VALUE_LIST) && i < times.size && r->out->count < TIMES_MAX; i++)
    r->out->times[r->out->count++] = value_int_or(value_at(&times, i), 0);
  r->out->since_ms = db_row_int(row, 1);
  r->out->changes = db_row_int(row, 2);
  return true;
}

static bool load(Cycle *cycle, i64 alert_id, Flap *out, Error *err) {
  Reading reading = {cycle->arena, out};
  bool found = false;
  *out = (Flap){0};
  return alert_id == 0 || db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(alert_id)), read_flap, &reading, &found, err);
}

static bool put(Cycle *cycle, const Alert *a, const Flap *flap, Error *err) {
  Buf text = buf_new(cycle->arena, KIB(16));
  for (size_t i = 0; i < flap->count; i++) buf_format(&text, "%s%lld", i ? "," : "[", (long long)flap->times[i]);
  buf_puts(&text, flap->count ? "]" : "[]");
  return db_run_later(cycle->db, &PUT, err, db_int(a->id), db_int(a->org_id), db_text(buf_str(&text)),
                      db_id(flap->since_ms), db_int(flap->changes));
}

static void count(Flap *flap, const Alert *a, const Windows *w, i64 now_ms) {
  size_t kept = 0;
  for (size_t i = 0; i < flap->count; i++)
    if (flap->times[i] > now_ms - MAX(w->window_ms, w->quiet_ms)) flap->times[kept++] = flap->times[i];
  flap->count = kept;
  for (i64 i = 0; i < a->flips; i++) {
    if (flap->count == TIMES_MAX) { /* the oldest goes */
      for (size_t k = 1; k < TIMES_MAX; k++) flap->times[k - 1] = flap->times[k];
      flap->count--;
    }
    flap->times[flap->count++] = now_ms;
  }
  flap->changes += flap->since_ms ? a->flips : 0;
}

static i64 within(const Flap *flap, i64 from_ms) {
  i64 n = 0;
  for (size_t i = 0; i < flap->count; i++) n += flap->times[i] > from_ms;
  return n;
}

/* Beginning ------------------------------------------------------------------------------------------------------- */

static bool has_ever_paged(Cycle *cycle, const Alert *a, bool *out, Error *err) {
  static const DbStmt PAGED = {"flap_paged",
                               "SELECT id FROM page WHERE alert_id IN ($1, $2) OR incident_id = $3 LIMIT 1", NULL};
  i64 id = 0;
  DbValue args[] = {db_int(a->id), db_int(a->previous_id), db_int(a->incident_id ? a->incident_id : -1)};
  return db_query_int(cycle->db, &PAGED, COUNT(args), args, &id, out, err);
}

typedef struct Users {
  i64 items[64];
  size_t count;
} Users;

static bool take_user(const DbRow *row, void *ctx) {
  Users *users = ctx;
  users->items[users->count++] = db_row_int(row, 0);
  return users->count < COUNT(users->items);
}

/* One notice to whoever was paged for it. */
static bool tell_paged(Cycle *cycle, const Alert *a, Error *err) {
  static const DbStmt PAGED = {
      "flap_users",
      "SELECT DISTINCT n.user_id FROM page AS p JOIN notification AS n ON n.page_id = p.id WHERE (p.alert_id = $1 OR "
      "p.incident_id = $2) AND n.purpose = 'page' ORDER BY n.user_id LIMIT 64",
      NULL};
  Users users = {0};
  DbValue args[] = {db_int(a->id), db_int(a->incident_id ? a->incident_id : -1)};
  if (!db_query(cycle->db, &PAGED, COUNT(args), args, take_user, &users, err)) return false;
  for (size_t i = 0; i < users.count; i++)
    if (!page_notice(cycle, users.items[i], a->id, a->incident_id, "flapping", err)) return false;
  return true;
}

static bool quiet_job(Cycle *cycle, const Alert *a, i64 due_ms, Error *err) {
  JobNew job = {.kind = "alert.flap_quiet", .org_id = a->org_id, .subject_id = a->id, .due_ms = due_ms};
  return job_cancel(cycle, job.kind, a->id, err) && job_add(cycle, &job, err);
}

static bool begin(Cycle *cycle, const Alert *a, Flap *flap, const Windows *w, Error *err) {
  flap->since_ms = cycle->now_ms;
  flap->changes = within(flap, cycle->now_ms - w->window_ms);
  Str data = str_format(cycle->arena, "{\"changes\":%lld,\"within_s\":%lld}", (long long)flap->changes,
                        (long long)w->window_ms / 1000);
  return alert_timeline(cycle, a, "flapping", &WHO_SYSTEM, data, err) && tell_paged(cycle, a, err) &&
         quiet_job(cycle, a, cycle->now_ms + w->quiet_ms, err);
}

bool flapping_decide(Cycle *cycle, Alert *a, Error *err) {
  Windows w = windows_of(cycle, a);
  Flap *flap = ARENA_NEW(cycle->arena, Flap);
  bool paged = false;
  if (a->flips == 0 || w.count <= 0) return true;
  if (!load(cycle, a->is_new ? a->previous_id : a->id, flap, err)) return false;
  count(flap, a, &w, cycle->now_ms);
  bool starts = flap->since_ms == 0 && within(flap, cycle->now_ms - w.window_ms) >= w.count;
  if (starts && !has_ever_paged(cycle, a, &paged, err)) return false;
  if (starts && paged && !begin(cycle, a, flap, &w, err)) return false;
  if (!put(cycle, a, flap, err)) return false;
  if (flap->since_ms && a->status == ALERT_TRIGGERED)
    hold_add(a, (Hold){.reason = "flapping", .since_ms = flap->since_ms});
  return true;
}

/* Ending ---------------------------------------------------------------------------------------------------------- */

static bool end(Cycle *cycle, Alert *a, Flap *flap, Error *err) {
  Str data = str_format(cycle->arena, "{\"changes\":%lld}", (long long)flap->changes);
  *flap = (Flap){0};
  if (!put(cycle, a, flap, err) || !alert_timeline(cycle, a, "flapping_ended", &WHO_SYSTEM, data, err)) return false;
  if (!hold_remove(a, "flapping", 0)) return true;
  a->page_start++;
  return alert_released(cycle, a, NULL, err);
}

/* It looks when it could be over, and later when something happened since. */
static bool quiet_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  Flap *flap = ARENA_NEW(cycle->arena, Flap);
  bool found = false;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!alert_load(cycle->db, cycle->arena, job->subject_id, a, &found, err)) return false;
  if (!found || !load(cycle, a->id, flap, err)) return !found;
  if (flap->since_ms == 0) return true;
  Windows w = windows_of(cycle, a);
  i64 quiet_at = (flap->count ? flap->times[flap->count - 1] : flap->since_ms) + w.quiet_ms;
  if (w.count > 0 && quiet_at > cycle->now_ms) return *out_verdict = JOB_AGAIN, job->due_ms = quiet_at, true;
  return end(cycle, a, flap, err);
}

const JobKind FLAPPING_JOBS[] = {
    {.name = "alert.flap_quiet", .lease_ms = 30000, .claim = quiet_due},
    {.name = NULL},
};

/* Incidents: opening, counting their alerts, severity, and the status machine with what each step brings about. */
#include "core/incidents/internal.h"

#include "core/alerts/alerts.h"
#include "core/paging/paging.h"
#include "lang/json.h"

/* The machine ----------------------------------------------------------------------------------------------------- */

static const char *const STATUS_NAMES[INCIDENT_STATUS_COUNT] = {"new", "investigating", "fixing", "monitoring",
                                                                "closed"};

/* Any forward step; back to work from monitoring; from closed only a reopening, to investigating. Rows: from. */
static const bool MOVES[INCIDENT_STATUS_COUNT][INCIDENT_STATUS_COUNT] = {
    /*                  new    invest fixing monitor closed */
    [INCIDENT_NEW] = {false, true, true, true, true},       [INCIDENT_INVESTIGATING] = {false, false, true, true, true},
    [INCIDENT_FIXING] = {false, true, false, true, true},   [INCIDENT_MONITORING] = {false, true, true, false, true},
    [INCIDENT_CLOSED] = {false, true, false, false, false},
};

const char *incident_status_name(IncidentStatus status) {
  return STATUS_NAMES[status];
}

bool incident_status_parse(Str text, IncidentStatus *out) {
  for (int i = 0; i < INCIDENT_STATUS_COUNT; i++)
    if (str_equal_c(text, STATUS_NAMES[i])) return *out = (IncidentStatus)i, true;
  return false;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static const DbStmt INCIDENT_LOAD = {
    "incident_load",
    "SELECT id, org_id, number, version, title, status, severity, episode, page_start, team_id, policy_id, rule_id, "
    "commander_id, alert_count, open_alert_count, auto_resolve, private, auto_resolve_after_s, service_ids, "
    "acknowledged_at, "
    "resolved_at, closed_at, created_at FROM incident WHERE id = $1",
    NULL};
static const DbStmt INCIDENT_INSERT = {
    "incident_insert",
    "INSERT INTO incident (id, org_id, number, title, summary, status, severity, kind, type_id, service_ids, "
    "commander_id, "
    "reporter_id, roles, fields, private, team_id, policy_id, rule_id, auto_resolve, auto_resolve_after_s, episode, "
    "page_start, alert_count, open_alert_count, impact_started_at, detected_at, declared_at, created_at, updated_at, "
    "version) "
    "VALUES ($1,$2,$3,$4,$5,'new',$6,$7,$8,$9,$10,$11,$20,$12,$13,$14,$15,$16,$17,$18,1,1,0,0,$21,$22,$19,$19,$19,1)",
    NULL};
static const DbStmt INCIDENT_NUMBER = {
    "incident_number",
    "INSERT INTO counter (org_id, name, value) VALUES ($1, 'incident', 1) "
    "ON CONFLICT (org_id, name) DO UPDATE SET value = counter.value + 1 RETURNING value",
    NULL};
static const DbStmt INCIDENT_COUNTS = {
    "incident_counts",
    "UPDATE incident SET alert_count = alert_count + $2, open_alert_count = open_alert_count + $3, updated_at = $4, "
    "version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt INCIDENT_SEVERITY = {"incident_severity",
                                         "UPDATE incident SET severity = $2, page_start = page_start + $3, updated_at "
                                         "= $4, version = version + 1 WHERE id = $1",
                                         NULL};
static const DbStmt INCIDENT_STATUS = {
    "incident_status",
    "UPDATE incident SET status = $2, episode = $3, acknowledged_at = $4, acknowledged_by = COALESCE(acknowledged_by, "
    "$5), "
    "mitigated_at = COALESCE(mitigated_at, $6), resolved_at = $7, closed_at = $8, page_start = $9, updated_at = $10, "
    "version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt RELATION_ADD = {
    "relation_add",
    "INSERT INTO relation (org_id, kind, from_kind, from_id, to_kind, to_id, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7) "
    "ON CONFLICT (from_id, kind, to_id) DO NOTHING",
    NULL};

typedef struct Reading {
  Arena *arena;
  Incident *out;
} Reading;

static bool read_incident(const DbRow *row, void *ctx) {
  Reading *reading = ctx;
  Incident *i = reading->out;
  *i = (Incident){.id = db_row_int(row, 0),
                  .org_id = db_row_int(row, 1),
                  .number = db_row_int(row, 2),
                  .version = db_row_int(row, 3),
                  .title = db_row_text(row, 4, reading->arena),
                  .severity = db_row_int(row, 6),
                  .episode = db_row_int(row, 7),
                  .page_start = db_row_int(row, 8),
                  .team_id = db_row_int(row, 9),
                  .policy_id = db_row_int(row, 10),
                  .rule_id = db_row_int(row, 11),
                  .commander_id = db_row_int(row, 12),
                  .alert_count = db_row_int(row, 13),
                  .open_alert_count = db_row_int(row, 14),
                  .auto_resolve = db_row_int(row, 15) != 0,
                  .private_ = db_row_int(row, 16) != 0,
                  .auto_resolve_after_s = db_row_int(row, 17),
                  .acknowledged_ms = db_row_int(row, 19),
                  .resolved_ms = db_row_int(row, 20),
                  .closed_ms = db_row_int(row, 21),
                  .created_ms = db_row_int(row, 22)};
  Error ignored = {0};
  if (!incident_status_parse(db_row_peek(row, 5), &i->status)) i->status = INCIDENT_NEW;
  if (!json_parse(reading->arena, db_row_text(row, 18, reading->arena), NULL, &i->service_ids, &ignored))
    i->service_ids = value_null();
  return true;
}

bool incident_load(Cycle *cycle, i64 id, Incident *out, bool *out_found, Error *err) {
  Reading reading = {.arena = cycle->arena, .out = out};
  return db_query_one(cycle->db, &INCIDENT_LOAD, DB_ARGS(db_int(id)), read_incident, &reading, out_found, err);
}

bool incident_must_load(Cycle *cycle, i64 id, Incident *out, Error *err) {
  bool found = false;
  if (!incident_load(cycle, id, out, &found, err)) return false;
  return found || fail(err, ERR_NOT_FOUND, "there is no such incident");
}

bool incident_tell(Cycle *cycle, const Incident *incident, const char *kind, const Who *who, Str data, bool key_event,
                   Error *err) {
  TimelineEntry entry = {.org_id = incident->org_id,
                         .subject_kind = "incident",
                         .subject_id = incident->id,
                         .kind = kind,
                         .who = who,
                         .data = data,
                         .key_event = key_event};
  cycle_publish(cycle, incident->org_id, "incident", incident->id, incident->version + 1);
  return timeline_add(cycle, &entry, err);
}

/* Opening --------------------------------------------------------------------------------------------------------- */

static Str service_list(Arena *arena, const IncidentOpen *open) {
  ValueVec ids = {0};
  Str own = open->service_id ? id_text(arena, "svc", open->service_id) : STR_NONE;
  if (own.len) *VEC_PUSH(arena, &ids) = value_string(own);
  for (size_t i = 0; value_is(&open->service_ids, VALUE_LIST) && i < open->service_ids.size; i++)
    if (!str_equal(value_text_or(value_at(&open->service_ids, i), STR_NONE), own))
      *VEC_PUSH(arena, &ids) = *value_at(&open->service_ids, i);
  Value list = list_done(&ids);
  return json_text(arena, &list);
}

static bool insert(Cycle *cycle, const IncidentOpen *open, i64 id, i64 number, Error *err) {
  Str fields = open->fields.kind == VALUE_MAP ? json_text(cycle->arena, &open->fields) : S("{}");
  Str roles = open->roles.kind == VALUE_MAP ? json_text(cycle->arena, &open->roles) : S("{}");
  i64 after = open->auto_resolve_after_s >= 0 && open->auto_resolve ? open->auto_resolve_after_s : 300;
  return db_run(cycle->db, &INCIDENT_INSERT, err, db_int(id), db_int(open->org_id), db_int(number),
                db_text(open->title), open->summary.len ? db_text(open->summary) : db_null(), db_int(open->severity),
                db_text(str_from_c(open->kind ? open->kind : "normal")), db_id(open->type_id),
                db_text(service_list(cycle->arena, open)), db_id(open->commander_id), db_id(open->reporter_id),
                db_text(fields), db_int(open->private_), db_id(open->team_id), db_id(open->policy_id),
                db_id(open->rule_id), db_int(open->auto_resolve), db_int(after), db_int(cycle->now_ms), db_text(roles),
                db_int(open->impact_started_ms ? open->impact_started_ms : cycle->now_ms),
                db_int(open->detected_ms ? open->detected_ms : cycle->now_ms));
}

bool incident_relate(Cycle *cycle, i64 org_id, const char *kind, const char *from_kind, i64 from, const char *to_kind,
                     i64 to, Error *err) {
  return db_run(cycle->db, &RELATION_ADD, err, db_int(org_id), db_text(str_from_c(kind)),
                db_text(str_from_c(from_kind)), db_int(from), db_text(str_from_c(to_kind)), db_int(to),
                db_int(cycle->now_ms));
}

bool incident_open(Cycle *cycle, const IncidentOpen *open, Incident *out, Error *err) {
  i64 number = 0, id = id_next(cycle->ids);
  bool found = false;
  if (!db_query_int(cycle->db, &INCIDENT_NUMBER, DB_ARGS(db_int(open->org_id)), &number, &found, err)) return false;
  if (!insert(cycle, open, id, number, err) || !incident_must_load(cycle, id, out, err)) return false;
  Buf data = buf_new(cycle->arena, KIB(8));
  buf_puts(&data, "{\"title\":");
  json_write_string(&data, open->title);
  buf_format(&data, ",\"severity\":%lld}", (long long)open->severity);
  if (!incident_tell(cycle, out, "declared", open->who, buf_str(&data), true, err)) return false;
  return open->follows_incident_id == 0 ||
         incident_relate(cycle, open->org_id, "follows", "incident", id, "incident", open->follows_incident_id, err);
}

/* Alerts ---------------------------------------------------------------------------------------------------------- */

static bool plan_auto_resolve(Cycle *cycle, const Incident *incident, Error *err) {
  if (!incident->auto_resolve || incident->status == INCIDENT_CLOSED) return true;
  JobNew job = {.kind = "incident.auto_resolve",
                .org_id = incident->org_id,
                .subject_id = incident->id,
                .due_ms = cycle->now_ms + incident->auto_resolve_after_s * 1000};
  return job_cancel(cycle, "incident.auto_resolve", incident->id, err) && job_add(cycle, &job, err);
}

static Str alert_words(Arena *arena, i64 number, Str title) {
  Buf data = buf_new(arena, KIB(8));
  buf_format(&data, "{\"alert\":\"ALERT-%lld\",\"title\":", (long long)number);
  json_write_string(&data, title);
  buf_putc(&data, '}');
  return buf_str(&data);
}

bool incident_alerts_changed(Cycle *cycle, i64 incident_id, i64 alert_delta, i64 open_delta, const Who *who,
                             Str alert_title, i64 alert_number, Error *err) {
  Incident incident = {0};
  if (!db_run(cycle->db, &INCIDENT_COUNTS, err, db_int(incident_id), db_int(alert_delta), db_int(open_delta),
              db_int(cycle->now_ms)) ||
      !incident_must_load(cycle, incident_id, &incident, err))
    return false;
  Str data = alert_words(cycle->arena, alert_number, alert_title);
  if (open_delta > 0 && !job_cancel(cycle, "incident.auto_resolve", incident_id, err)) return false;
  if (alert_delta > 0) return incident_tell(cycle, &incident, "alert_joined", who, data, false, err);
  if (open_delta > 0) return incident_tell(cycle, &incident, "alert_reopened", who, data, false, err);
  if (incident.open_alert_count > 0) return incident_tell(cycle, &incident, "alert_resolved", who, data, false, err);
  return incident_tell(cycle, &incident, "last_alert_resolved", who, data, true, err) &&
         plan_auto_resolve(cycle, &incident, err);
}

/* Does a page of this episode still run? Then it is updated; else the next start makes a second one. */
static bool page_is_running(Cycle *cycle, const Incident *incident, bool *out, Error *err) {
  static const DbStmt RUNNING = {"incident_page_running",
                                 "SELECT id FROM page WHERE incident_id = $1 AND status = 'active' LIMIT 1", NULL};
  i64 id = 0;
  return db_query_int(cycle->db, &RUNNING, DB_ARGS(db_int(incident->id)), &id, out, err);
}

bool incident_raise_severity(Cycle *cycle, i64 incident_id, i64 severity, const Who *who, bool *out_raised,
                             Error *err) {
  Incident incident = {0};
  bool running = false;
  *out_raised = false;
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  if (severity >= incident.severity || severity < 0) return true;
  if (!page_is_running(cycle, &incident, &running, err)) return false;
  *out_raised = true;
  Str data = str_format(cycle->arena, "{\"from\":%lld,\"to\":%lld}", (long long)incident.severity, (long long)severity);
  if (!db_run(cycle->db, &INCIDENT_SEVERITY, err, db_int(incident_id), db_int(severity), db_int(running ? 0 : 1),
              db_int(cycle->now_ms)) ||
      !incident_tell(cycle, &incident, "severity", who, data, true, err))
    return false;
  Str title = str_format(cycle->arena, "INC-%lld %.*s", (long long)incident.number, STR_ARG(incident.title));
  return !running || page_update(cycle, incident_id, title, severity, severity <= 2, err);
}

/* Verbs ----------------------------------------------------------------------------------------------------------- */

static bool write_status(Cycle *cycle, const Incident *before, const Incident *after, const Who *who, Error *err) {
  bool mitigated = after->status == INCIDENT_MONITORING && before->status != INCIDENT_MONITORING;
  bool acked = after->acknowledged_ms && !before->acknowledged_ms;
  return db_run(cycle->db, &INCIDENT_STATUS, err, db_int(after->id),
                db_text(str_from_c(incident_status_name(after->status))), db_int(after->episode),
                db_id(after->acknowledged_ms), acked ? db_text(who_json(cycle->arena, who)) : db_null(),
                mitigated ? db_int(cycle->now_ms) : db_null(), db_id(after->resolved_ms), db_id(after->closed_ms),
                db_int(after->page_start), db_int(cycle->now_ms));
}

static bool move(Cycle *cycle, Incident *incident, IncidentStatus to, const Who *who, Error *err) {
  Incident before = *incident;
  if (incident->status == to) return true;
  if (!MOVES[incident->status][to])
    return fail(err, ERR_CONFLICT, "INC-%lld is %s: it cannot become %s%s", (long long)incident->number,
                incident_status_name(incident->status), incident_status_name(to),
                incident->status == INCIDENT_CLOSED ? "; reopen it first" : "");
  incident->status = to;
  if (to == INCIDENT_CLOSED) {
    incident->closed_ms = cycle->now_ms;
    if (!incident->resolved_ms) incident->resolved_ms = cycle->now_ms;
  }
  Str data = timeline_change(cycle->arena, str_from_c(incident_status_name(before.status)),
                             str_from_c(incident_status_name(to)));
  return write_status(cycle, &before, incident, who, err) &&
         incident_tell(cycle, incident, "status", who, data, true, err);
}

bool incident_set_status(Cycle *cycle, i64 incident_id, IncidentStatus to, const Who *who, Error *err) {
  Incident incident = {0};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  if (to == INCIDENT_CLOSED) return incident_close(cycle, incident_id, who, err);
  if (incident.status == INCIDENT_CLOSED && to == INCIDENT_INVESTIGATING)
    return incident_reopen(cycle, incident_id, who, err);
  if (incident.resolved_ms && incident.status == INCIDENT_MONITORING && to < INCIDENT_MONITORING && to > INCIDENT_NEW)
    return incident_reopen(cycle, incident_id, who, err) && incident_must_load(cycle, incident_id, &incident, err) &&
           move(cycle, &incident, to, who, err);
  return move(cycle, &incident, to, who, err);
}

bool incident_acknowledge(Cycle *cycle, i64 incident_id, const Who *who, Error *err) {
  Incident incident = {0};
  i64 changed = 0;
  AlertAct act = {.verb = ALERT_VERB_ACKNOWLEDGE, .who = who, .keep_pages = true};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  if (incident.status == INCIDENT_CLOSED)
    return fail(err, ERR_CONFLICT, "INC-%lld is closed; reopen it first", (long long)incident.number);
  if (!alerts_of_incident_act(cycle, incident_id, &act, &changed, err) ||
      !page_end(cycle, incident_id, PAGE_END_ACKNOWLEDGED, NULL, who, err) ||
      !incident_must_load(cycle, incident_id, &incident, err))
    return false;
  bool first = incident.acknowledged_ms == 0;
  Incident before = incident;
  if (first) incident.acknowledged_ms = cycle->now_ms;
  if (first && !(write_status(cycle, &before, &incident, who, err) &&
                 incident_tell(cycle, &incident, "acknowledged", who, STR_NONE, true, err)))
    return false;
  return incident.status != INCIDENT_NEW || move(cycle, &incident, INCIDENT_INVESTIGATING, who, err);
}

bool incident_resolve(Cycle *cycle, i64 incident_id, const Who *who, Str reason, Error *err) {
  Incident incident = {0};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  if (incident.resolved_ms) return true;
  Incident before = incident;
  incident.resolved_ms = cycle->now_ms;
  const char *why = reason.len ? str_to_c(cycle->arena, reason) : NULL;
  Buf data = buf_new(cycle->arena, KIB(4));
  buf_puts(&data, "{\"reason\":");
  if (reason.len)
    json_write_string(&data, reason);
  else
    buf_puts(&data, "null");
  buf_putc(&data, '}');
  if (!write_status(cycle, &before, &incident, who, err) ||
      !incident_tell(cycle, &incident, "resolved", who, buf_str(&data), true, err) ||
      !page_end(cycle, incident_id, PAGE_END_RESOLVED, why, who, err))
    return false;
  return incident.status >= INCIDENT_MONITORING || move(cycle, &incident, INCIDENT_MONITORING, who, err);
}

bool incident_close(Cycle *cycle, i64 incident_id, const Who *who, Error *err) {
  Incident incident = {0};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  return page_end(cycle, incident_id, PAGE_END_RESOLVED, "closed", who, err) &&
         move(cycle, &incident, INCIDENT_CLOSED, who, err);
}

bool incident_reopen(Cycle *cycle, i64 incident_id, const Who *who, Error *err) {
  Incident incident = {0};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  if (incident.status != INCIDENT_CLOSED && !incident.resolved_ms)
    return fail(err, ERR_CONFLICT, "INC-%lld is open (%s): there is nothing to reopen", (long long)incident.number,
                incident_status_name(incident.status));
  Incident before = incident;
  incident.episode++;
  incident.page_start = 1;
  incident.resolved_ms = incident.closed_ms = 0;
  incident.status = INCIDENT_INVESTIGATING;
  Str data = timeline_change(cycle->arena, str_from_c(incident_status_name(before.status)), S("investigating"));
  return write_status(cycle, &before, &incident, who, err) &&
         incident_tell(cycle, &incident, "reopened", who, data, true, err);
}

/* Jobs ------------------------------------------------------------------------------------------------------------ */

static bool auto_resolve(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Incident incident = {0};
  bool found = false;
  if (!incident_load(cycle, job->subject_id, &incident, &found, err)) return false;
  if (!found || !incident.auto_resolve || incident.open_alert_count > 0 || incident.resolved_ms) return true;
  return incident_resolve(cycle, incident.id, &WHO_SYSTEM, S("all alerts resolved"), err);
}

const JobKind INCIDENT_JOBS[] = {
    {.name = "incident.auto_resolve", .lease_ms = 30000, .claim = auto_resolve},
    {.name = NULL},
};

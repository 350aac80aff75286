/* Alerts: the deduplicated problem. The stages of apply (stage_*.c, order in apply.c), the state machine
 * (alert_state.c) and people's verbs. What an alert means is the T-lines of the alert rules; how it is written is the
 * cycle's business. */
#ifndef TOCSIN_CORE_ALERTS_H
#define TOCSIN_CORE_ALERTS_H

#include "core/app.h"
#include "core/setup/setup.h"

typedef enum AlertStatus {
  ALERT_TRIGGERED,
  ALERT_ACKNOWLEDGED,
  ALERT_RESOLVED,
  ALERT_DISMISSED,
  ALERT_STATUS_COUNT
} AlertStatus;
const char *alert_status_name(AlertStatus status);
MUST_CHECK bool alert_status_parse(Str text, AlertStatus *out);

/* EngineHooks of the alert path. */
bool alerts_apply(Cycle *cycle, Arrival **arrivals, size_t count, Error *err);
Str alerts_encode(Arena *arena, const Arrival *arrival);
bool alerts_decode(Arrival *arrival, Str text, Error *err);
bool alerts_parked(Cycle *cycle, Arrival *arrival, const Error *why, Error *err);

/* What an integration's requests came to (source_log.c): written once a round, read for its resource. */
bool sources_appended(Cycle *cycle, const Arrival *first, Error *err);
MUST_CHECK bool source_parked(Cycle *cycle, const Arrival *arrival, Error *err);
void source_facts(Db *db, Arena *arena, i64 integration_id, MapBuilder *out);

/* rule_hits.c: `hits` and `last_hit_at` of a rule; a rule that is gone. */
void rule_hits_facts(Db *db, Arena *arena, i64 rule_id, MapBuilder *out);
MUST_CHECK bool rule_hits_forget(Db *db, i64 org_id, i64 rule_id, Error *err);

/* People's verbs on one alert, inside a cycle. A verb that changes nothing is ok (out_changed false). */
typedef enum AlertVerb {
  ALERT_VERB_ACKNOWLEDGE,
  ALERT_VERB_UNACKNOWLEDGE,
  ALERT_VERB_RESOLVE,
  ALERT_VERB_DISMISS,
  ALERT_VERB_REOPEN,
  ALERT_VERB_SNOOZE,
  ALERT_VERB_ESCALATE,
  ALERT_VERB_COUNT
} AlertVerb;
typedef struct AlertAct {
  AlertVerb verb;
  const Who *who;
  Str reason;      /* resolve: "timeout", "auto", ...; empty: none */
  i64 until_ms;    /* snooze */
  i64 user_id;     /* snooze: for this person alone; 0: for all */
  bool keep_pages; /* the caller ends the page itself (an incident's acknowledgement) */
} AlertAct;
MUST_CHECK bool alert_act(Cycle *cycle, i64 alert_id, const AlertAct *act, bool *out_changed, Error *err);
/* The same for every triggered (acknowledge) or open (resolve, dismiss) alert of an incident. */
MUST_CHECK bool alerts_of_incident_act(Cycle *cycle, i64 incident_id, const AlertAct *act, i64 *out_changed,
                                       Error *err);
/* Makes it somebody's task (0: nobody's); they are told. Paging goes on until somebody acknowledges. */
MUST_CHECK bool alert_assign(Cycle *cycle, i64 alert_id, i64 user_id, Str note, const Who *who, Error *err);
MUST_CHECK bool alert_note(Cycle *cycle, i64 alert_id, Str text, const Who *who, Error *err);

/* A rule was edited, disabled or deleted: what it held is decided again soon, by the picture of then (a job, in
 * slices).
 */
MUST_CHECK bool alerts_held_by_rule(Cycle *cycle, i64 org_id, i64 rule_id, Error *err);

/* Opens (or repeats) an alert of our own: source "tocsin" or "manual". Returns its id. */
typedef struct AlertOwn {
  i64 org_id, integration_id;                 /* 0: none */
  Str dedup_key, title, description, service; /* a service's name or slug; empty: none */
  i32 priority;
  bool resolve; /* instead: resolves it */
  bool no_page; /* rules and the default chain are not asked: the caller pages */
} AlertOwn;
MUST_CHECK bool alert_own(Cycle *cycle, const AlertOwn *own, i64 *out_id, Error *err);

/* POST /alert-rules/preview: the Plan, unwritten, as JSON. `events` as normalised. */
MUST_CHECK bool alerts_preview(Db *db, Arena *arena, App *app, const Setup *setup, const SetupIntegration *integration,
                               struct Event *events, size_t count, i64 now_ms, Value *out, Error *err);
/* GET /alerts/{id}/explanation: the last 10 runs, newest first. */
MUST_CHECK bool alert_explanations(Db *db, Arena *arena, i64 alert_id, Value *out, Error *err);

/* Checks rule JSON when it is saved (when, conditions, actions' CEL and templates). */
MUST_CHECK bool alert_rule_check(const App *app, const Value *rule, Error *err);

/* Which seconds have a job that looks at deadlines. */
DeadlineSeconds *deadline_seconds_new(void);
void deadline_seconds_free(DeadlineSeconds *known);

/* Job kinds: alert.hold_end, alert.deadlines, alert.rule_changed. */
extern const JobKind ALERT_JOBS[];

#endif

/* Incidents: the response to something that is broken. Status is a machine (table in incident_status.c): new,
 * investigating, fixing, monitoring, closed; any forward step, reopen from closed to investigating. Severity 0 (worst)
 * .. 4. All functions run inside a cycle's transaction. */
#ifndef TOCSIN_CORE_INCIDENTS_H
#define TOCSIN_CORE_INCIDENTS_H

#include "core/app.h"
#include "core/incidents/timeline.h"

typedef enum IncidentStatus {
  INCIDENT_NEW,
  INCIDENT_INVESTIGATING,
  INCIDENT_FIXING,
  INCIDENT_MONITORING,
  INCIDENT_CLOSED,
  INCIDENT_STATUS_COUNT
} IncidentStatus;
const char *incident_status_name(IncidentStatus status);
MUST_CHECK bool incident_status_parse(Str text, IncidentStatus *out);

typedef struct Incident {
  i64 id, org_id, number, version;
  Str title;
  IncidentStatus status;
  i64 severity, episode, page_start;
  i64 team_id, policy_id, rule_id, commander_id;
  i64 alert_count, open_alert_count;
  bool auto_resolve, private_;
  i64 auto_resolve_after_s;
  Value service_ids; /* list of typed ids */
  i64 acknowledged_ms, resolved_ms, closed_ms, created_ms;
} Incident;

typedef struct IncidentOpen {
  i64 org_id;
  Str title, summary;
  i64 severity;     /* 0..4 */
  const char *kind; /* "normal", "drill", "test", "backfilled" */
  i64 service_id, team_id, policy_id, rule_id, reporter_id, commander_id, type_id; /* 0: none */
  bool private_;
  bool auto_resolve;
  i64 auto_resolve_after_s;           /* with auto_resolve; else 300 */
  i64 follows_incident_id;            /* 0: none; writes relation `follows` */
  Value fields, roles;                /* null: {} */
  i64 impact_started_ms, detected_ms; /* 0: now */
  Value service_ids;                  /* further ones */
  const Who *who;
} IncidentOpen;

/* Writes the row, its number, its first timeline entry, publishes. *out_id in the end. */
MUST_CHECK bool incident_open(Cycle *cycle, const IncidentOpen *open, Incident *out, Error *err);
MUST_CHECK bool incident_load(Cycle *cycle, i64 id, Incident *out, bool *out_found, Error *err);

/* An alert joined (new, or a reopened one came back), changed its openness, or raised its severity. Counts are kept
 * here: alert_delta is +1 for a joiner, open_delta +1/-1. Writes timeline entries ("alert joined", "last alert
 * resolved"), and the auto_resolve job when nothing is open any more and the rule asked for it. */
MUST_CHECK bool incident_alerts_changed(Cycle *cycle, i64 incident_id, i64 alert_delta, i64 open_delta, const Who *who,
                                        Str alert_title, i64 alert_number, Error *err);
/* Only ever raises (lower number). Timeline entry. */
MUST_CHECK bool incident_raise_severity(Cycle *cycle, i64 incident_id, i64 severity, const Who *who, bool *out_raised,
                                        Error *err);

/* People's verbs. Idempotent where SURFACE says so. `acknowledge` also acknowledges its triggered alerts and ends its
 * pages. */
MUST_CHECK bool incident_acknowledge(Cycle *cycle, i64 incident_id, const Who *who, Error *err);
MUST_CHECK bool incident_set_status(Cycle *cycle, i64 incident_id, IncidentStatus to, const Who *who, Error *err);
MUST_CHECK bool incident_resolve(Cycle *cycle, i64 incident_id, const Who *who, Str reason, Error *err);
MUST_CHECK bool incident_close(Cycle *cycle, i64 incident_id, const Who *who, Error *err);
MUST_CHECK bool incident_reopen(Cycle *cycle, i64 incident_id, const Who *who, Error *err);

/* People changed fields of it: an entry each, and the page that runs hears of title and severity. before, after: rows.
 */
MUST_CHECK bool incident_edited(Cycle *cycle, i64 incident_id, const Value *before, const Value *after, const Who *who,
                                Error *err);
/* The roles that a declaration named, on the timeline. */
MUST_CHECK bool incident_first_roles(Cycle *cycle, i64 incident_id, const Value *declared, const Who *who, Error *err);
/* Pages a policy; 0: the default chain of the incident, else the organization's owners. */
MUST_CHECK bool incident_page(Cycle *cycle, const Incident *incident, i64 policy_id, Str why, i64 *out_page_id,
                              Error *err);
/* Into another one: see incident_merge.c. */
MUST_CHECK bool incident_merge(Cycle *cycle, i64 from_id, i64 into_id, const Who *who, Error *err);
MUST_CHECK bool incident_join(Cycle *cycle, i64 incident_id, i64 user_id, const Who *who, Error *err);
MUST_CHECK bool incident_leave(Cycle *cycle, i64 incident_id, i64 user_id, const Who *who, Error *err);
/* kind: one of INCIDENT_RELATIONS; the kinds of its ends: "incident", "alert", "change". Twice is once. */
MUST_CHECK bool incident_relate(Cycle *cycle, i64 org_id, const char *kind, const char *from_kind, i64 from,
                                const char *to_kind, i64 to, Error *err);

/* Job kinds: "incident.auto_resolve". */
extern const JobKind INCIDENT_JOBS[];

#endif

/* The batch: what the stages of apply hand to each other. Loaded from the database, decided in memory, then written.
 * The Plan of one alert is what the rules decided; preview stops there. */
#ifndef TOCSIN_CORE_ALERTS_BATCH_H
#define TOCSIN_CORE_ALERTS_BATCH_H

#include "core/alerts/rule.h"
#include "core/incidents/incidents.h"
#include "core/paging/paging.h"

typedef struct Hold {
  const char *reason; /* silence, maintenance, inhibition, flapping, pause, quiet, suppressed, snooze */
  i64 id;             /* the rule's, silence's ...; 0 none */
  i64 until_ms;       /* 0: open end */
  i64 since_ms;       /* 0: not known */
} Hold;

enum { HOLDS_MAX = 24, PAGES_MAX = 8, OCCURRENCES_HALF = 500, EXPLANATIONS_KEPT = 10 };

/* A row of `alert`, as it is while the batch decides. */
typedef struct Alert {
  i64 id, org_id, number, integration_id, space;
  Str dedup_key, title, description;
  AlertStatus status;
  i32 priority; /* 0: none */
  Str source_priority;
  i64 service_id, team_id, policy_id;
  Str source;
  Value labels, links, images;
  i64 count, starts_ms, ends_ms, first_seen_ms, last_seen_ms, status_changed_ms;
  i64 acknowledged_ms, resolved_ms, snoozed_until_ms;
  Str acknowledged_by, resolved_by; /* JSON */
  i64 episode, page_start;
  Hold holds[HOLDS_MAX];
  size_t hold_count;
  bool unrouted, truncated;
  i64 previous_id, incident_id, deadline_ms, skew_ms;
  Value threshold; /* {rule id text: [receive times]} */
  i64 source_hash, source_rank, explanations, occurrences, version, created_ms;
  /* of a new one: what is written with its row and never again */
  i64 first_request_id, first_element,
      first_occurred_ms; /* its first occurrence; request 0: that has a row of its own */
  Str first_explanation; /* packed */
  /* of this batch */
  bool is_new, touched, row_changed; /* touched: count or last_seen; row_changed: anything indexed or shown */
  bool run_rules, raised, reopened, resolved_now, acked_now, status_by_source;
  bool tell_acker;
  AlertStatus status_before; /* as stored when it was loaded */
  i64 deadline_before;
  const char *quieted; /* the hold that began in this run and cancels running pages; NULL: none */
  bool let_go;         /* a hold ended: its incident's page, if that was cancelled, begins again */
  i64 flips;           /* changes between triggered and resolved by its source in this batch */
  struct Plan *plan;   /* of this batch; NULL: no rule is asked */
  PageGather *gather;  /* what is released with it; NULL: nothing */
  const char *why;     /* "new", "reopened", "raised", "changed", "released" */
} Alert;

/* A row of alert_key. */
typedef struct Key {
  i64 org_id, space;
  Str key;
  bool stored, changed;
  i64 alert_id;
  i64 resolve_t, resolve_ms; /* last source resolve: its own time, its receive time; 0 none */
  i64 fire_t;                /* of the first fire of the present episode */
  Alert *alert;              /* the current alert; NULL when there is none */
  bool looked_up;
} Key;

typedef struct Item {
  Arrival *arrival;
  Event *event;
  const SetupIntegration *integration;
  Key *key;
  Alert *alert; /* that it was applied to; NULL when it created nothing */
  bool late;
} Item;

/* What the rules and the default chain want for one alert. */
typedef struct WantedPage {
  i64 policy_id;
  Str why;
} WantedPage;

typedef struct RuleTrace {
  const Rule *rule;
  RuleResult result;
  const char *skipped; /* "disabled", "other integration", "after stop"; NULL: it was asked */
  Str done;            /* what its actions did, in words */
} RuleTrace;

typedef struct Plan {
  const RuleAction *incident; /* the first create_incident */
  const Rule *incident_rule;
  WantedPage pages[PAGES_MAX];
  size_t page_count;
  bool suppressed, unrouted, owners;
  i64 pause_ms; /* pages wait until then; 0: no pause */
  i64 pause_rule_id;
  RuleTrace *traces;
  size_t trace_count;
  i64 snooze_ms;
  /* filled when written */
  i64 incident_id, page_ids[PAGES_MAX];
  Str outcome; /* one sentence: what came of it */
} Plan;

/* How often a rule matched in this batch. */
typedef struct RuleHits {
  i64 rule_id, org_id, count;
} RuleHits;

typedef struct Batch {
  Cycle *cycle;
  Arena *arena;
  const Setup *setup;
  i64 now_ms;
  Map *keys; /* "org/space/key" -> Key */
  VEC(Item) items;
  VEC(Alert *) alerts;                     /* touched in this batch, in order of first touch */
  i64 number_next, number_end, number_org; /* a block of alert numbers: next, one past the last, whose */
  size_t numbers_left;                     /* items that may still want one */
  VEC(RuleHits) hits;
} Batch;

/* rule_hits.c: notes which rules matched; writes that down, once a batch. */
void rule_hits_count(Batch *batch, const Alert *alert, const Plan *plan);
MUST_CHECK bool rule_hits_write(Batch *batch, Error *err);

/* alert_row.c */
MUST_CHECK bool alert_load(Db *db, Arena *arena, i64 id, Alert *out, bool *out_found, Error *err);
/* NULL in out[] for those that are not there. */
MUST_CHECK bool alert_load_each(Db *db, Arena *arena, const i64 *ids, size_t count, Alert **out, Error *err);
MUST_CHECK bool alert_write(Cycle *cycle, Alert *alert, Error *err); /* insert or update of everything that changed */
Str hold_list_json(Arena *arena, const Alert *alert);
/* The same reason and the same rule, silence, window: by what the reason says, never by where it stands. */
bool hold_same(const Hold *a, const Hold *b);
bool hold_add(Alert *alert, Hold hold); /* false when it was there */
bool hold_remove(Alert *alert, const char *reason, i64 id);
bool hold_has(const Alert *alert, const char *reason);
Str priority_text(i32 priority); /* "p1"; empty for 0 */

/* stage_keys.c: the lasting rows, locked before anything is decided */
MUST_CHECK bool stage_keys(Batch *batch, Arrival **arrivals, size_t count, Error *err);
MUST_CHECK bool batch_key(Batch *batch, i64 org_id, i64 space, Str key, Key **out, Error *err);
MUST_CHECK bool key_write(Cycle *cycle, Key *key, Error *err);
/* stage_fold.c: the state machine of T 4.1 and the order of T 4.3 */
MUST_CHECK bool stage_fold(Batch *batch, Error *err);
/* stage_facts.c: what expressions see */
Value alert_facts(Arena *arena, const Setup *setup, const Alert *alert, i64 now_ms);
/* stage_rules.c: pure; fills the plan and changes the alert by `set` */
void alert_decide(const Setup *setup, Arena *arena, Alert *alert, const SetupIntegration *integration,
                  bool pause_served, i64 now_ms, Plan *out);
/* quieting.c: silences and windows as they are now become its holds; pure */
void alert_quiet_decide(const Setup *setup, Arena *arena, Alert *alert, i64 now_ms);
/* stage_route.c: service, team */
void alert_enrich(const Setup *setup, Alert *alert, Str service_hint, const SetupIntegration *integration);
/* stage_act.c: carries a plan out: holds, group, incident, pages */
MUST_CHECK bool plan_carry_out(Cycle *cycle, const Setup *setup, Alert *alert, Plan *plan, Error *err);
/* explain.c */
Value plan_value(Arena *arena, const Setup *setup, const Alert *alert, const Plan *plan, i64 now_ms);
MUST_CHECK bool plan_keep(Cycle *cycle, const Setup *setup, Alert *alert, const Plan *plan, Error *err);
/* alert_jobs.c: looks at the alert's holds then */
MUST_CHECK bool hold_end_job(Cycle *cycle, const Alert *alert, i64 until_ms, Error *err);
/* stage_changes.c */
MUST_CHECK bool change_apply(Batch *batch, Item *item, Error *err);
/* Runs rules on an alert outside a batch (a hold ended, a verb reopened it) and carries the plan out. Writes the alert.
 */
MUST_CHECK bool alert_run_rules(Cycle *cycle, Alert *alert, const char *why, bool pause_served, Error *err);
/* Ends what a closed alert leaves behind: pages, incident counts, jobs. */
MUST_CHECK bool alert_after_status(Cycle *cycle, Alert *alert, AlertStatus before, const Who *who, const char *reason,
                                   Error *err);
MUST_CHECK bool alert_timeline(Cycle *cycle, const Alert *alert, const char *kind, const Who *who, Str data,
                               Error *err);
/* Numbers come in small blocks for a batch, gaps allowed. 0 on failure. */
i64 alert_number_next(Batch *batch, i64 org_id, Error *err);
i64 change_number_next(Batch *batch, i64 org_id, Error *err);

/* deadlines.c */
MUST_CHECK bool alert_deadline_arm(Cycle *cycle, const Alert *alert, Error *err);
MUST_CHECK bool alert_deadlines_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);

#endif

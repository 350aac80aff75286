/* Stage 4: carries a plan out. Holds first: what is held opens no incident and pages nobody, but joins an open one
 * quietly. Then the group, the incident, the pages. A page is unique per (subject, episode, policy, start): running
 * this twice is safe. */
#include "core/alerts/quieting.h"
#include "lang/json.h"

static const DbStmt GROUP_LOAD = {"alert_group_load",
                                  "SELECT incident_id, first_incident_id, opened_at, last_at, members FROM alert_group "
                                  "WHERE org_id = $1 AND rule_id = $2 AND value = $3",
                                  "SELECT incident_id, first_incident_id, opened_at, last_at, members FROM alert_group "
                                  "WHERE org_id = $1 AND rule_id = $2 AND value = $3 FOR UPDATE"};
static const DbStmt GROUP_WRITE = {
    "alert_group_write",
    "INSERT INTO alert_group (org_id, rule_id, value, incident_id, first_incident_id, opened_at, last_at, members) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (org_id, rule_id, value) DO UPDATE SET incident_id = "
    "excluded.incident_id, "
    "first_incident_id = excluded.first_incident_id, opened_at = excluded.opened_at, last_at = excluded.last_at, "
    "members = excluded.members",
    NULL};

typedef struct Group {
  bool found;
  i64 incident_id, first_incident_id, opened_ms, last_ms, members;
} Group;

typedef struct Acting {
  Cycle *cycle;
  const Setup *setup;
  Alert *alert;
  Plan *plan;
  SetupDefaults defaults; /* of the organization */
  Buf words;              /* what came of it */
} Acting;

static bool read_group(const DbRow *row, void *ctx) {
  *(Group *)ctx =
      (Group){true, db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2), db_row_int(row, 3), db_row_int(row, 4)};
  return true;
}

/* The value of group_by: false when a part is missing or empty and the rule does not group those. */
static bool group_value(const Acting *act, const RuleAction *action, Str *out) {
  Arena *arena = act->cycle->arena;
  Value facts = alert_facts(arena, act->setup, act->alert, act->cycle->now_ms);
  Value vars[RULE_FACT_COUNT];
  rule_vars(&facts, vars);
  ValueVec parts = {0};
  for (size_t i = 0; i < action->group_by_count; i++) {
    CelRun run = {.vars = vars, .now_ms = act->cycle->now_ms};
    Value value = value_null();
    Error err = {0};
    bool ok = action->group_by[i] && cel_eval(action->group_by[i], arena, &run, &value, &err);
    bool empty = !ok || value.kind == VALUE_NULL || (value.kind == VALUE_STRING && value.size == 0);
    if (empty && !action->missing_group) return false;
    *VEC_PUSH(arena, &parts) = empty ? value_null() : value;
  }
  Value list = list_done(&parts);
  Buf text = buf_new(arena, KIB(64));
  json_write_canonical(&text, &list);
  *out = buf_str(&text);
  if (out->len > EVENT_KEY_BYTES) *out = sha256_hex(arena, *out);
  return true;
}

static i64 action_severity(const RuleAction *action, const Alert *a, const SetupService *service) {
  if (action->severity >= 0) return action->severity;
  if (service && service->failure_severity >= 0) return service->failure_severity;
  return a->priority ? a->priority : 2;
}

static Str incident_title(const Acting *act, const RuleAction *action) {
  Buf buf = buf_new(act->cycle->arena, EVENT_TITLE_BYTES);
  CelRun run = {.now_ms = act->cycle->now_ms};
  Error err = {0};
  Value facts = alert_facts(act->cycle->arena, act->setup, act->alert, act->cycle->now_ms);
  if (action->title && mustache_render(action->title, act->cycle->arena, &facts, &run, &buf, &err) && buf.len > 0)
    return utf8_clean(act->cycle->arena, buf_str(&buf));
  return act->alert->title;
}

static bool open_incident(Acting *act, i64 follows, Incident *out, Error *err) {
  const RuleAction *action = act->plan->incident;
  const Rule *rule = act->plan->incident_rule;
  Alert *a = act->alert;
  Who who = {.kind = "rule", .id = id_text(act->cycle->arena, "rul", rule->id), .name = rule->name};
  IncidentOpen open = {.org_id = a->org_id,
                       .title = incident_title(act, action),
                       .severity = action_severity(action, a, setup_service(act->setup, a->service_id)),
                       .kind = str_equal_c(action->kind, "drill")  ? "drill"
                               : str_equal_c(action->kind, "test") ? "test"
                                                                   : "normal",
                       .service_id = a->service_id,
                       .team_id = a->team_id,
                       .rule_id = rule->id,
                       .policy_id = act->plan->page_count ? act->plan->pages[0].policy_id : 0,
                       .auto_resolve = action->auto_resolve < 0 ? act->defaults.auto_resolve : action->auto_resolve > 0,
                       .auto_resolve_after_s = action->auto_resolve_after_s < 0 ? act->defaults.auto_resolve_after_s
                                                                                : action->auto_resolve_after_s,
                       .follows_incident_id = follows,
                       .impact_started_ms = a->starts_ms,
                       .detected_ms = a->first_seen_ms,
                       .who = &who};
  return incident_open(act->cycle, &open, out, err);
}

static bool join(Acting *act, const Incident *incident, Error *err) {
  Alert *a = act->alert;
  a->incident_id = incident->id;
  a->row_changed = true;
  Who who = {.kind = "source", .id = id_text(act->cycle->arena, "alr", a->id), .name = a->title};
  return incident_alerts_changed(act->cycle, incident->id, 1, 1, &who, a->title, a->number, err);
}

static bool incident_is_open(const Incident *incident) {
  return incident->status != INCIDENT_CLOSED && incident->resolved_ms == 0;
}

static i64 window_ms(const Acting *act, const RuleAction *action) {
  return (action->window_s < 0 ? act->defaults.window_s : action->window_s) * 1000;
}

static i64 max_window_ms(const Acting *act, const RuleAction *action) {
  return (action->max_window_s < 0 ? act->defaults.max_window_s : action->max_window_s) * 1000;
}

/* Is there an open incident of this group that takes this alert? */
static bool takes(const Acting *act, const RuleAction *action, const Group *group, const Incident *incident) {
  i64 now = act->cycle->now_ms, window = window_ms(act, action), max_window = max_window_ms(act, action);
  i64 from = action->extend ? group->last_ms : group->opened_ms;
  bool in_window = now < from + window && now < group->opened_ms + max_window;
  return incident->status != INCIDENT_CLOSED && in_window && group->members < act->defaults.alerts_max;
}

static bool write_group(Acting *act, Str value, const Group *group, Error *err) {
  return db_run(act->cycle->db, &GROUP_WRITE, err, db_int(act->alert->org_id), db_int(act->plan->incident_rule->id),
                db_text(value), db_int(group->incident_id), db_int(group->first_incident_id), db_int(group->opened_ms),
                db_int(group->last_ms), db_int(group->members));
}

typedef struct Joined {
  Incident incident;
  bool opened, quiet; /* quiet: pages nobody, an earlier incident of the group is still open */
} Joined;

static bool earlier_is_open(Acting *act, i64 incident_id, bool *out, Error *err) {
  Incident first = {0};
  bool found = false;
  *out = false;
  if (incident_id == 0) return true;
  if (!incident_load(act->cycle, incident_id, &first, &found, err)) return false;
  *out = found && incident_is_open(&first);
  return true;
}

/* Opens the group's next incident. follows: the one before, 0 for the first. */
static bool open_for_group(Acting *act, Str value, const Group *before, i64 follows, Joined *out, Error *err) {
  bool earlier = false;
  if (!earlier_is_open(act, before->found ? before->incident_id : 0, &earlier, err)) return false;
  if (!open_incident(act, follows, &out->incident, err) || !join(act, &out->incident, err)) return false;
  out->opened = true;
  out->quiet = earlier;
  Group group = {.incident_id = out->incident.id,
                 .opened_ms = act->cycle->now_ms,
                 .last_ms = act->cycle->now_ms,
                 .members = 1,
                 .first_incident_id = earlier ? before->first_incident_id : out->incident.id};
  return value.len == 0 || write_group(act, value, &group, err);
}

static bool join_or_open(Acting *act, bool held, Joined *out, bool *out_none, Error *err) {
  const RuleAction *action = act->plan->incident;
  Str value = STR_NONE;
  *out_none = false;
  if (action->group_by_count == 0 || !group_value(act, action, &value)) {
    if (held) return *out_none = true, true;
    Group none = {0};
    return open_for_group(act, STR_NONE, &none, 0, out, err);
  }
  Group group = {0};
  bool found = false;
  if (!db_query_one(act->cycle->db, &GROUP_LOAD,
                    DB_ARGS(db_int(act->alert->org_id), db_int(act->plan->incident_rule->id), db_text(value)),
                    read_group, &group, &found, err))
    return false;
  if (found && !incident_load(act->cycle, group.incident_id, &out->incident, &found, err)) return false;
  if (group.found && found && takes(act, action, &group, &out->incident)) {
    group.members++;
    group.last_ms = act->cycle->now_ms;
    return join(act, &out->incident, err) && write_group(act, value, &group, err);
  }
  if (held) return *out_none = true, true;
  bool inside = group.found && act->cycle->now_ms < group.opened_ms + window_ms(act, action);
  return open_for_group(act, value, &group, inside ? group.incident_id : 0, out, err);
}

/* Pages ----------------------------------------------------------------------------------------------------------- */

static bool is_urgent(const Alert *a) {
  return a->priority == 0 || a->priority <= 2;
}

static PageStart page_of_alert(const Acting *act) {
  const Alert *a = act->alert;
  const SetupService *service = setup_service(act->setup, a->service_id);
  return (PageStart){.org_id = a->org_id,
                     .subject_kind = "alert",
                     .subject_id = a->id,
                     .alert_id = a->id,
                     .integration_id = a->integration_id,
                     .episode = a->episode,
                     .start = a->page_start,
                     .urgent = is_urgent(a),
                     .service_urgency = service ? service->urgency : STR_NONE,
                     .severity = -1,
                     .team_id = a->team_id,
                     .gather = a->gather,
                     .title =
                         str_format(act->cycle->arena, "ALERT-%lld %.*s", (long long)a->number, STR_ARG(a->title))};
}

static PageStart page_of_incident(const Acting *act, const Incident *incident) {
  PageStart start = page_of_alert(act);
  start.subject_kind = "incident";
  start.subject_id = start.incident_id = incident->id;
  start.episode = incident->episode;
  start.start = incident->page_start;
  start.severity = incident->severity;
  start.title = str_format(act->cycle->arena, "INC-%lld %.*s", (long long)incident->number, STR_ARG(incident->title));
  return start;
}

static bool start_pages(Acting *act, PageStart start, Error *err) {
  Plan *plan = act->plan;
  for (size_t i = 0; i < plan->page_count; i++) {
    PageOutcome outcome = {0};
    start.policy_id = plan->pages[i].policy_id;
    start.fresh = act->alert->is_new && start.incident_id == 0;
    start.why = plan->pages[i].why;
    if (!page_start(act->cycle, &start, &outcome, err)) return false;
    plan->page_ids[i] = outcome.page_id;
    buf_puts(&act->words, outcome.storm     ? "paged as part of a storm; "
                          : outcome.started ? "paged; "
                                            : "a page runs already; ");
    if (outcome.nobody) plan->unrouted = true;
  }
  act->alert->unrouted = plan->unrouted && plan->page_count == 0;
  act->alert->row_changed = true;
  if (!act->alert->unrouted) return true;
  buf_puts(&act->words, "unrouted: no policy applies; ");
  if (!is_urgent(act->alert)) return true;
  PageOutcome outcome = {0};
  start.policy_id = 0;
  start.owners = plan->owners = true;
  start.why = S("unrouted and urgent: the organization's owners");
  return page_start(act->cycle, &start, &outcome, err);
}

static bool page_incident(Acting *act, const Joined *joined, Error *err) {
  const RuleAction *action = act->plan->incident;
  Alert *a = act->alert;
  if (joined->opened && !joined->quiet) return start_pages(act, page_of_incident(act, &joined->incident), err);
  i64 severity = action_severity(action, a, setup_service(act->setup, a->service_id));
  bool raised = false;
  Who who = {.kind = "rule",
             .id = id_text(act->cycle->arena, "rul", act->plan->incident_rule->id),
             .name = act->plan->incident_rule->name};
  if (severity < joined->incident.severity && !joined->opened &&
      !incident_raise_severity(act->cycle, joined->incident.id, severity, &who, &raised, err))
    return false;
  if (!raised) {
    buf_puts(&act->words, joined->opened ? "pages nobody: an earlier incident of the group is open; "
                                         : "joined; its incident's page stands; ");
    return true;
  }
  Incident now = {0};
  bool found = false;
  if (!incident_load(act->cycle, joined->incident.id, &now, &found, err)) return false;
  return !found || start_pages(act, page_of_incident(act, &now), err);
}

/* A member of an open incident that came back or was raised. */
static bool act_in_own_incident(Acting *act, bool held, bool *out_done, Error *err) {
  Alert *a = act->alert;
  Incident incident = {0};
  bool found = false;
  *out_done = false;
  if (a->incident_id == 0) return true;
  if (!incident_load(act->cycle, a->incident_id, &incident, &found, err)) return false;
  if (!found || incident.status == INCIDENT_CLOSED) {
    a->incident_id = 0;
    return true;
  }
  *out_done = true;
  if (held || !act->plan->incident) {
    if (!held && a->raised && is_urgent(a))
      return page_update(act->cycle, incident.id, page_of_incident(act, &incident).title, incident.severity, true, err);
    return true;
  }
  Joined joined = {.incident = incident};
  return page_incident(act, &joined, err);
}

/* Once an episode has paged, a rule that runs again does not take the page back. */
static bool has_paged(const Acting *act, bool *out, Error *err) {
  static const DbStmt PAGED = {
      "alert_has_paged", "SELECT id FROM page WHERE alert_id = $1 AND subject_id = $1 AND episode = $2 LIMIT 1", NULL};
  const Alert *a = act->alert;
  i64 id = 0;
  *out = !a->is_new && !a->reopened && a->incident_id > 0; /* its incident's page stands for it */
  if (a->is_new || *out) return true;
  return db_query_int(act->cycle->db, &PAGED, DB_ARGS(db_int(a->id), db_int(a->episode)), &id, out, err);
}

/* The first time counts: an alert that goes on changing would else be held for ever. */
static bool hold_until(Acting *act, Hold hold, Error *err) {
  if (hold.until_ms <= act->cycle->now_ms || hold_has(act->alert, hold.reason)) return true;
  return !hold_add(act->alert, hold) || hold_end_job(act->cycle, act->alert, hold.until_ms, err);
}

/* It has been triggered for longer than it has to wait: another hold kept it, or an event runs the rules again. A
 * source had its time to resolve, so that nobody waits twice. */
static bool pause_is_over(const Acting *act) {
  const Alert *a = act->alert;
  i64 now = act->cycle->now_ms, length = act->plan->pause_ms - now;
  return !a->is_new && !a->reopened && a->status_changed_ms > 0 && a->status_changed_ms + length <= now;
}

static bool hold_back(Acting *act, Error *err) {
  Plan *plan = act->plan;
  Alert *a = act->alert;
  bool paged = false;
  if ((plan->pause_ms > 0 || plan->snooze_ms > 0) && !has_paged(act, &paged, err)) return false;
  i64 now = act->cycle->now_ms;
  Hold pause = {.reason = "pause",
                .id = plan->pause_rule_id,
                .until_ms = pause_is_over(act) ? 0 : plan->pause_ms,
                .since_ms = now};
  Hold snooze = {.reason = "snooze", .until_ms = plan->snooze_ms, .since_ms = now};
  if (!paged && !(hold_until(act, pause, err) && hold_until(act, snooze, err))) return false;
  if (hold_has(a, "snooze")) a->snoozed_until_ms = MAX(a->snoozed_until_ms, plan->snooze_ms);
  for (size_t i = 0; i < a->hold_count; i++) buf_format(&act->words, "held by %s; ", a->holds[i].reason);
  return true;
}

/* Nobody is paged, whatever the rules named; of what came back soon after its acknowledgement it is said why. */
static bool say_nothing_to_do(Acting *act) {
  const Alert *a = act->alert;
  Value who = value_null();
  Error ignored = {0};
  act->plan->page_count = 0;
  if (a->tell_acker && json_parse(act->cycle->arena, a->acknowledged_by, NULL, &who, &ignored))
    buf_format(&act->words,
               "it opened again within %lld s (ack_kept_s) of its acknowledgement by %.*s, which stands: nobody is "
               "paged, and that person alone is told; ",
               (long long)act->defaults.ack_kept_s, STR_ARG(value_text_or(value_get_c(&who, "name"), S("somebody"))));
  else
    buf_format(&act->words, "it is %s: nothing to do; ", alert_status_name(a->status));
  return true;
}

static bool carry_out(Acting *act, Error *err) {
  Alert *a = act->alert;
  if (a->status != ALERT_TRIGGERED && !(a->status == ALERT_ACKNOWLEDGED && a->raised)) return say_nothing_to_do(act);
  if (a->quieted && !a->is_new && !alert_quiet_pages(act->cycle, a, a->quieted, &WHO_SYSTEM, err)) return false;
  if (!hold_back(act, err)) return false;
  bool held = a->hold_count > 0, done = false, none = false;
  if (!held && a->status == ALERT_ACKNOWLEDGED && (act->plan->page_count > 0 || act->plan->unrouted)) {
    a->status = ALERT_TRIGGERED; /* raised over its acknowledgement: a new page */
    a->acknowledged_ms = 0;
    a->acknowledged_by = STR_NONE;
    a->status_changed_ms = act->cycle->now_ms;
    a->page_start++;
  }
  if (!act_in_own_incident(act, held, &done, err)) return false;
  if (done && a->let_go && !held && a->status == ALERT_TRIGGERED)
    return page_resume(act->cycle, a->incident_id, a->gather, err);
  if (done) return true;
  if (act->plan->incident) {
    Joined joined = {0};
    if (!join_or_open(act, held, &joined, &none, err)) return false;
    act->plan->incident_id = none ? 0 : joined.incident.id;
    return none || held || page_incident(act, &joined, err);
  }
  return held || start_pages(act, page_of_alert(act), err);
}

bool plan_carry_out(Cycle *cycle, const Setup *setup, Alert *alert, Plan *plan, Error *err) {
  const SetupOrg *org = setup_org(setup, alert->org_id);
  Acting act = {.cycle = cycle, .setup = setup, .alert = alert, .plan = plan, .words = buf_new(cycle->arena, KIB(4))};
  if (org) act.defaults = org->defaults;
  if (!carry_out(&act, err)) return false;
  plan->outcome = buf_str(&act.words);
  if (alert->status == ALERT_TRIGGERED && alert->raised && alert->incident_id == 0)
    return page_update(cycle, alert->id, page_of_alert(&act).title, -1, is_urgent(alert), err);
  return true;
}

/* Stage 3: asks the rules in order. `set`, `suppress` and `unsuppress` act at once, so that later rules see them; the
 * rest is collected into the plan and carried out when the holds are known. Pure: changes only the alert in memory. */
#include "core/alerts/batch.h"
#include "lang/json.h"

typedef struct Deciding {
  const Setup *setup;
  Arena *arena;
  Alert *alert;
  const SetupIntegration *integration;
  Plan *plan;
  bool pause_served;
  i64 now_ms;
  Value facts;          /* null until a rule asks */
  bool below_threshold; /* the rule at hand: its further actions are void */
  Buf done;             /* words of the rule at hand */
} Deciding;

static bool render(Deciding *d, const Mustache *template, Str *out) {
  Buf buf = buf_new(d->arena, EVENT_LABEL_BYTES);
  CelRun run = {.now_ms = d->now_ms};
  Error err = {0};
  if (!template) return false;
  if (!mustache_render(template, d->arena, &d->facts, &run, &buf, &err)) {
    buf_format(&d->done, "template failed: %s; ", err.message);
    return false;
  }
  *out = utf8_clean(d->arena, buf_str(&buf));
  return true;
}

static void set_priority(Deciding *d, const RuleAction *action) {
  i32 priority = action->priority;
  Str text = STR_NONE;
  if (render(d, action->priority_text, &text) && text.len == 2 && text.ptr[0] == 'p' && text.ptr[1] >= '1' &&
      text.ptr[1] <= '4')
    priority = text.ptr[1] - '0';
  if (priority < 1 || priority == d->alert->priority) return;
  d->alert->priority = priority;
  buf_format(&d->done, "priority p%d; ", priority);
}

static void set_labels(Deciding *d, const RuleAction *action) {
  if (action->label_count == 0) return;
  MapBuilder map = map_builder(d->arena);
  const Value *have = &d->alert->labels;
  for (size_t i = 0; have->kind == VALUE_MAP && i < have->size; i++)
    map_put(&map, value_text(&have->members[i].key), have->members[i].value);
  for (size_t i = 0; i < action->label_count; i++) {
    Str text = STR_NONE;
    if (!render(d, action->labels[i].value, &text)) continue;
    map_put(&map, action->labels[i].name, value_string(text));
    buf_format(&d->done, "label %.*s=%.*s; ", STR_ARG(action->labels[i].name), STR_ARG(text));
  }
  d->alert->labels = map_done(&map);
}

static void act_set(Deciding *d, const RuleAction *action) {
  Str title = STR_NONE;
  set_priority(d, action);
  const SetupService *service = setup_service(d->setup, action->service_id);
  if (service && service->org_id == d->alert->org_id) {
    d->alert->service_id = service->id;
    d->alert->team_id = service->team_id ? service->team_id : d->alert->team_id;
    buf_format(&d->done, "service %.*s; ", STR_ARG(service->name));
  }
  if (render(d, action->title, &title) && title.len) {
    d->alert->title = utf8_cut(title, EVENT_TITLE_BYTES);
    buf_puts(&d->done, "title; ");
  }
  set_labels(d, action);
  d->alert->row_changed = true;
  d->facts = alert_facts(d->arena, d->setup, d->alert, d->now_ms);
}

/* Counts occurrences by receive time in a sliding window, kept with the alert per rule. True when the count is reached.
 */
static bool threshold_reached(Deciding *d, const Rule *rule, const RuleAction *action) {
  Str name = id_text(d->arena, "rul", rule->id);
  MapBuilder map = map_builder(d->arena);
  const Value *all = &d->alert->threshold, *times = value_get(all, name);
  for (size_t i = 0; all->kind == VALUE_MAP && i < all->size; i++)
    map_put(&map, value_text(&all->members[i].key), all->members[i].value);
  ValueVec kept = {0};
  if (value_bool_or(times, false)) return true; /* reached already; a resolve arms it again */
  i64 from = d->now_ms - action->within_s * 1000, count = MIN(MAX(action->count, 1), 1000);
  for (size_t i = 0; value_is(times, VALUE_LIST) && i < times->size; i++)
    if (value_int_or(value_at(times, i), 0) > from) *VEC_PUSH(d->arena, &kept) = *value_at(times, i);
  bool by_event = !d->pause_served; /* a hold that ended is no occurrence */
  if (by_event && (i64)kept.count < count) *VEC_PUSH(d->arena, &kept) = value_int(d->alert->last_seen_ms);
  bool reached = (i64)kept.count >= count;
  map_put(&map, name, reached ? value_bool(true) : list_done(&kept));
  d->alert->threshold = map_done(&map);
  d->alert->touched = true;
  buf_format(&d->done, "threshold %zu of %lld within %lld s; ", kept.count, (long long)count,
             (long long)action->within_s);
  return reached;
}

static void want_page(Deciding *d, const Rule *rule, i64 policy_id) {
  Plan *plan = d->plan;
  for (size_t i = 0; i < plan->page_count; i++)
    if (plan->pages[i].policy_id == policy_id) return;
  if (plan->page_count == PAGES_MAX) return;
  plan->pages[plan->page_count++] =
      (WantedPage){.policy_id = policy_id, .why = str_format(d->arena, "rule \"%.*s\"", STR_ARG(rule->name))};
}

static void act_incident(Deciding *d, const Rule *rule, const RuleAction *action) {
  if (d->plan->incident) {
    buf_puts(&d->done, "would group it too, an earlier rule was first; ");
    return;
  }
  d->plan->incident = action;
  d->plan->incident_rule = rule;
  buf_puts(&d->done, "incident; ");
}

static void act(Deciding *d, const Rule *rule, const RuleAction *action) {
  Alert *a = d->alert;
  if (d->below_threshold && action->type != ACTION_SET && action->type != ACTION_THRESHOLD) return;
  switch (action->type) {
  case ACTION_SET: act_set(d, action); break;
  case ACTION_SUPPRESS:
    hold_add(a, (Hold){.reason = "suppressed", .id = rule->id, .since_ms = d->now_ms});
    buf_format(&d->done, "suppressed%s%.*s; ", action->reason.len ? ": " : "", STR_ARG(action->reason));
    break;
  case ACTION_UNSUPPRESS:
    hold_remove(a, "suppressed", 0);
    buf_puts(&d->done, "unsuppressed; ");
    break;
  case ACTION_PAUSE:
    if (d->pause_served || action->for_s <= 0) break;
    d->plan->pause_ms = MAX(d->plan->pause_ms, d->now_ms + action->for_s * 1000);
    d->plan->pause_rule_id = rule->id;
    buf_format(&d->done, "pause %lld s; ", (long long)action->for_s);
    break;
  case ACTION_THRESHOLD:
    d->below_threshold = !threshold_reached(d, rule, action);
    if (d->below_threshold) hold_add(a, (Hold){.reason = "suppressed", .id = rule->id, .since_ms = d->now_ms});
    break;
  case ACTION_CREATE_INCIDENT: act_incident(d, rule, action); break;
  case ACTION_PAGE:
    want_page(d, rule, action->policy_id);
    buf_puts(&d->done, "page; ");
    break;
  case ACTION_SNOOZE:
    if (d->pause_served || action->for_s <= 0) break;
    d->plan->snooze_ms = MAX(d->plan->snooze_ms, d->now_ms + action->for_s * 1000);
    buf_format(&d->done, "snooze %lld s; ", (long long)action->for_s);
    break;
  case ACTION_RUN_RUNBOOK:
  case ACTION_NOTIFY: buf_format(&d->done, "%s is not available in this version; ", ACTION_NAMES[action->type]); break;
  case ACTION_TYPE_COUNT: break;
  }
}

static bool of_integration(const Rule *rule, i64 integration_id) {
  for (size_t i = 0; i < rule->integration_count; i++)
    if (rule->integration_ids[i] == integration_id) return true;
  return rule->integration_count == 0;
}

static RuleTrace ask(Deciding *d, const Rule *rule, bool stopped) {
  RuleTrace trace = {.rule = rule};
  if (!rule->enabled)
    trace.skipped = "disabled";
  else if (stopped)
    trace.skipped = "an earlier rule stopped the list";
  else if (!of_integration(rule, d->alert->integration_id))
    trace.skipped = "it is for other integrations";
  else if (!rule_is_active(rule, d->arena, d->now_ms))
    trace.skipped = "it is outside its active times";
  if (trace.skipped) return trace;
  if (d->facts.kind == VALUE_NULL) d->facts = alert_facts(d->arena, d->setup, d->alert, d->now_ms);
  trace.result = rule_match(rule, d->arena, &d->facts, d->now_ms);
  if (trace.result.match != RULE_MATCHED) return trace;
  d->done = buf_new(d->arena, KIB(16));
  d->below_threshold = false;
  for (size_t i = 0; i < rule->action_count; i++) act(d, rule, &rule->actions[i]);
  trace.done = buf_str(&d->done);
  return trace;
}

/* The organization's list first, then the list of the team that the alert belongs to by then. */
static void ask_list(Deciding *d, const SetupOrg *org, bool of_teams) {
  bool stopped = false;
  i64 team_id = d->alert->team_id;
  for (size_t i = 0; i < org->rule_count; i++) {
    const Rule *rule = org->rules[i];
    if (of_teams ? rule->team_id == 0 || rule->team_id != team_id : rule->team_id != 0) continue;
    RuleTrace trace = ask(d, rule, stopped);
    d->plan->traces[d->plan->trace_count++] = trace;
    if (!trace.skipped && trace.result.match == RULE_MATCHED && rule->stop) stopped = true;
  }
}

/* Rule's policy, else service, its team, integration, its team, organization. */
static i64 default_policy(const Setup *setup, const Alert *a, const SetupIntegration *integration, Str *out_from) {
  const SetupService *service = setup_service(setup, a->service_id);
  const SetupTeam *service_team = service ? setup_team(setup, service->team_id) : NULL;
  const SetupTeam *integration_team = integration ? setup_team(setup, integration->team_id) : NULL;
  const SetupOrg *org = setup_org(setup, a->org_id);
  struct {
    i64 policy_id;
    Str from;
  } chain[] = {{a->policy_id, S("the page's own policy")},
               {service ? service->policy_id : 0, S("the service's policy")},
               {service_team ? service_team->policy_id : 0, S("the policy of the service's team")},
               {integration ? integration->policy_id : 0, S("the integration's policy")},
               {integration_team ? integration_team->policy_id : 0, S("the policy of the integration's team")},
               {org ? org->policy_id : 0, S("the organization's policy")}};
  for (size_t i = 0; i < COUNT(chain); i++)
    if (setup_policy(setup, chain[i].policy_id)) return *out_from = chain[i].from, chain[i].policy_id;
  return 0;
}

/* "page" without a policy, and alerts that no rule pages or suppresses, go the default chain; what reaches nobody is
 * unrouted. */
static void route(Deciding *d) {
  Plan *plan = d->plan;
  Str from = STR_NONE;
  i64 fallback = default_policy(d->setup, d->alert, d->integration, &from);
  Str why = str_format(d->arena, "default chain: %.*s", STR_ARG(from));
  size_t kept = 0;
  bool wants_default = plan->page_count == 0;
  for (size_t i = 0; i < plan->page_count; i++) {
    const SetupPolicy *policy = setup_policy(d->setup, plan->pages[i].policy_id);
    if (policy && policy->org_id == d->alert->org_id)
      plan->pages[kept++] = plan->pages[i];
    else
      wants_default = true;
  }
  plan->page_count = kept;
  for (size_t i = 0; i < kept; i++) wants_default = wants_default && plan->pages[i].policy_id != fallback;
  if (!wants_default) return;
  if (fallback)
    plan->pages[plan->page_count++] = (WantedPage){.policy_id = fallback, .why = why};
  else if (kept == 0)
    plan->unrouted = true;
}

void alert_decide(const Setup *setup, Arena *arena, Alert *alert, const SetupIntegration *integration,
                  bool pause_served, i64 now_ms, Plan *out) {
  const SetupOrg *org = setup_org(setup, alert->org_id);
  *out = (Plan){.traces = ARENA_ARRAY(arena, RuleTrace, (org ? org->rule_count : 0) + 1)};
  Deciding d = {.setup = setup,
                .arena = arena,
                .alert = alert,
                .integration = integration,
                .plan = out,
                .pause_served = pause_served,
                .now_ms = now_ms};
  hold_remove(alert, "suppressed", 0);
  if (integration && integration->quiet)
    hold_add(alert, (Hold){.reason = "quiet", .since_ms = now_ms});
  else
    hold_remove(alert, "quiet", 0);
  if (org) {
    ask_list(&d, org, false);
    ask_list(&d, org, true);
  }
  if (org && org->defaults.pause_s > 0 && out->pause_ms == 0 && !pause_served)
    out->pause_ms = now_ms + org->defaults.pause_s * 1000;
  out->suppressed = hold_has(alert, "suppressed");
  alert_quiet_decide(setup, arena, alert, now_ms); /* last: the labels are as rules set them */
  route(&d);
  alert->row_changed = true;
}

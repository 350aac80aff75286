/* What a rule, as it is being written, would do with alerts that were really there. */
#include "core/alerts/rule_try.h"

#include "core/alerts/batch.h"
#include "core/alerts/would_mute.h"

static const char *what_becomes(const Plan *plan, i64 now_ms) {
  if (plan->suppressed) return "held";
  if (plan->pause_ms > now_ms) return "paused";
  if (plan->snooze_ms > now_ms) return "snoozed";
  if (plan->unrouted) return "unrouted";
  return plan->incident ? "incident" : plan->page_count ? "page" : "none";
}

/* NULL: the rule was not asked (it is for other sources, or one before it stops). */
static const RuleTrace *trace_of(const Plan *plan, const Rule *rule) {
  for (size_t i = 0; i < plan->trace_count; i++)
    if (plan->traces[i].rule == rule) return &plan->traces[i];
  return NULL;
}

static void decide(const Setup *setup, Arena *arena, const Alert *alert, i64 now_ms, Alert *copy, Plan *plan) {
  *copy = *alert;
  hold_remove(copy, "suppressed", 0);
  alert_decide(setup, arena, copy, setup_integration(setup, copy->integration_id), false, now_ms, plan);
}

static Value priority_value(i32 priority) {
  return priority ? value_string(priority_text(priority)) : value_null();
}

static Value item_of(Arena *arena, const RuleTry *t, const Alert *alert, const Value *row, const RuleTrace *trace,
                     const Plan *with, const Alert *then) {
  static const char *const KEPT[] = {"id", "number", "title", "status", "priority", "first_seen_at"};
  Alert copy = {0};
  Plan without = {0};
  MapBuilder map = map_builder(arena);
  decide(t->without, arena, alert, t->now_ms, &copy, &without);
  for (size_t i = 0; i < COUNT(KEPT); i++) {
    const Value *v = value_get_c(row, KEPT[i]);
    map_put_c(&map, KEPT[i], v ? *v : value_null());
  }
  bool failed = trace->result.match == RULE_ERROR;
  map_put_c(&map, "error", failed ? value_string(trace->result.error) : value_null());
  map_put_c(&map, "does", trace->done.len ? value_string(trace->done) : value_null());
  map_put_c(&map, "without", value_c(what_becomes(&without, t->now_ms)));
  map_put_c(&map, "with", value_c(what_becomes(with, t->now_ms)));
  map_put_c(&map, "priority_then", priority_value(then->priority));
  return map_done(&map);
}

bool alert_rule_try_begin(App *app, const Setup *setup, Arena *arena, i64 org_id, const Value *rule, RuleTry *out,
                          Error *err) {
  const SetupOrg *org = setup_org(setup, org_id);
  Rule *made = ARENA_NEW(arena, Rule);
  *made = *alert_rule_compiled(app, arena, org ? org->zone : NULL, rule);
  made->enabled = true; /* a draft is tried to see what it will do */
  if (made->broken[0]) return fail_at(err, ERR_UNPROCESSABLE, "/rule", "%s", made->broken);
  *out = (RuleTry){.rule = made,
                   .with = setup_with_rule(arena, setup, org_id, made->id, made),
                   .without = setup_with_rule(arena, setup, org_id, made->id, NULL),
                   .now_ms = clock_now(&app->clock)};
  return true;
}

bool alert_rule_try(const RuleTry *t, Db *db, Arena *arena, const Value *row, Value *out, bool *out_matched,
                    Error *err) {
  Alert alert = {0}, copy = {0};
  Plan plan = {0};
  bool found = false;
  *out_matched = false;
  if (!alert_load(db, arena, setup_ref(value_get_c(row, "id")), &alert, &found, err)) return false;
  if (!found) return true;
  decide(t->with, arena, &alert, t->now_ms, &copy, &plan);
  const RuleTrace *trace = trace_of(&plan, t->rule);
  if (!trace || trace->skipped || trace->result.match == RULE_NOT_MATCHED) return true;
  *out = item_of(arena, t, &alert, row, trace, &plan, &copy);
  *out_matched = true;
  return true;
}

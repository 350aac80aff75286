/* Why did this page me, why not: what the rules decided, kept with the alert (the last 10 runs). */
#include "core/alerts/batch.h"
#include "core/alerts/explanation.h"
#include "lang/json.h"

static const DbStmt EXPLANATION_PUT = {
    "explanation_put",
    "INSERT INTO explanation (alert_id, slot, run, org_id, at, body) VALUES ($1,$2,$3,$4,$5,$6) "
    "ON CONFLICT (alert_id, slot) DO UPDATE SET run = excluded.run, at = excluded.at, body = excluded.body",
    NULL};
/* The first run lies with the alert, until it is not among the last any more. */
static const DbStmt EXPLANATIONS = {
    "explanations",
    "SELECT run, body FROM explanation WHERE alert_id = $1 UNION ALL SELECT 0 AS run, first_explanation AS body "
    "FROM alert WHERE id = $1 AND first_explanation IS NOT NULL AND explanations <= $2 ORDER BY run DESC",
    NULL};

/* Words are collected as "a; b; ": without the end. */
static Str words(Str text) {
  return str_ends_with(text, S("; ")) ? str_slice(text, 0, text.len - 2) : text;
}

static ExplainRule explain_rule(const RuleTrace *trace) {
  static const ExplainResult RESULTS[] = {
      [RULE_MATCHED] = EXPLAIN_MATCHED, [RULE_NOT_MATCHED] = EXPLAIN_NOT_MATCHED, [RULE_ERROR] = EXPLAIN_ERROR};
  ExplainRule rule = {.rule_id = trace->rule->id, .name = trace->rule->name};
  if (trace->skipped) {
    rule.result = EXPLAIN_SKIPPED;
    rule.text = str_from_c(trace->skipped);
    return rule;
  }
  rule.result = RESULTS[trace->result.match];
  rule.text = trace->result.decided;
  rule.error = trace->result.error;
  rule.done = words(trace->done);
  return rule;
}

static Explanation explain(Arena *arena, const Setup *setup, const Alert *alert, const Plan *plan, i64 now_ms) {
  Explanation e = {.run = alert->explanations,
                   .at_ms = now_ms,
                   .why = str_from_c(alert->why ? alert->why : "changed"),
                   .status = str_from_c(alert_status_name(alert->status)),
                   .outcome = words(plan->outcome),
                   .rules = ARENA_ARRAY(arena, ExplainRule, plan->trace_count + 1),
                   .rule_count = plan->trace_count,
                   .pages = ARENA_ARRAY(arena, ExplainPage, plan->page_count + 1),
                   .page_count = plan->page_count,
                   .holds = ARENA_ARRAY(arena, ExplainHold, alert->hold_count + 1),
                   .hold_count = alert->hold_count,
                   .unrouted = plan->unrouted,
                   .incident_rule_id = plan->incident_rule ? plan->incident_rule->id : 0,
                   .incident_id = plan->incident_id};
  for (size_t i = 0; i < plan->trace_count; i++) e.rules[i] = explain_rule(&plan->traces[i]);
  for (size_t i = 0; i < plan->page_count; i++) {
    const SetupPolicy *policy = setup_policy(setup, plan->pages[i].policy_id);
    e.pages[i] = (ExplainPage){.policy_id = plan->pages[i].policy_id,
                               .policy = policy ? policy->name : S(""),
                               .why = plan->pages[i].why,
                               .page_id = plan->page_ids[i]};
  }
  for (size_t i = 0; i < alert->hold_count; i++)
    e.holds[i] = (ExplainHold){
        .reason = str_from_c(alert->holds[i].reason), .id = alert->holds[i].id, .until_ms = alert->holds[i].until_ms};
  return e;
}

Value plan_value(Arena *arena, const Setup *setup, const Alert *alert, const Plan *plan, i64 now_ms) {
  Explanation e = explain(arena, setup, alert, plan, now_ms);
  return explanation_value(arena, &e);
}

bool plan_keep(Cycle *cycle, const Setup *setup, Alert *alert, const Plan *plan, Error *err) {
  Explanation e = explain(cycle->arena, setup, alert, plan, cycle->now_ms);
  Str body = explanation_pack(cycle->arena, &e);
  i64 run = alert->explanations++;
  if (run == 0 && alert->is_new) {
    alert->first_explanation = body;
    return true;
  }
  return db_run_gathered(cycle->db, &EXPLANATION_PUT, 2, err, db_int(alert->id), db_int(run % EXPLANATIONS_KEPT),
                         db_int(run), db_int(alert->org_id), db_int(cycle->now_ms), db_blob(body));
}

typedef struct Rows {
  Arena *arena;
  ValueVec items;
} Rows;

/* Rows of before the bytes are JSON. */
static bool read_explanation(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  Str body = db_row_text(row, 1, rows->arena);
  Explanation e = {0};
  Value value = value_null();
  Error ignored = {0};
  if (explanation_unpack(rows->arena, body, &e))
    *VEC_PUSH(rows->arena, &rows->items) = explanation_value(rows->arena, &e);
  else if (str_starts_with(body, S("{")) && json_parse(rows->arena, body, NULL, &value, &ignored))
    *VEC_PUSH(rows->arena, &rows->items) = value;
  return true;
}

bool alert_explanations(Db *db, Arena *arena, i64 alert_id, Value *out, Error *err) {
  Rows rows = {.arena = arena};
  if (!db_query(db, &EXPLANATIONS, DB_ARGS(db_int(alert_id), db_int(EXPLANATIONS_KEPT)), read_explanation, &rows, err))
    return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&rows.items));
  *out = map_done(&map);
  return true;
}

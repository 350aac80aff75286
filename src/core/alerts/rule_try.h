/* A rule is tried before it is saved: the decision for a real alert, with the rule in its place and without it. Pure
 * but for reading the alert; for a worker thread. */
#ifndef TOCSIN_CORE_RULE_TRY_H
#define TOCSIN_CORE_RULE_TRY_H

#include "core/alerts/rule.h"
#include "core/setup/setup.h"

typedef struct RuleTry {
  const Rule *rule;
  const Setup *with, *without;
  i64 now_ms;
} RuleTry;

/* `rule`: its API form; ERR_UNPROCESSABLE says why it does not compile. */
MUST_CHECK bool alert_rule_try_begin(App *app, const Setup *setup, Arena *arena, i64 org_id, const Value *rule,
                                     RuleTry *out, Error *err);
/* `row`: the alert's API form. *out_matched: the rule fits it, or fails on it; then *out is {id, number, title, status,
 * priority, first_seen_at, error, does, without, with, priority_then}, made of what lives in the arena and in `row`. */
MUST_CHECK bool alert_rule_try(const RuleTry *t, Db *db, Arena *arena, const Value *row, Value *out, bool *out_matched,
                               Error *err);

#endif

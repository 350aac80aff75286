/* How quiet would a rule make it? The same decision as for a real alert, with the rule and without it. */
#ifndef TOCSIN_CORE_WOULD_MUTE_H
#define TOCSIN_CORE_WOULD_MUTE_H

#include "core/setup/setup.h"

/* `rule`: its API form, as an answer has it. Null when it holds nothing (it is disabled, or no action of it can), else
 * {open, last_7_days, complete}: alerts that it alone would hold; complete is false when only the newest 2,000 of each
 * were looked at. Cost: two decisions an alert; for a worker thread. */
MUST_CHECK bool alert_rule_would_mute(App *app, const Setup *setup, Db *db, Arena *arena, i64 org_id, const Value *rule,
                                      Value *out, Error *err);

/* The API form of a rule as the engine runs it; broken says why not. zone: the organization's (NULL: UTC). */
const struct Rule *alert_rule_compiled(const App *app, Arena *arena, const Zone *zone, const Value *rule);

#endif

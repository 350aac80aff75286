/* Rules, compiled: when (CEL or field rows) then actions. Compiled once with the picture of the setup; evaluation is
 * pure. */
#ifndef TOCSIN_CORE_RULE_H
#define TOCSIN_CORE_RULE_H

#include "core/alerts/alerts.h"
#include "lang/mustache/mustache.h"

struct ResourceCtx;

typedef enum ActionType {
  ACTION_SET,
  ACTION_SUPPRESS,
  ACTION_UNSUPPRESS,
  ACTION_PAUSE,
  ACTION_THRESHOLD,
  ACTION_CREATE_INCIDENT,
  ACTION_PAGE,
  ACTION_RUN_RUNBOOK,
  ACTION_NOTIFY,
  ACTION_SNOOZE,
  ACTION_TYPE_COUNT
} ActionType;
extern const char *const ACTION_NAMES[ACTION_TYPE_COUNT];

typedef struct SetLabel {
  Str name;
  const Mustache *value;
} SetLabel;

struct RuleAction {
  ActionType type;
  /* set */
  i32 priority; /* 1..4, -1 none; 0 leaves it */
  const Mustache *priority_text;
  i64 service_id;
  const Mustache *title;
  SetLabel *labels;
  size_t label_count;
  Str reason;          /* suppress */
  i64 for_s;           /* pause, snooze */
  i64 count, within_s; /* threshold */
  /* create_incident */
  i64 severity; /* 0..4; -1: from the priority */
  Str kind;
  const CelProgram **group_by;
  size_t group_by_count;
  i64 window_s, max_window_s, auto_resolve_after_s; /* -1: the organization's */
  int auto_resolve;                                 /* likewise */
  bool extend, missing_group;
  /* page */
  i64 policy_id; /* 0: the default chain */
};

typedef struct RuleCondition {
  Str *path; /* "labels", "severity" */
  size_t path_count;
  Str field, op;
  Value value;
  const CelProgram *regex; /* op matches: compiled as CEL `x.matches(pattern)`; NULL otherwise */
} RuleCondition;

struct Rule {
  i64 id, team_id; /* 0: the organization's */
  i64 position;    /* in its list */
  Str slug, name;
  i64 *integration_ids;
  size_t integration_count;
  bool enabled, stop, match_any;
  const CelProgram *when;
  RuleCondition *conditions;
  size_t condition_count;
  RuleAction *actions;
  size_t action_count;
  bool has_threshold;
  Value active_windows; /* a list of {days, from, to}; null: always */
  const Zone *active_zone;
  char broken[400]; /* why it cannot be compiled; empty when fine */
};

typedef struct RuleText {
  i64 id, team_id, position;
  Str slug, name, when;
  Value integration_ids, conditions, actions, active_times;
  const Zone *zone; /* the organization's */
  bool enabled, match_any, stop;
} RuleText;

/* Never fails: a rule that does not compile is `broken`, shown as such and skipped. */
const Rule *rule_compile(const App *app, Arena *arena, const RuleText *text);
/* Is this instant within its active times? */
bool rule_is_active(const Rule *rule, Arena *arena, i64 now_ms);
/* Wrong members go through field_error. `old` is NULL for a new one (rule_check.c). */
void rule_check_meaning(struct ResourceCtx *ctx, const Value *old, const Value *fresh);
/* That a `when` can come true; wrong parts go through field_error (rule_never.c). */
void rule_check_when(struct ResourceCtx *ctx, Str when);
enum { RULE_WORDS = 4 }; /* statuses, priorities, tiers: as many of each */
/* The nearest of the words, as a clause. */
Str rule_word_suggested(Arena *arena, Str wrong, const char *const *words);
/* The environment of rules. */
CelEnv *rule_env_new(Arena *arena, ZoneDb *zones);

typedef enum RuleMatch { RULE_MATCHED, RULE_NOT_MATCHED, RULE_ERROR } RuleMatch;
typedef struct RuleResult {
  RuleMatch match;
  Str decided; /* the sub-expression or field row that decided; in the arena */
  Str error;   /* RULE_ERROR: why */
} RuleResult;
/* alert: the map that expressions see (alert_facts in stage_facts.c). */
RuleResult rule_match(const Rule *rule, Arena *arena, const Value *facts, i64 now_ms);
enum { RULE_FACT_COUNT = 5 };
/* The variables of programs of rule_env, by slot, out of alert_facts. */
void rule_vars(const Value *facts, Value out[RULE_FACT_COUNT]);

#endif

/* Compiles rules and asks them. A missing field makes a condition false; any other failure is "error, not matched". */
#include <stdio.h>
#include <string.h>

#include "core/alerts/rule.h"
#include "core/oncall/oncall.h"
#include "core/setup/internal.h"
#include "lang/json.h"

const char *const ACTION_NAMES[ACTION_TYPE_COUNT] = {"set",       "suppress",        "unsuppress", "pause",
                                                     "threshold", "create_incident", "page",       "run_runbook",
                                                     "notify",    "snooze"};

/* Variables by slot: one, the facts map, under the names people use. */

/* The first RULE_FACT_COUNT have values; the rest declares their fields, so that a misspelt one is found when a rule is
 * saved, and names that people look for in vain. */
static const CelVar RULE_VARS[] = {
    {"alert", "dyn", "The alert as it is now."},
    {"labels", "map(string, dyn)", "The alert's labels; the same as alert.labels."},
    {"service", "dyn", "The service that was found; null when none."},
    {"integration", "dyn", "Where the alert came from; null when made by hand."},
    {"now", "timestamp", "When the rule is asked."},
    {"payload", "dyn",
     "rules see the alert, not the body it came in, because they are asked again later; let the integration's "
     "overrides "
     "make a label of it, such as overrides.labels, and ask for labels.x",
     .absent = true},
    {"incident", "dyn",
     "rules decide about an alert before there is an incident; create_incident has its title and severity",
     .absent = true},
    /* What other products call it. */
    {"alert.name", "dyn", "an alert's name is its title: alert.title", .field = true, .absent = true},
    {"alert.message", "dyn", "it is alert.title, and alert.description for more", .field = true, .absent = true},
    {"alert.providerType", "dyn", "the vendor is integration.template", .field = true, .absent = true},
    {"alert.provider_type", "dyn", "the vendor is integration.template", .field = true, .absent = true},
    {"alert.providerId", "dyn", "the source is integration.slug", .field = true, .absent = true},
    {"alert.startedAt", "dyn", "it is alert.starts_at", .field = true, .absent = true},
    {"alert.firingStartTime", "dyn", "it is alert.starts_at", .field = true, .absent = true},
    {"alert.lastReceived", "dyn", "a rule is asked when the alert comes, so it is now", .field = true, .absent = true},
    {"alert.firingCounter", "dyn", "it is alert.count", .field = true, .absent = true},
    {"alert.payload", "dyn", "let the integration's overrides make a label of it, and ask for labels.x", .field = true,
     .absent = true},
    /* What alert_facts (stage_facts.c) fills in. */
    {"alert.id", "string", "Its id.", .field = true},
    {"alert.number", "string", "Its number, such as ALERT-7.", .field = true},
    {"alert.title", "string", "What is wrong, in a line.", .field = true},
    {"alert.description", "string", "More about it.", .field = true},
    {"alert.status", "string", "triggered, acknowledged, resolved or dismissed.", .field = true},
    {"alert.priority", "dyn", "p1 to p4; null when none.", .field = true},
    {"alert.source_priority", "string", "The vendor's own word for it.", .field = true},
    {"alert.severity", "string", "The same as alert.source_priority.", .field = true},
    {"alert.dedup_key", "string", "What makes it the same problem.", .field = true},
    {"alert.fingerprint", "string", "The same as alert.dedup_key.", .field = true},
    {"alert.source", "string", "What noticed it.", .field = true},
    {"alert.labels", "map(string, dyn)", "Words by name.", .field = true},
    {"alert.count", "int", "How often it was reported.", .field = true},
    {"alert.episode", "int", "How often it was opened.", .field = true},
    {"alert.service", "dyn", "Name of the service; null when none.", .field = true},
    {"alert.service_id", "dyn", "Id of the service; null when none.", .field = true},
    {"alert.team", "dyn", "Name of the team; null when none.", .field = true},
    {"alert.integration", "dyn", "As integration.", .field = true},
    {"alert.links", "list(dyn)", "Links: href and title.", .field = true},
    {"alert.url", "dyn", "Where the first link leads; null when none.", .field = true},
    {"alert.environment", "dyn", "The label environment or env; null when none.", .field = true},
    {"alert.starts_at", "timestamp", "Since when.", .field = true},
    {"alert.timestamp", "int", "The same in milliseconds since 1970.", .field = true},
    {"service.id", "string", "Its id.", .field = true},
    {"service.slug", "string", "Its name in addresses and files.", .field = true},
    {"service.name", "string", "What people call it.", .field = true},
    {"service.tier", "string", "tier1 is the most important.", .field = true},
    {"service.labels", "map(string, dyn)", "Words by name.", .field = true},
    {"integration.id", "string", "Its id.", .field = true},
    {"integration.slug", "string", "Its name in addresses and files.", .field = true},
    {"integration.name", "string", "What people call it.", .field = true},
    {"integration.template", "string", "The vendor's name in the catalog.", .field = true},
};

CelEnv *rule_env_new(Arena *arena, ZoneDb *zones) {
  CelEnvOptions options = {.vars = RULE_VARS, .var_count = COUNT(RULE_VARS), .zones = zones};
  return cel_env_new(arena, &options);
}

/* Compiling ------------------------------------------------------------------------------------------------------- */

typedef struct Compiling {
  const App *app;
  Arena *arena;
  Rule *rule;
  const char *list; /* "actions" or "conditions": where it is, and the index in it */
  size_t index;
  Error err; /* the first */
  bool ok;
} Compiling;

static size_t list_count(const Value *list) {
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

/* `member` of the item that is being compiled; "when" of the rule. */
static void broken(Compiling *c, const char *member, const Error *why) {
  if (!c->ok) return;
  c->ok = false;
  c->err = *why;
  if (c->list)
    snprintf(c->err.pointer, sizeof c->err.pointer, "/%s/%zu/%s", c->list, c->index, member);
  else
    snprintf(c->err.pointer, sizeof c->err.pointer, "/%s", member);
  error_prefix(&c->err, "%s: ", member);
}

static const CelProgram *compile_cel(Compiling *c, Str source, const char *member) {
  const CelProgram *program = NULL;
  Error why = {0};
  if (!cel_compile(c->arena, c->app->rule_env, source, NULL, &program, &why)) broken(c, member, &why);
  return program;
}

static const Mustache *compile_template(Compiling *c, const Value *text, const char *member) {
  if (!value_is(text, VALUE_STRING)) return NULL;
  MustacheOptions options = {.context = MUSTACHE_TEXT, .cel_env = c->app->rule_env};
  const Mustache *made = NULL;
  Error why = {0};
  if (!mustache_compile(c->arena, value_text(text), &options, &made, &why)) broken(c, member, &why);
  return made;
}

static i32 priority_of(Str text) {
  if (text.len != 2 || (text.ptr[0] != 'p' && text.ptr[0] != 'P') || text.ptr[1] < '1' || text.ptr[1] > '4') return 0;
  return text.ptr[1] - '0';
}

static void compile_set(Compiling *c, const Value *json, RuleAction *out) {
  const Value *priority = value_get_c(json, "priority"), *labels = value_get_c(json, "labels");
  Str text = value_text_or(priority, STR_NONE);
  out->priority = priority_of(text);
  if (value_is(priority, VALUE_STRING) && out->priority == 0)
    out->priority_text = compile_template(c, priority, "priority");
  out->service_id = setup_ref(value_get_c(json, "service_id"));
  out->title = compile_template(c, value_get_c(json, "title"), "title");
  if (!value_is(labels, VALUE_MAP)) return;
  out->labels = ARENA_ARRAY(c->arena, SetLabel, labels->size);
  for (size_t i = 0; i < labels->size; i++)
    out->labels[out->label_count++] = (SetLabel){.name = str_copy(c->arena, value_text(&labels->members[i].key)),
                                                 .value = compile_template(c, &labels->members[i].value, "labels")};
}

static bool flag_of(const Value *json, const char *name) {
  return value_bool_or(value_get_c(json, name), false);
}

static void compile_incident(Compiling *c, const Value *json, RuleAction *out) {
  const Value *groups = value_get_c(json, "group_by");
  out->severity = value_int_or(value_get_c(json, "severity"), -1);
  out->title = compile_template(c, value_get_c(json, "title"), "title");
  out->window_s = value_int_or(value_get_c(json, "window_s"), -1);
  out->max_window_s = value_int_or(value_get_c(json, "max_window_s"), -1);
  out->extend = flag_of(json, "extend");
  const Value *auto_resolve = value_get_c(json, "auto_resolve");
  out->auto_resolve = value_is(auto_resolve, VALUE_BOOL) ? auto_resolve->b : -1;
  out->auto_resolve_after_s = value_int_or(value_get_c(json, "auto_resolve_after_s"), -1);
  out->missing_group = str_equal_c(value_text_or(value_get_c(json, "missing"), STR_NONE), "group");
  out->kind = value_text_or(value_get_c(json, "kind"), S("normal"));
  out->group_by = ARENA_ARRAY(c->arena, const CelProgram *, list_count(groups));
  for (size_t i = 0; i < list_count(groups); i++)
    out->group_by[out->group_by_count++] = compile_cel(c, value_text_or(value_at(groups, i), STR_NONE), "group_by");
}

static void compile_action(Compiling *c, const Value *json, RuleAction *out) {
  Str type = value_text_or(value_get_c(json, "type"), STR_NONE);
  out->type = ACTION_TYPE_COUNT;
  for (int i = 0; i < ACTION_TYPE_COUNT; i++)
    if (str_equal_c(type, ACTION_NAMES[i])) out->type = (ActionType)i;
  out->reason = value_text_or(value_get_c(json, "reason"), STR_NONE);
  out->for_s = value_int_or(value_get_c(json, "for_s"), 0);
  out->count = value_int_or(value_get_c(json, "count"), 1);
  out->within_s = value_int_or(value_get_c(json, "within_s"), 60);
  out->policy_id = setup_ref(value_get_c(json, "policy_id"));
  if (out->type == ACTION_SET) compile_set(c, json, out);
  if (out->type == ACTION_CREATE_INCIDENT) compile_incident(c, json, out);
  if (out->type == ACTION_THRESHOLD) c->rule->has_threshold = true;
}

static void split_path(Compiling *c, Str field, RuleCondition *out) {
  Str rest = field, head;
  out->path = ARENA_ARRAY(c->arena, Str, 16);
  /* "labels.a.b" is the label "a.b": label names may hold dots */
  if (str_starts_with(field, S("labels."))) {
    out->path[out->path_count++] = S("labels");
    out->path[out->path_count++] = str_slice(field, 7, field.len);
    return;
  }
  for (bool more = true; more && out->path_count < 16;) {
    more = str_cut(rest, '.', &head, &rest);
    out->path[out->path_count++] = head;
  }
}

static void compile_condition(Compiling *c, const Value *json, RuleCondition *out) {
  out->field = value_text_or(value_get_c(json, "field"), STR_NONE);
  out->op = value_text_or(value_get_c(json, "op"), S("="));
  const Value *value = value_get_c(json, "value");
  out->value = value ? *value : value_null();
  Str field = out->field;
  if (str_starts_with(field, S("alert."))) field = str_slice(field, 6, field.len);
  split_path(c, field, out);
  if (str_equal_c(out->op, "matches") || str_equal_c(out->op, "=~") || str_equal_c(out->op, "!~") ||
      str_equal_c(out->op, "not_matches")) {
    Buf source = buf_new(c->arena, KIB(64));
    buf_puts(&source, "string(alert).matches(");
    json_write_string(&source, value_text_or(value, STR_NONE));
    buf_puts(&source, ")");
    out->regex = compile_cel(c, buf_str(&source), "value");
  }
}

static void take_active_times(Compiling *c, const RuleText *text) {
  const Value *windows = value_get_c(&text->active_times, "windows");
  Str name = value_text_or(value_get_c(&text->active_times, "time_zone"), STR_NONE);
  Error ignored = {0};
  c->rule->active_zone = text->zone ? text->zone : zone_utc();
  if (name.len) (void)!zone_find(c->app->zones, name, &c->rule->active_zone, &ignored); /* else the organization's */
  if (value_is(windows, VALUE_LIST)) c->rule->active_windows = *windows;
}

bool rule_is_active(const Rule *rule, Arena *arena, i64 now_ms) {
  i64 changes_ms = 0;
  if (rule->active_windows.kind != VALUE_LIST) return true;
  return oncall_in_windows(arena, &rule->active_windows, rule->active_zone, (Holidays){0}, now_ms, &changes_ms);
}

static const Rule *compile(const App *app, Arena *arena, const RuleText *text, Error *out_why) {
  Rule *rule = ARENA_NEW(arena, Rule);
  Compiling c = {.app = app, .arena = arena, .rule = rule, .ok = true};
  rule->id = text->id;
  rule->team_id = text->team_id;
  rule->position = text->position;
  rule->slug = text->slug;
  rule->name = text->name;
  rule->enabled = text->enabled;
  rule->stop = text->stop;
  rule->match_any = text->match_any;
  rule->integration_ids = ARENA_ARRAY(arena, i64, list_count(&text->integration_ids));
  for (size_t i = 0; i < list_count(&text->integration_ids); i++)
    rule->integration_ids[rule->integration_count++] = setup_ref(value_at(&text->integration_ids, i));
  if (!str_is_blank(text->when)) rule->when = compile_cel(&c, text->when, "when");
  rule->conditions = ARENA_ARRAY(arena, RuleCondition, list_count(&text->conditions));
  for (c.list = "conditions", c.index = 0; c.index < list_count(&text->conditions); c.index++)
    compile_condition(&c, value_at(&text->conditions, c.index), &rule->conditions[rule->condition_count++]);
  rule->actions = ARENA_ARRAY(arena, RuleAction, list_count(&text->actions));
  for (c.list = "actions", c.index = 0; c.index < list_count(&text->actions); c.index++)
    compile_action(&c, value_at(&text->actions, c.index), &rule->actions[rule->action_count++]);
  take_active_times(&c, text);
  if (!c.ok)
    snprintf(rule->broken, sizeof rule->broken, "%.*s", (int)sizeof rule->broken - 1,
             str_to_c(arena, str_format(arena, "%s: %s", c.err.pointer + 1, c.err.message)));
  *out_why = c.err;
  return rule;
}

const Rule *rule_compile(const App *app, Arena *arena, const RuleText *text) {
  Error why = {0}; /* the rule says it itself */
  return compile(app, arena, text, &why);
}

bool alert_rule_check(const App *app, const Value *rule, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  RuleText text = {.when = value_text_or(value_get_c(rule, "when"), STR_NONE)};
  const Value *conditions = value_get_c(rule, "conditions"), *actions = value_get_c(rule, "actions");
  if (conditions) text.conditions = *conditions;
  if (actions) text.actions = *actions;
  Error why = {0};
  const Rule *made = compile(app, arena, &text, &why);
  if (made->broken[0] == 0) return true;
  *err = why;
  err->code = ERR_INVALID;
  return false;
}

/* Asking ---------------------------------------------------------------------------------------------------------- */

/* service.tier is the service's; "service" alone is its name, as the alert says it. */
static const Value *follow(const Value *facts, const RuleCondition *condition) {
  bool of_service = condition->path_count > 1 && str_equal_c(condition->path[0], "service");
  const Value *at = of_service ? facts : value_get_c(facts, "alert");
  for (size_t i = 0; i < condition->path_count && at; i++) at = value_get(at, condition->path[i]);
  return at;
}

static bool number_of(const Value *v, double *out) {
  if (!v) return false;
  if (v->kind == VALUE_INT)
    *out = (double)v->i;
  else if (v->kind == VALUE_DOUBLE)
    *out = v->d;
  else if (v->kind == VALUE_STRING)
    return str_to_double(value_text(v), out);
  else
    return false;
  return true;
}

static bool text_equal(Arena *arena, const Value *have, const Value *want) {
  if (value_equal(have, want)) return true;
  if (have->kind == VALUE_LIST || have->kind == VALUE_MAP || want->kind == VALUE_LIST) return false;
  return str_equal(value_display(arena, have), value_display(arena, want));
}

static bool in_list(Arena *arena, const Value *have, const Value *list) {
  for (size_t i = 0; i < list_count(list); i++)
    if (text_equal(arena, have, value_at(list, i))) return true;
  return false;
}

static bool regex_match(const RuleCondition *condition, Arena *arena, const Value *have, Str *out_error) {
  Value vars[COUNT(RULE_VARS)] = {value_string(value_display(arena, have))};
  CelRun run = {.vars = vars};
  Value result = value_null();
  Error err = {0};
  if (condition->regex && cel_eval(condition->regex, arena, &run, &result, &err)) return value_bool_or(&result, false);
  *out_error = str_copy(arena, str_from_c(err.message));
  return false;
}

static bool is_empty(const Value *v) {
  return !v || v->kind == VALUE_NULL || (v->kind == VALUE_STRING && v->size == 0);
}

/* Field rows: the ops of the alert-rules resource. An absent field fails every op but not_exists, != and the not_ ones.
 */
static bool condition_holds(const RuleCondition *condition, Arena *arena, const Value *facts, Str *out_error) {
  const Value *have = follow(facts, condition);
  Str op = condition->op;
  if (str_equal_c(op, "exists")) return !is_empty(have);
  if (str_equal_c(op, "not_exists")) return is_empty(have);
  bool negated = str_starts_with(op, S("not_")) || str_starts_with(op, S("!"));
  if (is_empty(have) && !(have && have->kind == VALUE_STRING)) return negated;
  Str text = value_display(arena, have), want = value_display(arena, &condition->value);
  if (str_equal_c(op, "=") || str_equal_c(op, "equals") || str_equal_c(op, "=="))
    return text_equal(arena, have, &condition->value);
  if (str_equal_c(op, "!=") || str_equal_c(op, "not_equals")) return !text_equal(arena, have, &condition->value);
  if (str_equal_c(op, "contains")) return str_find(text, want, 0) != SIZE_MAX;
  if (str_equal_c(op, "not_contains")) return str_find(text, want, 0) == SIZE_MAX;
  if (str_equal_c(op, "starts_with")) return str_starts_with(text, want);
  if (str_equal_c(op, "ends_with")) return str_ends_with(text, want);
  if (str_equal_c(op, "in")) return in_list(arena, have, &condition->value);
  if (str_equal_c(op, "not_in")) return !in_list(arena, have, &condition->value);
  if (condition->regex) return regex_match(condition, arena, have, out_error) != negated;
  double a = 0, b = 0;
  if (!number_of(have, &a) || !number_of(&condition->value, &b)) return false;
  if (str_equal_c(op, ">")) return a > b;
  if (str_equal_c(op, ">=")) return a >= b;
  if (str_equal_c(op, "<")) return a < b;
  return str_equal_c(op, "<=") && a <= b;
}

static Str condition_text(Arena *arena, const RuleCondition *condition) {
  return str_format(arena, "%.*s %.*s %.*s", STR_ARG(condition->field), STR_ARG(condition->op),
                    STR_ARG(value_display(arena, &condition->value)));
}

static RuleResult match_rows(const Rule *rule, Arena *arena, const Value *facts) {
  RuleResult result = {.match = rule->match_any ? RULE_NOT_MATCHED : RULE_MATCHED, .decided = S("every condition")};
  if (rule->match_any) result.decided = S("no condition");
  for (size_t i = 0; i < rule->condition_count; i++) {
    Str error = STR_NONE;
    bool holds = condition_holds(&rule->conditions[i], arena, facts, &error);
    if (error.len)
      return (RuleResult){.match = RULE_ERROR, .error = error, .decided = condition_text(arena, &rule->conditions[i])};
    if (holds == !rule->match_any) continue; /* all: it holds, look on; any: it does not, look on */
    return (RuleResult){.match = holds ? RULE_MATCHED : RULE_NOT_MATCHED,
                        .decided = condition_text(arena, &rule->conditions[i])};
  }
  if (rule->condition_count == 0)
    return (RuleResult){.match = RULE_MATCHED, .decided = S("a rule without conditions takes everything")};
  return result;
}

void rule_vars(const Value *facts, Value out[RULE_FACT_COUNT]) {
  for (size_t i = 0; i < RULE_FACT_COUNT; i++) {
    const Value *v = value_get_c(facts, RULE_VARS[i].name);
    out[i] = v ? *v : value_null();
  }
}

static RuleResult match_cel(const Rule *rule, Arena *arena, const Value *facts, i64 now_ms) {
  Value vars[RULE_FACT_COUNT];
  rule_vars(facts, vars);
  CelRun run = {.vars = vars, .now_ms = now_ms, .explain = true};
  Value result = value_null();
  Error err = {0};
  Str source = cel_source(rule->when);
  if (!cel_eval(rule->when, arena, &run, &result, &err)) {
    if (err.code == ERR_MISSING)
      return (RuleResult){.match = RULE_NOT_MATCHED, .decided = str_copy(arena, str_from_c(err.message))};
    return (RuleResult){.match = RULE_ERROR, .decided = source, .error = str_copy(arena, str_from_c(err.message))};
  }
  if (result.kind != VALUE_BOOL)
    return (RuleResult){.match = RULE_ERROR, .decided = source, .error = S("the expression is not a yes or no")};
  return (RuleResult){.match = result.b ? RULE_MATCHED : RULE_NOT_MATCHED,
                      .decided = str_slice(source, run.decided_from, MIN(run.decided_to, source.len))};
}

RuleResult rule_match(const Rule *rule, Arena *arena, const Value *facts, i64 now_ms) {
  if (rule->broken[0]) return (RuleResult){.match = RULE_ERROR, .error = str_from_c(rule->broken)};
  if (!rule->when) return match_rows(rule, arena, facts);
  RuleResult result = match_cel(rule, arena, facts, now_ms);
  if (result.match == RULE_MATCHED && rule->condition_count > 0) return match_rows(rule, arena, facts);
  return result;
}

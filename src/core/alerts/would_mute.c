/* How quiet would a rule make it? */
#include "core/alerts/would_mute.h"

#include "core/alerts/batch.h"

enum { LOOKED_AT_MAX = 2000, DAYS = 7 };

static const DbStmt OPEN = {
    "would_mute_open",
    "SELECT id FROM alert WHERE org_id = $1 AND status IN ('triggered', 'acknowledged') AND $2 >= "
    "0 ORDER BY priority DESC, id DESC LIMIT $3",
    NULL};
static const DbStmt RECENT = {"would_mute_recent",
                              "SELECT id FROM alert WHERE org_id = $1 AND status_changed_at >= $2 ORDER BY "
                              "status_changed_at DESC, id DESC LIMIT $3",
                              NULL};

typedef struct Ids {
  Arena *arena;
  VEC(i64) items;
} Ids;

static bool take_id(const DbRow *row, void *ctx) {
  Ids *ids = ctx;
  *VEC_PUSH(ids->arena, &ids->items) = db_row_int(row, 0);
  return true;
}

static bool is_held(const Setup *setup, Arena *arena, const Alert *alert, i64 now_ms) {
  Alert copy = *alert;
  Plan plan = {0};
  hold_remove(&copy, "suppressed", 0);
  alert_decide(setup, arena, &copy, setup_integration(setup, copy.integration_id), false, now_ms, &plan);
  return plan.suppressed || plan.pause_ms > now_ms || plan.snooze_ms > now_ms;
}

typedef struct Counting {
  App *app;
  const Setup *with, *without;
  Db *db;
  i64 org_id, now_ms;
  bool complete;
} Counting;

/* At the time when it would have been decided: rules may hold at some hours only. */
static bool count(Counting *c, const DbStmt *stmt, bool then, i64 *out, Error *err) {
  CLEANUP(arena_freep) Arena *list = arena_new();
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Ids ids = {.arena = list};
  DbValue args[] = {db_int(c->org_id), db_int(c->now_ms - DAYS * DAY_MS), db_int(LOOKED_AT_MAX + 1)};
  i64 held = 0;
  if (!db_query(c->db, stmt, COUNT(args), args, take_id, &ids, err)) return false;
  if (ids.items.count > LOOKED_AT_MAX) c->complete = false;
  for (size_t i = 0; i < MIN(ids.items.count, (size_t)LOOKED_AT_MAX); i++) {
    Alert alert = {0};
    bool found = false;
    arena_clear(scratch);
    if (!alert_load(c->db, scratch, ids.items.items[i], &alert, &found, err)) return false;
    i64 at = then ? alert.status_changed_ms : c->now_ms;
    held += found && is_held(c->with, scratch, &alert, at) && !is_held(c->without, scratch, &alert, at);
  }
  return *out = held, true;
}

static bool can_hold(const Rule *rule) {
  for (size_t i = 0; i < rule->action_count; i++) {
    ActionType type = rule->actions[i].type;
    if (type == ACTION_SUPPRESS || type == ACTION_PAUSE || type == ACTION_SNOOZE || type == ACTION_THRESHOLD)
      return true;
  }
  return false;
}

static Value member(const Value *rule, const char *name) {
  const Value *v = value_get_c(rule, name);
  return v ? *v : value_null();
}

const Rule *alert_rule_compiled(const App *app, Arena *arena, const Zone *zone, const Value *rule) {
  RuleText text = {.id = setup_ref(value_get_c(rule, "id")),
                   .team_id = setup_ref(value_get_c(rule, "team_id")),
                   .slug = value_text_or(value_get_c(rule, "slug"), STR_NONE),
                   .name = value_text_or(value_get_c(rule, "name"), STR_NONE),
                   .position = value_int_or(value_get_c(rule, "position"), 0),
                   .integration_ids = member(rule, "integration_ids"),
                   .enabled = value_bool_or(value_get_c(rule, "enabled"), true),
                   .when = value_text_or(value_get_c(rule, "when"), STR_NONE),
                   .conditions = member(rule, "conditions"),
                   .active_times = member(rule, "active_times"),
                   .zone = zone,
                   .match_any = str_equal_c(value_text_or(value_get_c(rule, "match"), STR_NONE), "any"),
                   .actions = member(rule, "actions"),
                   .stop = value_bool_or(value_get_c(rule, "stop"), false)};
  return rule_compile(app, arena, &text);
}

bool alert_rule_would_mute(App *app, const Setup *setup, Db *db, Arena *arena, i64 org_id, const Value *rule_value,
                           Value *out, Error *err) {
  const SetupOrg *org = setup_org(setup, org_id);
  const Rule *rule = alert_rule_compiled(app, arena, org ? org->zone : NULL, rule_value);
  i64 open = 0, recent = 0;
  *out = value_null();
  if (!rule->enabled || rule->broken[0] || !can_hold(rule)) return true;
  Counting c = {.app = app,
                .with = setup_with_rule(arena, setup, org_id, rule->id, rule),
                .without = setup_with_rule(arena, setup, org_id, rule->id, NULL),
                .db = db,
                .org_id = org_id,
                .now_ms = clock_now(&app->clock),
                .complete = true};
  if (!count(&c, &OPEN, false, &open, err) || !count(&c, &RECENT, true, &recent, err)) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "open", value_int(open));
  map_put_c(&map, "last_7_days", value_int(recent));
  map_put_c(&map, "complete", value_bool(c.complete));
  *out = map_done(&map);
  return true;
}

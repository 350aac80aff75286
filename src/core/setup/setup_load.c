/* Builds the picture from the database: one statement per kind, rows sorted by id, texts and JSON in the picture's
 * arena. People are in load_people.c, cells in load_cells.c. */
#include "catalog/channel.h"
#include <stdlib.h>

#include "core/alerts/rule.h"
#include "core/oncall/oncall.h"
#include "core/setup/load.h"

/* Organizations --------------------------------------------------------------------------------------------------- */

static const DbStmt ORGS = {
    "setup_orgs", "SELECT id, slug, name, time_zone, policy_id, defaults, retention FROM organization ORDER BY id",
    NULL};

static bool read_org(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value defaults = load_json(load, row, 5), retention = load_json(load, row, 6);
  *VEC_PUSH(load->arena, &load->setup->orgs) = (SetupOrg){
      .id = db_row_int(row, 0),
      .slug = db_row_text(row, 1, load->arena),
      .name = db_row_text(row, 2, load->arena),
      .zone = load_zone(load, row, 3, zone_utc()),
      .policy_id = db_row_int(row, 4),
      .keep = setup_keep(&retention),
      .defaults = setup_defaults(&defaults),
  };
  return true;
}

/* Services, schedules, policies ----------------------------------------------------------------------------------- */

#define SERVICES_SELECT                                                                                                \
  "SELECT id, org_id, team_id, policy_id, slug, name, tier, urgency, failure_severity, labels, aliases FROM service "
static const DbStmt SERVICES = {"setup_services", SERVICES_SELECT "ORDER BY id", NULL};
static const DbStmt SERVICE = {"setup_service", SERVICES_SELECT "WHERE id = $1", NULL};

static bool read_service(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  *VEC_PUSH(load->arena, &load->setup->services) = (SetupService){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .team_id = db_row_int(row, 2),
      .policy_id = db_row_int(row, 3),
      .slug = db_row_text(row, 4, load->arena),
      .name = db_row_text(row, 5, load->arena),
      .tier = db_row_text(row, 6, load->arena),
      .urgency = db_row_text(row, 7, load->arena),
      .failure_severity = db_row_is_null(row, 8) ? -1 : db_row_int(row, 8),
      .labels = load_json(load, row, 9),
      .aliases = load_json(load, row, 10),
  };
  return true;
}
const SetupPass SETUP_ONE_SERVICE = {&SERVICE, read_service};

#define SCHEDULES_SELECT                                                                                               \
  "SELECT id, org_id, team_id, slug, name, time_zone, layers, coverage, effective_from, skip_absent FROM schedule "
static const DbStmt SCHEDULES = {"setup_schedules", SCHEDULES_SELECT "ORDER BY id", NULL};
static const DbStmt SCHEDULE = {"setup_schedule", SCHEDULES_SELECT "WHERE id = $1", NULL};

static Coverage coverage_of(Str word) {
  if (str_equal_c(word, "windows")) return COVERAGE_WINDOWS;
  return str_equal_c(word, "best_effort") ? COVERAGE_BEST_EFFORT : COVERAGE_ALWAYS;
}

static bool read_schedule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  *VEC_PUSH(load->arena, &load->setup->schedules) = (SetupSchedule){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .team_id = db_row_int(row, 2),
      .slug = db_row_text(row, 3, load->arena),
      .name = db_row_text(row, 4, load->arena),
      .zone = load_zone(load, row, 5, zone_utc()),
      .layers = load_json(load, row, 6),
      .coverage = coverage_of(db_row_peek(row, 7)),
      .effective_ms = db_row_int(row, 8),
      .skip_absent = db_row_int(row, 9) != 0,
  };
  return true;
}

const SetupPass SETUP_ONE_SCHEDULE = {&SCHEDULE, read_schedule};

static const DbStmt CONNECTORS = {
    "setup_connectors",
    "SELECT id, org_id, position, name, secret, settings, channel, enabled, signing_secret FROM connector ORDER BY id",
    NULL};

static bool read_connector(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  *VEC_PUSH(load->arena, &load->setup->connectors) =
      (SetupConnector){.id = db_row_int(row, 0),
                       .org_id = db_row_int(row, 1),
                       .position = db_row_int(row, 2),
                       .name = db_row_text(row, 3, load->arena),
                       .secret = load_secret_text(load, row, 4, db_row_int(row, 1), "secret"),
                       .settings = load_json(load, row, 5),
                       .channel = channel_find(load->app->catalog, db_row_peek(row, 6)),
                       .enabled = db_row_int(row, 7) != 0,
                       .signing_secret = load_secret_text(load, row, 8, db_row_int(row, 1), "signing_secret")};
  return true;
}

#define POLICIES_SELECT                                                                                                \
  "SELECT id, org_id, team_id, slug, name, urgency, levels, \"repeat\", exhausted, ack_timeout_s, version, "           \
  "on_empty, page_newcomers, stop_previous_on_escalate FROM escalation_policy "
static const DbStmt POLICIES = {"setup_policies", POLICIES_SELECT "ORDER BY id", NULL};
static const DbStmt POLICY = {"setup_policy", POLICIES_SELECT "WHERE id = $1", NULL};

static SetupTarget *read_targets(Arena *arena, const Value *list, size_t *out_count) {
  static const char *const KINDS[] = {"user", "schedule", "team", "channel"};
  SetupTarget *targets = ARENA_ARRAY(arena, SetupTarget, load_count(list));
  for (size_t i = 0; i < load_count(list); i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE);
    for (size_t k = 0; k < COUNT(KINDS); k++)
      if (str_equal_c(kind, KINDS[k]))
        targets[(*out_count)++] =
            (SetupTarget){.kind = (TargetKind)k, .id = setup_ref(value_get_c(value_at(list, i), "id"))};
  }
  return targets;
}

static void read_level(Arena *arena, const Value *level, SetupLevel *out) {
  const Value *when = value_get_c(level, "when");
  out->wait_s = load_seconds(level, "wait_s", 300);
  out->attempts = load_seconds(level, "attempts", 1);
  out->round_robin = str_equal_c(value_text_or(value_get_c(level, "strategy"), STR_NONE), "round_robin");
  out->until_resolved = str_equal_c(value_text_or(value_get_c(level, "until"), STR_NONE), "resolved");
  out->when = value_is(when, VALUE_MAP) ? *when : value_null();
  out->targets = read_targets(arena, value_get_c(level, "targets"), &out->target_count);
}

static void read_levels(Arena *arena, const Value *levels, const Value *exhausted, SetupPolicy *out) {
  out->level_count = load_count(levels);
  out->levels = ARENA_ARRAY(arena, SetupLevel, out->level_count);
  for (size_t i = 0; i < out->level_count; i++) read_level(arena, value_at(levels, i), &out->levels[i]);
  out->exhausted = read_targets(arena, exhausted, &out->exhausted_count);
}

static OnEmpty read_on_empty(Str word) {
  if (str_equal_c(word, "hold_until_someone")) return ON_EMPTY_HOLD;
  return str_equal_c(word, "fallback_target") ? ON_EMPTY_FALLBACK : ON_EMPTY_NEXT;
}

static bool read_policy(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value levels = load_json(load, row, 6), exhausted = load_json(load, row, 8);
  SetupPolicy policy = {.id = db_row_int(row, 0),
                        .org_id = db_row_int(row, 1),
                        .team_id = db_row_int(row, 2),
                        .slug = db_row_text(row, 3, load->arena),
                        .name = db_row_text(row, 4, load->arena),
                        .urgency = db_row_text(row, 5, load->arena),
                        .repeat = db_row_int(row, 7),
                        .ack_timeout_s = db_row_int(row, 9),
                        .version = db_row_int(row, 10),
                        .on_empty = read_on_empty(db_row_peek(row, 11)),
                        .page_newcomers = db_row_int(row, 12) != 0,
                        .stop_previous = db_row_int(row, 13) != 0};
  read_levels(load->arena, &levels, &exhausted, &policy);
  *VEC_PUSH(load->arena, &load->setup->policies) = policy;
  return true;
}

const SetupPass SETUP_ONE_POLICY = {&POLICY, read_policy};

SetupPolicy setup_draft_policy(Arena *arena, i64 org_id, const Value *fields) {
  SetupPolicy policy = {.org_id = org_id,
                        .team_id = setup_ref(value_get_c(fields, "team_id")),
                        .name = value_text_or(value_get_c(fields, "name"), STR_NONE),
                        .urgency = value_text_or(value_get_c(fields, "urgency"), S("by_priority")),
                        .repeat = value_int_or(value_get_c(fields, "repeat"), 3),
                        .ack_timeout_s = value_int_or(value_get_c(fields, "ack_timeout_s"), 0),
                        .on_empty = read_on_empty(value_text_or(value_get_c(fields, "on_empty"), STR_NONE)),
                        .page_newcomers = value_bool_or(value_get_c(fields, "page_newcomers"), true),
                        .stop_previous = value_bool_or(value_get_c(fields, "stop_previous_on_escalate"), false)};
  read_levels(arena, value_get_c(fields, "levels"), value_get_c(fields, "exhausted"), &policy);
  return policy;
}

/* Integrations and keys
 * ------------------------------------------------------------------------------------------------ */

#define INTEGRATIONS_SELECT                                                                                            \
  "SELECT id, org_id, team_id, service_id, policy_id, slug, name, \"key\", template, secret, enabled, quiet, "         \
  "dedup_scope, "                                                                                                      \
  "default_priority, reopen_window_s, resolve_after_s, late_window_s, time_zone, overrides, filter, "                  \
  "flap_count, flap_window_s, flap_quiet_s "                                                                           \
  "FROM integration "
static const DbStmt INTEGRATIONS = {"setup_integrations", INTEGRATIONS_SELECT "ORDER BY id", NULL};
static const DbStmt INTEGRATION = {"setup_integration", INTEGRATIONS_SELECT "WHERE id = $1", NULL};

static void read_expressions(Loading *load, SetupIntegration *integration, const Value *overrides, Str filter) {
  const CelProgram **slots = ARENA_ARRAY(load->arena, const CelProgram *, catalog_field_count());
  Error err = {0};
  for (size_t i = 0; value_is(overrides, VALUE_MAP) && i < overrides->size; i++) {
    Str field = value_text(&overrides->members[i].key);
    Str source = value_text_or(&overrides->members[i].value, STR_NONE);
    i32 slot = catalog_field_slot(field);
    if (slot < 0 || !catalog_override_compile(load->app->catalog, load->arena, field, source, &slots[slot], &err))
      log_warn("setup", "integration %.*s: ignoring override %.*s: %s", STR_ARG(integration->slug), STR_ARG(field),
               err.message);
  }
  integration->settings.overrides = slots;
  if (filter.len &&
      !catalog_filter_compile(load->app->catalog, load->arena, filter, &integration->settings.filter, &err))
    log_warn("setup", "integration %.*s: ignoring the filter: %s", STR_ARG(integration->slug), err.message);
}

static bool read_integration(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  const SetupOrg *org = setup_org(load->setup, db_row_int(row, 1));
  SetupIntegration in = {.id = db_row_int(row, 0),
                         .org_id = db_row_int(row, 1),
                         .team_id = db_row_int(row, 2),
                         .service_id = db_row_int(row, 3),
                         .policy_id = db_row_int(row, 4),
                         .slug = db_row_text(row, 5, load->arena),
                         .name = db_row_text(row, 6, load->arena),
                         .key = db_row_text(row, 7, load->arena),
                         .template_name = db_row_text(row, 8, load->arena),
                         .secret = load_secret_text(load, row, 9, db_row_int(row, 1), "secret"),
                         .enabled = db_row_int(row, 10) != 0,
                         .quiet = db_row_int(row, 11) != 0,
                         .shared_space = str_equal_c(db_row_peek(row, 12), "organization")};
  if (!org) return true;
  Str priority = db_row_peek(row, 13);
  if (priority.len == 2 && priority.ptr[0] == 'p') in.default_priority = priority.ptr[1] - '0';
  in.reopen_window_s = db_row_is_null(row, 14) ? org->defaults.reopen_window_s : db_row_int(row, 14);
  in.resolve_after_s = db_row_is_null(row, 15) ? org->defaults.resolve_after_s : db_row_int(row, 15);
  in.flap_count = db_row_is_null(row, 20) ? org->defaults.flap_count : db_row_int(row, 20);
  in.flap_window_s = db_row_is_null(row, 21) ? org->defaults.flap_window_s : db_row_int(row, 21);
  in.flap_quiet_s = db_row_is_null(row, 22) ? org->defaults.flap_quiet_s : db_row_int(row, 22);
  in.late_window_s = db_row_is_null(row, 16) ? org->defaults.late_window_s : db_row_int(row, 16);
  in.zone = load_zone(load, row, 17, org->zone);
  in.spec = catalog_find(load->app->catalog, in.template_name);
  in.settings = (NormaliseSettings){
      .integration_id = in.id, .secret = in.secret, .zone = in.zone, .limits = org->defaults.limits};
  Value overrides = load_json(load, row, 18);
  read_expressions(load, &in, &overrides, db_row_text(row, 19, load->arena));
  *VEC_PUSH(load->arena, &load->setup->integrations) = in;
  return true;
}

const SetupPass SETUP_ONE_INTEGRATION = {&INTEGRATION, read_integration};

/* Rules ----------------------------------------------------------------------------------------------------------- */

#define RULES_SELECT                                                                                                   \
  "SELECT id, org_id, team_id, slug, name, integration_ids, position, enabled, \"when\", "                             \
  "conditions, \"match\", actions, "                                                                                   \
  "stop, active_times FROM alert_rule "
static const DbStmt RULES = {"setup_rules", RULES_SELECT "ORDER BY team_id IS NOT NULL, team_id, position, id", NULL};
static const DbStmt RULE = {"setup_rule", RULES_SELECT "WHERE id = $1", NULL};

static bool read_rule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  SetupOrg *org = (SetupOrg *)(uintptr_t)setup_org(load->setup, db_row_int(row, 1));
  if (!org) return true;
  RuleText text = {.id = db_row_int(row, 0),
                   .team_id = db_row_int(row, 2),
                   .slug = db_row_text(row, 3, load->arena),
                   .name = db_row_text(row, 4, load->arena),
                   .integration_ids = load_json(load, row, 5),
                   .position = db_row_int(row, 6),
                   .enabled = db_row_int(row, 7) != 0,
                   .when = db_row_text(row, 8, load->arena),
                   .conditions = load_json(load, row, 9),
                   .match_any = str_equal_c(db_row_peek(row, 10), "any"),
                   .actions = load_json(load, row, 11),
                   .stop = db_row_int(row, 12) != 0,
                   .active_times = load_json(load, row, 13),
                   .zone = org->zone};
  const Rule *rule = rule_compile(load->app, load->arena, &text);
  org->rules = arena_grow(load->arena, org->rules, org->rule_count * sizeof(*org->rules),
                          (org->rule_count + 1) * sizeof(*org->rules));
  org->rules[org->rule_count++] = rule;
  return true;
}

const SetupPass SETUP_ONE_RULE = {&RULE, read_rule};

/* All of it ------------------------------------------------------------------------------------------------------- */

void load_owners(Setup *setup, Arena *arena, SetupOrg *org) {
  i64 *ids = NULL;
  size_t count = 0, room = 0;
  for (size_t i = 0; i < setup->users_list.count; i++) {
    const SetupUser *user = &setup->users_list.items[i];
    if (user->org_id != org->id || !str_equal_c(user->role, "owner") || str_equal_c(user->status, "deactivated"))
      continue;
    if (count == room) {
      ids = arena_grow(arena, ids, room * sizeof(i64), (room + 8) * sizeof(i64));
      room += 8;
    }
    ids[count++] = user->id;
  }
  org->owner_ids = ids;
  org->owner_count = count;
}

static int by_id(const void *a, const void *b) {
  i64 left = ((const SetupKey *)a)->id, right = ((const SetupKey *)b)->id;
  return (left > right) - (left < right);
}

static void index_services(Setup *setup, Arena *arena) {
  for (size_t i = 0; i < setup->services.count; i++) {
    size_t count = 0;
    const SetupName *names = setup_service_names(arena, &setup->services.items[i], &count);
    for (size_t k = 0; k < count; k++) *VEC_PUSH(arena, &setup->service_names) = names[k];
  }
}

/* Keys and sessions are one list. */
static void index_all(Setup *setup, Arena *arena) {
  if (setup->keys.count) qsort(setup->keys.items, setup->keys.count, sizeof(SetupKey), by_id);
  index_services(setup, arena);
  for (size_t i = 0; i < setup->integrations.count; i++) {
    const SetupIntegration *in = &setup->integrations.items[i];
    *VEC_PUSH(arena, &setup->integration_keys) = (SetupName){hash_keyed(in->key), in->id};
  }
  for (size_t i = 0; i < setup->keys.count; i++) {
    const SetupKey *key = &setup->keys.items[i];
    *VEC_PUSH(arena, &setup->key_hashes) = (SetupName){hash_keyed(key->hash), key->id};
  }
  setup_index_sort(setup->service_names.items, setup->service_names.count);
  setup_index_sort(setup->integration_keys.items, setup->integration_keys.count);
  setup_index_sort(setup->key_hashes.items, setup->key_hashes.count);
}

bool setup_build(App *app, Db *db, Setup *setup, Error *err) {
  static const SetupPass ORGANIZATIONS[] = {{&ORGS, read_org}, {NULL, NULL}};
  static const SetupPass THINGS[] = {{&SERVICES, read_service},
                                     {&SCHEDULES, read_schedule},
                                     {&POLICIES, read_policy},
                                     {&CONNECTORS, read_connector},
                                     {&INTEGRATIONS, read_integration},
                                     {&RULES, read_rule},
                                     {NULL, NULL}};
  static const SetupPass *const TABLES[] = {ORGANIZATIONS, SETUP_PEOPLE, THINGS};
  Arena *arena = setup->base->arena;
  Loading load = {.app = app, .setup = setup, .arena = arena, .roles = map_new(arena)};
  for (size_t t = 0; t < COUNT(TABLES); t++)
    for (const SetupPass *pass = TABLES[t]; pass->stmt; pass++)
      if (!db_query(db, pass->stmt, 0, NULL, pass->row, &load, err)) return false;
  for (size_t i = 0; i < setup->orgs.count; i++) load_owners(setup, arena, &setup->orgs.items[i]);
  index_all(setup, arena);
  return true;
}

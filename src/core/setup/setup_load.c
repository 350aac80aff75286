/* Builds the picture from the database: one statement per kind, rows sorted by id, texts and JSON in the picture's
 * arena. What does not parse (it was checked when it was written) is logged and left out; it never stops the server. */
#include <stdlib.h>

#include "base/seal.h"
#include "core/alerts/rule.h"
#include "core/identity/access.h"
#include "core/oncall/oncall.h"
#include "core/setup/internal.h"
#include "lang/json.h"

const SetupService SETUP_AMBIGUOUS;

typedef struct Loading {
  App *app;
  Setup *setup;
  Arena *arena;
  Map *roles; /* id as text -> Grants */
} Loading;

/* Reading cells --------------------------------------------------------------------------------------------------- */

static Value json_cell(const Loading *load, const DbRow *row, int column) {
  Str text = db_row_text(row, column, load->arena);
  Value value = value_null();
  Error err = {0};
  if (text.len && !json_parse(load->arena, text, NULL, &value, &err)) {
    log_warn("setup", "ignoring column %s of row %lld: %s", db_row_name(row, column), (long long)db_row_int(row, 0),
             err.message);
    value = value_null();
  }
  return value;
}

static Str secret_cell(const Loading *load, const DbRow *row, int column, i64 org_id, const char *field) {
  Str plain = STR_NONE, place = resource_secret_place(load->arena, field, org_id);
  Error err = {0};
  if (!unseal(load->arena, load->app->sealer, db_row_text(row, column, load->arena), place, &plain, &err))
    log_warn("setup", "ignoring the %s of row %lld: %s", field, (long long)db_row_int(row, 0), err.message);
  return plain;
}

static size_t value_count(const Value *list) {
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

static const Zone *zone_cell(const Loading *load, const DbRow *row, int column, const Zone *otherwise) {
  Str name = db_row_peek(row, column);
  const Zone *zone = otherwise;
  Error err = {0};
  if (name.len && !zone_find(load->app->zones, name, &zone, &err)) {
    log_warn("setup", "ignoring a time zone: %s", err.message);
    zone = otherwise;
  }
  return zone;
}

static i64 seconds_of(const Value *map, const char *name, i64 otherwise) {
  return value_int_or(value_get_c(map, name), otherwise);
}

/* Organizations and people ---------------------------------------------------------------------------------------- */

static const DbStmt ORGS = {
    "setup_orgs", "SELECT id, slug, name, time_zone, policy_id, defaults, retention FROM organization ORDER BY id",
    NULL};

static bool read_org(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value defaults = json_cell(load, row, 5), retention = json_cell(load, row, 6);
  *VEC_PUSH(load->arena, &load->setup->orgs) = (SetupOrg){
      .id = db_row_int(row, 0),
      .slug = db_row_text(row, 1, load->arena),
      .name = db_row_text(row, 2, load->arena),
      .zone = zone_cell(load, row, 3, zone_utc()),
      .policy_id = db_row_int(row, 4),
      .keep = setup_keep(&retention),
      .defaults = setup_defaults(&defaults),
  };
  return true;
}

static const DbStmt MADE_ROLES = {"setup_roles", "SELECT id, permissions FROM role ORDER BY id", NULL};

static bool read_role(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value permissions = json_cell(load, row, 1);
  Str key = id_text(load->arena, "rol", db_row_int(row, 0));
  map_set(load->roles, key, (void *)(uintptr_t)access_permissions(load->arena, load->app->access, &permissions));
  return true;
}

static const DbStmt USERS = {
    "setup_users", "SELECT id, org_id, name, email, role, status, time_zone, role_id FROM account ORDER BY id", NULL};

/* A role that is gone permits nothing. */
static const Grants *grants_of(const Loading *load, Str role, i64 role_id) {
  if (role_id == 0) return access_role(load->app->access, role);
  const Grants *made = map_get(load->roles, id_text(load->arena, "rol", role_id));
  return made ? made : access_role(load->app->access, STR_NONE);
}

static bool read_user(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  *VEC_PUSH(load->arena, &load->setup->users_list) = (SetupUser){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .name = db_row_text(row, 2, load->arena),
      .email = db_row_text(row, 3, load->arena),
      .role = db_row_text(row, 4, load->arena),
      .status = db_row_text(row, 5, load->arena),
      .zone = zone_cell(load, row, 6, NULL),
      .role_id = db_row_int(row, 7),
      .grants = grants_of(load, db_row_peek(row, 4), db_row_int(row, 7)),
  };
  return true;
}

static const DbStmt CONTACTS = {
    "setup_contacts",
    "SELECT id, user_id, kind, address, label, verified, broken FROM contact_method ORDER BY user_id, id", NULL};

static SetupUser *user_of(Loading *load, i64 id) {
  return (SetupUser *)(uintptr_t)setup_user(load->setup, id);
}

static bool read_contact(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  SetupUser *user = user_of(load, db_row_int(row, 1));
  if (!user) return true;
  user->contacts = arena_grow(load->arena, user->contacts, user->contact_count * sizeof(SetupContact),
                              (user->contact_count + 1) * sizeof(SetupContact));
  user->contacts[user->contact_count++] = (SetupContact){
      .id = db_row_int(row, 0),
      .kind = db_row_text(row, 2, load->arena),
      .address = db_row_text(row, 3, load->arena),
      .label = db_row_text(row, 4, load->arena),
      .verified = db_row_int(row, 5) != 0,
      .broken = db_row_peek(row, 6).len > 0,
  };
  return true;
}

static const DbStmt NOTIFICATION_RULES = {
    "setup_notification_rules", "SELECT id, user_id, urgency, steps FROM notification_rule ORDER BY id", NULL};

static SetupSteps read_steps(Loading *load, const Value *list) {
  SetupSteps steps = {.items = ARENA_ARRAY(load->arena, SetupStep, value_count(list)), .count = value_count(list)};
  for (size_t i = 0; i < steps.count; i++) {
    const Value *step = value_at(list, i), *ids = value_get_c(step, "contact_method_ids");
    SetupStep *out = &steps.items[i];
    out->delay_s = seconds_of(step, "delay_s", 0);
    out->contact_ids = ARENA_ARRAY(load->arena, i64, value_count(ids));
    for (size_t k = 0; k < value_count(ids); k++) out->contact_ids[out->contact_count++] = setup_ref(value_at(ids, k));
  }
  return steps;
}

static bool read_notification_rule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  SetupUser *user = user_of(load, db_row_int(row, 1));
  Value steps = json_cell(load, row, 3);
  if (!user) return true;
  if (str_equal_c(db_row_peek(row, 2), "high"))
    user->high = read_steps(load, &steps);
  else
    user->low = read_steps(load, &steps);
  return true;
}

static void add_led(const Loading *load, SetupUser *user, i64 team_id) {
  if (!user) return;
  user->led_team_ids =
      arena_grow(load->arena, user->led_team_ids, user->led_count * sizeof(i64), (user->led_count + 1) * sizeof(i64));
  user->led_team_ids[user->led_count++] = team_id;
}

static const DbStmt TEAMS = {"setup_teams", "SELECT id, org_id, policy_id, slug, name, members FROM team ORDER BY id",
                             NULL};

static bool read_team(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value members = json_cell(load, row, 5);
  SetupTeam team = {.id = db_row_int(row, 0),
                    .org_id = db_row_int(row, 1),
                    .policy_id = db_row_int(row, 2),
                    .slug = db_row_text(row, 3, load->arena),
                    .name = db_row_text(row, 4, load->arena),
                    .members = ARENA_ARRAY(load->arena, SetupMember, value_count(&members))};
  for (size_t i = 0; i < value_count(&members); i++) {
    const Value *member = value_at(&members, i);
    Str role = value_text_or(value_get_c(member, "role"), STR_NONE);
    team.members[team.member_count++] = (SetupMember){
        .user_id = setup_ref(value_get_c(member, "user_id")),
        .owner = str_equal_c(role, "owner") || str_equal_c(role, "admin") || str_equal_c(role, "manager")};
  }
  for (size_t i = 0; i < team.member_count; i++)
    if (team.members[i].owner) add_led(load, user_of(load, team.members[i].user_id), team.id);
  *VEC_PUSH(load->arena, &load->setup->teams) = team;
  return true;
}

/* Services, schedules, policies ----------------------------------------------------------------------------------- */

static const DbStmt SERVICES = {
    "setup_services",
    "SELECT id, org_id, team_id, policy_id, slug, name, tier, urgency, failure_severity, labels, aliases FROM service "
    "ORDER BY id",
    NULL};

Str setup_service_key(Arena *arena, i64 org_id, Str name, bool lower) {
  Str key = str_format(arena, "%lld/%.*s", (long long)org_id, STR_ARG(name));
  return lower ? str_lower(arena, key) : key;
}

static void add_name(Map *map, Str key, const SetupService *service) {
  void **slot = map_slot(map, key);
  if (*slot && *slot != service)
    *slot = (void *)(uintptr_t)&SETUP_AMBIGUOUS;
  else
    *slot = (void *)(uintptr_t)service;
}

static void index_service(Loading *load, const SetupService *service, const Value *aliases) {
  for (size_t i = 0; i <= value_count(aliases) + 1; i++) {
    Str name = i == 0 ? service->name : i == 1 ? service->slug : value_text_or(value_at(aliases, i - 2), STR_NONE);
    if (name.len == 0) continue;
    add_name(load->setup->service_by_name, setup_service_key(load->arena, service->org_id, name, false), service);
    add_name(load->setup->service_by_lower, setup_service_key(load->arena, service->org_id, name, true), service);
  }
}

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
      .labels = json_cell(load, row, 9),
  };
  return true;
}

/* A second pass: the services no longer move, so names may point at them. */
static bool read_aliases(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value aliases = json_cell(load, row, 10);
  index_service(load, setup_service(load->setup, db_row_int(row, 0)), &aliases);
  return true;
}

static const DbStmt SCHEDULES = {
    "setup_schedules", "SELECT id, org_id, team_id, slug, name, time_zone, layers FROM schedule ORDER BY id", NULL};

static bool read_schedule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  *VEC_PUSH(load->arena, &load->setup->schedules) = (SetupSchedule){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .team_id = db_row_int(row, 2),
      .slug = db_row_text(row, 3, load->arena),
      .name = db_row_text(row, 4, load->arena),
      .zone = zone_cell(load, row, 5, zone_utc()),
      .layers = json_cell(load, row, 6),
  };
  return true;
}

static const DbStmt POLICIES = {
    "setup_policies",
    "SELECT id, org_id, team_id, slug, name, urgency, levels, \"repeat\", exhausted, ack_timeout_s, version "
    "FROM escalation_policy ORDER BY id",
    NULL};

static SetupTarget *read_targets(const Loading *load, const Value *list, size_t *out_count) {
  static const char *const KINDS[] = {"user", "schedule", "team", "channel"};
  SetupTarget *targets = ARENA_ARRAY(load->arena, SetupTarget, value_count(list));
  for (size_t i = 0; i < value_count(list); i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE);
    for (size_t k = 0; k < COUNT(KINDS); k++)
      if (str_equal_c(kind, KINDS[k]))
        targets[(*out_count)++] =
            (SetupTarget){.kind = (TargetKind)k, .id = setup_ref(value_get_c(value_at(list, i), "id"))};
  }
  return targets;
}

static bool read_policy(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value levels = json_cell(load, row, 6), exhausted = json_cell(load, row, 8);
  SetupPolicy policy = {.id = db_row_int(row, 0),
                        .org_id = db_row_int(row, 1),
                        .team_id = db_row_int(row, 2),
                        .slug = db_row_text(row, 3, load->arena),
                        .name = db_row_text(row, 4, load->arena),
                        .urgency = db_row_text(row, 5, load->arena),
                        .levels = ARENA_ARRAY(load->arena, SetupLevel, value_count(&levels)),
                        .level_count = value_count(&levels),
                        .repeat = db_row_int(row, 7),
                        .ack_timeout_s = db_row_int(row, 9),
                        .version = db_row_int(row, 10)};
  for (size_t i = 0; i < policy.level_count; i++) {
    const Value *level = value_at(&levels, i);
    SetupLevel *out = &policy.levels[i];
    out->wait_s = seconds_of(level, "wait_s", 300);
    out->attempts = seconds_of(level, "attempts", 1);
    out->round_robin = str_equal_c(value_text_or(value_get_c(level, "strategy"), STR_NONE), "round_robin");
    out->targets = read_targets(load, value_get_c(level, "targets"), &out->target_count);
  }
  policy.exhausted = read_targets(load, &exhausted, &policy.exhausted_count);
  *VEC_PUSH(load->arena, &load->setup->policies) = policy;
  return true;
}

/* Integrations and keys
 * ------------------------------------------------------------------------------------------------ */

static const DbStmt INTEGRATIONS = {
    "setup_integrations",
    "SELECT id, org_id, team_id, service_id, policy_id, slug, name, \"key\", template, secret, enabled, quiet, "
    "dedup_scope, "
    "default_priority, reopen_window_s, resolve_after_s, late_window_s, time_zone, overrides, filter "
    "FROM integration ORDER BY id",
    NULL};

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
                         .secret = secret_cell(load, row, 9, db_row_int(row, 1), "secret"),
                         .enabled = db_row_int(row, 10) != 0,
                         .quiet = db_row_int(row, 11) != 0,
                         .shared_space = str_equal_c(db_row_peek(row, 12), "organization")};
  if (!org) return true;
  Str priority = db_row_peek(row, 13);
  if (priority.len == 2 && priority.ptr[0] == 'p') in.default_priority = priority.ptr[1] - '0';
  in.reopen_window_s = db_row_is_null(row, 14) ? org->defaults.reopen_window_s : db_row_int(row, 14);
  in.resolve_after_s = db_row_is_null(row, 15) ? org->defaults.resolve_after_s : db_row_int(row, 15);
  in.late_window_s = db_row_is_null(row, 16) ? org->defaults.late_window_s : db_row_int(row, 16);
  in.zone = zone_cell(load, row, 17, org->zone);
  in.spec = catalog_find(load->app->catalog, in.template_name);
  in.settings = (NormaliseSettings){
      .integration_id = in.id, .secret = in.secret, .zone = in.zone, .limits = org->defaults.limits};
  Value overrides = json_cell(load, row, 18);
  read_expressions(load, &in, &overrides, db_row_text(row, 19, load->arena));
  *VEC_PUSH(load->arena, &load->setup->integrations) = in;
  return true;
}

static const DbStmt KEYS = {
    "setup_keys", "SELECT id, org_id, user_id, hash, name, expires_at, scopes FROM api_key ORDER BY id", NULL};

static bool read_key(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value scopes = json_cell(load, row, 6);
  const SetupUser *user = setup_user(load->setup, db_row_int(row, 2));
  const Grants *grants = access_scopes(load->arena, load->app->access, &scopes);
  *VEC_PUSH(load->arena, &load->setup->keys) = (SetupKey){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .user_id = db_row_int(row, 2),
      .hash = db_row_text(row, 3, load->arena),
      .name = db_row_text(row, 4, load->arena),
      .expires_ms = db_row_int(row, 5),
      .scopes = scopes,
      .grants = user ? grants_both(load->arena, grants, user->grants) : grants,
  };
  return true;
}

static const DbStmt SESSIONS = {"setup_sessions",
                                "SELECT id, org_id, user_id, hash, expires_at FROM session ORDER BY id", NULL};

static bool read_session(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  const SetupUser *user = setup_user(load->setup, db_row_int(row, 2));
  if (!user) return true;
  *VEC_PUSH(load->arena, &load->setup->keys) = (SetupKey){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .user_id = db_row_int(row, 2),
      .hash = db_row_text(row, 3, load->arena),
      .name = S("session"),
      .expires_ms = db_row_int(row, 4),
      .session = true,
      .grants = user->grants,
  };
  return true;
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

static const DbStmt RULES = {"setup_rules",
                             "SELECT id, org_id, team_id, slug, name, integration_ids, position, enabled, \"when\", "
                             "conditions, \"match\", actions, "
                             "stop FROM alert_rule ORDER BY team_id IS NOT NULL, team_id, position, id",
                             NULL};

static bool read_rule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  SetupOrg *org = (SetupOrg *)(uintptr_t)setup_org(load->setup, db_row_int(row, 1));
  if (!org) return true;
  RuleText text = {.id = db_row_int(row, 0),
                   .team_id = db_row_int(row, 2),
                   .slug = db_row_text(row, 3, load->arena),
                   .name = db_row_text(row, 4, load->arena),
                   .integration_ids = json_cell(load, row, 5),
                   .position = db_row_int(row, 6),
                   .enabled = db_row_int(row, 7) != 0,
                   .when = db_row_text(row, 8, load->arena),
                   .conditions = json_cell(load, row, 9),
                   .match_any = str_equal_c(db_row_peek(row, 10), "any"),
                   .actions = json_cell(load, row, 11),
                   .stop = db_row_int(row, 12) != 0};
  const Rule *rule = rule_compile(load->app, load->arena, &text);
  org->rules = arena_grow(load->arena, org->rules, org->rule_count * sizeof(*org->rules),
                          (org->rule_count + 1) * sizeof(*org->rules));
  org->rules[org->rule_count++] = rule;
  return true;
}

/* All of it ------------------------------------------------------------------------------------------------------- */

static void find_owners(Loading *load) {
  for (size_t o = 0; o < load->setup->orgs.count; o++) {
    SetupOrg *org = &load->setup->orgs.items[o];
    org->owners = ARENA_ARRAY(load->arena, const SetupUser *, load->setup->users_list.count + 1);
    for (size_t i = 0; i < load->setup->users_list.count; i++) {
      const SetupUser *user = &load->setup->users_list.items[i];
      if (user->org_id == org->id && str_equal_c(user->role, "owner") && !str_equal_c(user->status, "deactivated"))
        org->owners[org->owner_count++] = user;
    }
  }
}

static int by_id(const void *a, const void *b) {
  i64 left = ((const SetupKey *)a)->id, right = ((const SetupKey *)b)->id;
  return (left > right) - (left < right);
}

/* Keys and sessions are one list. */
static void index_all(Loading *load) {
  Setup *setup = load->setup;
  if (setup->keys.count) qsort(setup->keys.items, setup->keys.count, sizeof(SetupKey), by_id);
  for (size_t i = 0; i < setup->integrations.count; i++)
    map_set(setup->integration_by_key, setup->integrations.items[i].key, &setup->integrations.items[i]);
  for (size_t i = 0; i < setup->keys.count; i++)
    map_set(setup->key_by_hash, setup->keys.items[i].hash, &setup->keys.items[i]);
}

bool setup_build(App *app, Db *db, Setup *setup, Error *err) {
  static const struct {
    const DbStmt *stmt;
    DbRowFn row;
  } PASSES[] = {{&ORGS, read_org},
                {&MADE_ROLES, read_role},
                {&USERS, read_user},
                {&CONTACTS, read_contact},
                {&NOTIFICATION_RULES, read_notification_rule},
                {&TEAMS, read_team},
                {&SERVICES, read_service},
                {&SERVICES, read_aliases},
                {&SCHEDULES, read_schedule},
                {&POLICIES, read_policy},
                {&INTEGRATIONS, read_integration},
                {&KEYS, read_key},
                {&SESSIONS, read_session},
                {&RULES, read_rule}};
  Loading load = {.app = app, .setup = setup, .arena = setup->arena};
  setup->integration_by_key = map_new(setup->arena);
  setup->key_by_hash = map_new(setup->arena);
  load.roles = map_new(setup->arena);
  setup->service_by_name = map_new(setup->arena);
  setup->service_by_lower = map_new(setup->arena);
  for (size_t i = 0; i < COUNT(PASSES); i++)
    if (!db_query(db, PASSES[i].stmt, 0, NULL, PASSES[i].row, &load, err)) return false;
  find_owners(&load);
  index_all(&load);
  return true;
}

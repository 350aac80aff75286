/* The people in the picture: roles, users and how they are reached, teams, and what lets somebody in. */
#include "core/identity/access.h"
#include "core/oncall/oncall.h"
#include "core/setup/load.h"

static const DbStmt MADE_ROLES = {"setup_roles", "SELECT id, permissions FROM role ORDER BY id", NULL};

static bool read_role(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value permissions = load_json(load, row, 1);
  Str key = id_text(load->arena, "rol", db_row_int(row, 0));
  map_set(load->roles, key, (void *)(uintptr_t)access_permissions(load->arena, load->app->access, &permissions));
  return true;
}

const SetupPass SETUP_ROLES = {&MADE_ROLES, read_role};

#define USERS_SELECT "SELECT id, org_id, name, email, role, status, time_zone, role_id, quiet_hours FROM account "
static const DbStmt USERS = {"setup_users", USERS_SELECT "ORDER BY id", NULL};
static const DbStmt USER = {"setup_user", USERS_SELECT "WHERE id = $1", NULL};

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
      .zone = load_zone(load, row, 6, NULL),
      .role_id = db_row_int(row, 7),
      .quiet_hours = load_json(load, row, 8),
      .grants = grants_of(load, db_row_peek(row, 4), db_row_int(row, 7)),
  };
  return true;
}

#define CONTACTS_SELECT "SELECT id, user_id, kind, address, label, verified, broken FROM contact_method "
static const DbStmt CONTACTS = {"setup_contacts", CONTACTS_SELECT "ORDER BY user_id, id", NULL};
static const DbStmt CONTACTS_OF = {"setup_contacts_of",
                                   CONTACTS_SELECT "WHERE user_id = $1 AND org_id = (SELECT org_id "
                                                   "FROM account WHERE id = $1) ORDER BY id",
                                   NULL};

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

#define NOTIFICATION_RULES_SELECT "SELECT id, user_id, urgency, steps FROM notification_rule "
static const DbStmt NOTIFICATION_RULES = {"setup_notification_rules", NOTIFICATION_RULES_SELECT "ORDER BY id", NULL};
static const DbStmt NOTIFICATION_RULES_OF = {
    "setup_notification_rules_of",
    NOTIFICATION_RULES_SELECT "WHERE user_id = $1 AND org_id = (SELECT org_id FROM account WHERE id = $1) ORDER BY id",
    NULL};

static SetupSteps read_steps(Loading *load, const Value *list) {
  SetupSteps steps = {.items = ARENA_ARRAY(load->arena, SetupStep, load_count(list)), .count = load_count(list)};
  for (size_t i = 0; i < steps.count; i++) {
    const Value *step = value_at(list, i), *ids = value_get_c(step, "contact_method_ids");
    SetupStep *out = &steps.items[i];
    out->delay_s = load_seconds(step, "delay_s", 0);
    out->contact_ids = ARENA_ARRAY(load->arena, i64, load_count(ids));
    for (size_t k = 0; k < load_count(ids); k++) out->contact_ids[out->contact_count++] = setup_ref(value_at(ids, k));
  }
  return steps;
}

static bool read_notification_rule(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  SetupUser *user = user_of(load, db_row_int(row, 1));
  Value steps = load_json(load, row, 3);
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

#define TEAMS_SELECT "SELECT id, org_id, policy_id, slug, name, members FROM team "
static const DbStmt TEAMS = {"setup_teams", TEAMS_SELECT "ORDER BY id", NULL};
static const DbStmt TEAM_BY_ID = {"setup_team", TEAMS_SELECT "WHERE id = $1", NULL};

static bool read_team(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value members = load_json(load, row, 5);
  SetupTeam team = {.id = db_row_int(row, 0),
                    .org_id = db_row_int(row, 1),
                    .policy_id = db_row_int(row, 2),
                    .slug = db_row_text(row, 3, load->arena),
                    .name = db_row_text(row, 4, load->arena),
                    .members = ARENA_ARRAY(load->arena, SetupMember, load_count(&members))};
  for (size_t i = 0; i < load_count(&members); i++) {
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

/* Keys ------------------------------------------------------------------------------------------------------------ */

#define KEYS_SELECT "SELECT id, org_id, user_id, hash, name, expires_at, scopes, requests_per_minute FROM api_key "
static const DbStmt KEYS = {"setup_keys", KEYS_SELECT "ORDER BY id", NULL};
static const DbStmt KEY = {"setup_key", KEYS_SELECT "WHERE id = $1", NULL};
static const DbStmt KEYS_OF = {"setup_keys_of", KEYS_SELECT "WHERE user_id = $1 ORDER BY id", NULL};

static bool read_key(const DbRow *row, void *ctx) {
  Loading *load = ctx;
  Value scopes = load_json(load, row, 6);
  const SetupUser *user = setup_user(load->setup, db_row_int(row, 2));
  const Grants *grants = access_scopes(load->arena, load->app->access, &scopes);
  *VEC_PUSH(load->arena, &load->setup->keys) = (SetupKey){
      .id = db_row_int(row, 0),
      .org_id = db_row_int(row, 1),
      .user_id = db_row_int(row, 2),
      .hash = db_row_text(row, 3, load->arena),
      .name = db_row_text(row, 4, load->arena),
      .expires_ms = db_row_int(row, 5),
      .requests_per_minute = db_row_int(row, 7),
      .scopes = scopes,
      .grants = user ? grants_both(load->arena, grants, user->grants) : grants,
  };
  return true;
}

#define SESSIONS_SELECT "SELECT id, org_id, user_id, hash, expires_at FROM session "
static const DbStmt SESSIONS = {"setup_sessions", SESSIONS_SELECT "ORDER BY id", NULL};
static const DbStmt SESSIONS_OF = {
    "setup_sessions_of",
    SESSIONS_SELECT "WHERE user_id = $1 AND org_id = (SELECT org_id FROM account WHERE id = $1) ORDER BY id", NULL};

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

/* Teams after users: who leads one is noted there. */
const SetupPass SETUP_PEOPLE[] = {{&MADE_ROLES, read_role},  {&USERS, read_user},
                                  {&CONTACTS, read_contact}, {&NOTIFICATION_RULES, read_notification_rule},
                                  {&TEAMS, read_team},       {&KEYS, read_key},
                                  {&SESSIONS, read_session}, {NULL, NULL}};

const SetupPass SETUP_ONE_USER[] = {
    {&USER, read_user}, {&CONTACTS_OF, read_contact}, {&NOTIFICATION_RULES_OF, read_notification_rule}, {NULL, NULL}};
const SetupPass SETUP_KEYS_OF_USER[] = {{&KEYS_OF, read_key}, {&SESSIONS_OF, read_session}, {NULL, NULL}};
const SetupPass SETUP_ONE_TEAM = {&TEAM_BY_ID, read_team};
const SetupPass SETUP_ONE_KEY = {&KEY, read_key};

/* Patches: one row of the configuration was written, and only it, and what hangs on it, is read again by the statement
 * that reads all of them. What is gone has no row, and leaves its list. Organizations and roles, on which nearly
 * everything hangs, are not patched: all is built anew. */
#include "core/alerts/rule.h"
#include "core/setup/load.h"

typedef struct Patch {
  App *app;
  Db *db;
  Setup *fresh; /* becomes the present one */
  Setup read;   /* what was read: a list of no row or one */
  Loading load;
} Patch;

/* Roles are read for each patch that needs them: they are few. */
static void patch_begin(Patch *p, App *app, Db *db, Setup *fresh) {
  Arena *arena = fresh->base->arena;
  *p = (Patch){.app = app, .db = db, .fresh = fresh};
  p->read.orgs = fresh->orgs;
  p->load = (Loading){.app = app, .setup = &p->read, .arena = arena, .roles = map_new(arena)};
}

static bool read_by(Patch *p, const SetupPass *pass, i64 id, Error *err) {
  return db_query(p->db, pass->stmt, DB_ARGS(db_int(id)), pass->row, &p->load, err);
}

/* Simple kinds ---------------------------------------------------------------------------------------------------- */

#define ONE(list) (p->read.list.count ? p->read.list.items : NULL)

static bool patch_service(Patch *p, i64 id, Error *err) {
  SetupName *names = NULL;
  size_t count = 0;
  if (!read_by(p, &SETUP_ONE_SERVICE, id, err)) return false;
  const SetupService *service = ONE(services);
  if (service) names = setup_service_names(p->load.arena, service, &count);
  setup_list_put(p->fresh, LIST_SERVICES, id, service);
  setup_index_put(p->fresh, LIST_SERVICE_NAMES, id, names, count);
  return true;
}

static bool patch_schedule(Patch *p, i64 id, Error *err) {
  if (!read_by(p, &SETUP_ONE_SCHEDULE, id, err)) return false;
  setup_list_put(p->fresh, LIST_SCHEDULES, id, ONE(schedules));
  return true;
}

static bool patch_policy(Patch *p, i64 id, Error *err) {
  if (!read_by(p, &SETUP_ONE_POLICY, id, err)) return false;
  setup_list_put(p->fresh, LIST_POLICIES, id, ONE(policies));
  return true;
}

static bool patch_integration(Patch *p, i64 id, Error *err) {
  if (!read_by(p, &SETUP_ONE_INTEGRATION, id, err)) return false;
  const SetupIntegration *in = ONE(integrations);
  SetupName name = {in ? hash_keyed(in->key) : 0, id};
  setup_list_put(p->fresh, LIST_INTEGRATIONS, id, in);
  setup_index_put(p->fresh, LIST_INTEGRATION_KEYS, id, &name, in != NULL);
  return true;
}

/* People ---------------------------------------------------------------------------------------------------------- */

static void put_key(Setup *fresh, i64 id, const SetupKey *key) {
  SetupName name = {key ? hash_keyed(key->hash) : 0, id};
  setup_list_put(fresh, LIST_KEYS, id, key);
  setup_index_put(fresh, LIST_KEY_HASHES, id, &name, key != NULL);
}

static bool patch_key(Patch *p, i64 id, Error *err) {
  p->read.users_list = p->fresh->users_list; /* what its user may do */
  if (!read_by(p, &SETUP_ONE_KEY, id, err)) return false;
  put_key(p->fresh, id, ONE(keys));
  return true;
}

/* A key and a session may do what their user may. */
static bool patch_keys_of(Patch *p, i64 user_id, Error *err) {
  p->read.users_list = p->fresh->users_list;
  for (const SetupPass *pass = SETUP_KEYS_OF_USER; pass->stmt; pass++)
    if (!read_by(p, pass, user_id, err)) return false;
  for (size_t i = p->fresh->keys.count; i-- > 0;) {
    const SetupKey *key = &p->fresh->keys.items[i];
    if (key->user_id == user_id) put_key(p->fresh, key->id, NULL);
  }
  for (size_t i = 0; i < p->read.keys.count; i++) put_key(p->fresh, p->read.keys.items[i].id, &p->read.keys.items[i]);
  return true;
}

static void find_led(const Patch *p, SetupUser *user) {
  VEC(i64) led = {0};
  for (size_t t = 0; t < p->fresh->teams.count; t++) {
    const SetupTeam *team = &p->fresh->teams.items[t];
    for (size_t i = 0; i < team->member_count; i++)
      if (team->members[i].user_id == user->id && team->members[i].owner) {
        *VEC_PUSH(p->load.arena, &led) = team->id;
        break;
      }
  }
  user->led_team_ids = led.items;
  user->led_count = led.count;
}

static void find_owners(Patch *p, i64 org_id) {
  const SetupOrg *now = setup_org(p->fresh, org_id);
  if (!now) return;
  SetupOrg org = *now;
  load_owners(p->fresh, p->load.arena, &org);
  setup_list_put(p->fresh, LIST_ORGS, org_id, &org);
}

static bool patch_user(Patch *p, i64 id, Error *err) {
  const SetupUser *before = setup_user(p->fresh, id);
  i64 org_id = before ? before->org_id : 0;
  if (!db_query(p->db, SETUP_ROLES.stmt, 0, NULL, SETUP_ROLES.row, &p->load, err)) return false;
  for (const SetupPass *pass = SETUP_ONE_USER; pass->stmt; pass++)
    if (!read_by(p, pass, id, err)) return false;
  SetupUser *user = ONE(users_list);
  if (user) {
    find_led(p, user);
    org_id = user->org_id;
  }
  setup_list_put(p->fresh, LIST_USERS, id, user);
  find_owners(p, org_id);
  return patch_keys_of(p, id, err);
}

static bool patch_user_alone(Patch *p, i64 id, Error *err) {
  Patch one;
  patch_begin(&one, p->app, p->db, p->fresh);
  return patch_user(&one, id, err);
}

static i64 owner_of_contact(const Setup *setup, i64 id) {
  for (size_t i = 0; i < setup->users_list.count; i++) {
    const SetupUser *user = &setup->users_list.items[i];
    for (size_t k = 0; k < user->contact_count; k++)
      if (user->contacts[k].id == id) return user->id;
  }
  return 0;
}

/* Of a contact that is gone the picture still knows whose it was. */
static bool patch_contact(Patch *p, i64 id, Error *err) {
  static const DbStmt OWNER = {"setup_contact_owner", "SELECT user_id FROM contact_method WHERE id = $1", NULL};
  i64 user_id = 0, before = owner_of_contact(p->fresh, id);
  bool found = false;
  if (!db_query_int(p->db, &OWNER, DB_ARGS(db_int(id)), &user_id, &found, err)) return false;
  if (before && !patch_user_alone(p, before, err)) return false;
  return !found || user_id == before || patch_user_alone(p, user_id, err);
}

static bool patch_notification_rule(Patch *p, i64 id, bool *out_done, Error *err) {
  static const DbStmt OWNER = {"setup_notification_rule_owner", "SELECT user_id FROM notification_rule WHERE id = $1",
                               NULL};
  i64 user_id = 0;
  if (!db_query_int(p->db, &OWNER, DB_ARGS(db_int(id)), &user_id, out_done, err)) return false;
  return !*out_done || patch_user_alone(p, user_id, err);
}

static bool patch_leaders(Patch *p, const SetupTeam *team, Error *err) {
  for (size_t i = 0; team && i < team->member_count; i++)
    if (team->members[i].owner && !patch_user_alone(p, team->members[i].user_id, err)) return false;
  return true;
}

/* Who leads it, or led it, is noted with the person. */
static bool patch_team(Patch *p, i64 id, Error *err) {
  const SetupTeam *found = setup_team(p->fresh, id);
  SetupTeam before = found ? *found : (SetupTeam){0};
  if (!read_by(p, &SETUP_ONE_TEAM, id, err)) return false;
  setup_list_put(p->fresh, LIST_TEAMS, id, ONE(teams));
  return patch_leaders(p, &before, err) && patch_leaders(p, ONE(teams), err);
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

static bool has_rule(const SetupOrg *org, i64 id) {
  for (size_t i = 0; i < org->rule_count; i++)
    if (org->rules[i]->id == id) return true;
  return false;
}

/* The compiled rule hangs on its organization, as read_rule leaves it. */
static bool patch_rule(Patch *p, i64 id, Error *err) {
  size_t count = p->fresh->orgs.count;
  p->read.orgs.items = ARENA_ARRAY(p->load.arena, SetupOrg, count + 1);
  for (size_t i = 0; i < count; i++)
    p->read.orgs.items[i] = (SetupOrg){.id = p->fresh->orgs.items[i].id, .defaults = p->fresh->orgs.items[i].defaults};
  if (!read_by(p, &SETUP_ONE_RULE, id, err)) return false;
  for (size_t i = 0; i < count; i++) {
    const Rule *rule = p->read.orgs.items[i].rule_count ? p->read.orgs.items[i].rules[0] : NULL;
    if (!rule && !has_rule(&p->fresh->orgs.items[i], id)) continue;
    SetupOrg org = p->fresh->orgs.items[i];
    p->fresh->base->patches += org.rule_count / 32; /* the list is copied into the arena */
    setup_rules_with(p->load.arena, &org, id, rule);
    setup_list_put(p->fresh, LIST_ORGS, org.id, &org);
  }
  return true;
}

/* Which ----------------------------------------------------------------------------------------------------------- */

bool setup_patch(App *app, Db *db, Setup *fresh, const SetupRow *row, bool *out_done, Error *err) {
  static const struct {
    const char *kind;
    bool (*patch)(Patch *p, i64 id, Error *err);
  } KINDS[] = {{"service", patch_service},         {"schedule", patch_schedule}, {"escalation_policy", patch_policy},
               {"integration", patch_integration}, {"api_key", patch_key},       {"user", patch_user},
               {"contact_method", patch_contact},  {"team", patch_team},         {"alert_rule", patch_rule}};
  static const char *const QUIET[] = {"silence", "maintenance_window",
                                      "inhibition_rule"}; /* read by their own stamp (core/quiet) */
  Patch p;
  patch_begin(&p, app, db, fresh);
  fresh->base->patches++;
  *out_done = true;
  for (size_t i = 0; i < COUNT(KINDS); i++)
    if (str_equal_c(row->kind, KINDS[i].kind)) return KINDS[i].patch(&p, row->id, err);
  for (size_t i = 0; i < COUNT(QUIET); i++)
    if (str_equal_c(row->kind, QUIET[i])) return true;
  if (str_equal_c(row->kind, "notification_rule")) return patch_notification_rule(&p, row->id, out_done, err);
  *out_done = false;
  return true;
}

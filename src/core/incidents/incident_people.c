/* Joining and leaving, and who is there. Leaving takes no role away: who holds one hands it over first. */
#include "core/incidents/internal.h"
#include "core/incidents/people.h"
#include "core/setup/setup.h"
#include "lang/json.h"

static const DbStmt JOINED = {
    "incident_joined",
    "SELECT joined_at FROM incident_person WHERE incident_id = $1 AND user_id = $2 AND joined_at IS NOT NULL", NULL};
static const DbStmt JOIN = {"incident_join",
                            "INSERT INTO incident_person (org_id, incident_id, user_id, since, joined_at) "
                            "VALUES ($1,$2,$3,$4,$4) ON CONFLICT (incident_id, user_id) DO UPDATE SET joined_at = "
                            "excluded.joined_at",
                            NULL};
static const DbStmt LEAVE = {
    "incident_leave", "UPDATE incident_person SET joined_at = NULL WHERE incident_id = $1 AND user_id = $2", NULL};
static const DbStmt TOUCH = {"incident_touch",
                             "UPDATE incident SET updated_at = $2, version = version + 1 WHERE id = $1", NULL};
static const DbStmt ROLES = {"incident_roles", "SELECT commander_id, roles FROM incident WHERE id = $1", NULL};

static bool tell_person(Cycle *cycle, const Incident *incident, const char *kind, i64 user_id, const Who *who,
                        Error *err) {
  MapBuilder map = map_builder(cycle->arena);
  map_put_c(&map, "user", incident_person_value(cycle, user_id));
  Value data = map_done(&map);
  return db_run(cycle->db, &TOUCH, err, db_int(incident->id), db_int(cycle->now_ms)) &&
         incident_tell(cycle, incident, kind, who, json_text(cycle->arena, &data), false, err);
}

static bool is_there(Cycle *cycle, i64 incident_id, i64 user_id, bool *out, Error *err) {
  i64 at = 0;
  return db_query_int(cycle->db, &JOINED, DB_ARGS(db_int(incident_id), db_int(user_id)), &at, out, err);
}

bool incident_join(Cycle *cycle, i64 incident_id, i64 user_id, const Who *who, Error *err) {
  Incident incident = {0};
  bool there = false;
  if (!incident_must_load(cycle, incident_id, &incident, err) || !is_there(cycle, incident_id, user_id, &there, err))
    return false;
  if (there) return true;
  return db_run(cycle->db, &JOIN, err, db_int(incident.org_id), db_int(incident_id), db_int(user_id),
                db_int(cycle->now_ms)) &&
         tell_person(cycle, &incident, "joined", user_id, who, err);
}

/* Which role somebody holds ------------------------------------------------------------------------------------------
 */

typedef struct Roles {
  Arena *arena;
  i64 commander_id;
  Value map;
} Roles;

static bool read_roles(const DbRow *row, void *ctx) {
  Roles *roles = ctx;
  Error ignored = {0};
  roles->commander_id = db_row_int(row, 0);
  if (!json_parse(roles->arena, db_row_text(row, 1, roles->arena), NULL, &roles->map, &ignored))
    roles->map = value_null();
  return true;
}

static bool holds(const Value *who, Str user) {
  bool found = str_equal(value_text_or(who, STR_NONE), user);
  for (size_t i = 0; value_is(who, VALUE_LIST) && i < who->size && !found; i++)
    found = str_equal(value_text_or(value_at(who, i), STR_NONE), user);
  return found;
}

static bool role_of(Cycle *cycle, i64 incident_id, i64 user_id, Str *out, Error *err) {
  Roles roles = {.arena = cycle->arena};
  bool found = false;
  Str user = id_text(cycle->arena, "usr", user_id);
  *out = STR_NONE;
  if (!db_query_one(cycle->db, &ROLES, DB_ARGS(db_int(incident_id)), read_roles, &roles, &found, err)) return false;
  if (roles.commander_id == user_id) *out = S("commander");
  for (size_t i = 0; value_is(&roles.map, VALUE_MAP) && i < roles.map.size; i++)
    if (holds(&roles.map.members[i].value, user)) *out = value_text(&roles.map.members[i].key);
  return true;
}

bool incident_leave(Cycle *cycle, i64 incident_id, i64 user_id, const Who *who, Error *err) {
  Incident incident = {0};
  bool there = false;
  Str role = STR_NONE;
  if (!incident_must_load(cycle, incident_id, &incident, err) || !is_there(cycle, incident_id, user_id, &there, err) ||
      !role_of(cycle, incident_id, user_id, &role, err))
    return false;
  if (role.len && incident.status != INCIDENT_CLOSED) {
    const SetupUser *user = setup_user(setup_current(cycle_app(cycle)->setup), user_id);
    return fail(err, ERR_CONFLICT, "%.*s is %.*s of INC-%lld: hand the role over first",
                STR_ARG(user ? user->name : S("the user")), STR_ARG(role), (long long)incident.number);
  }
  if (!there) return true;
  return db_run(cycle->db, &LEAVE, err, db_int(incident_id), db_int(user_id)) &&
         tell_person(cycle, &incident, "left", user_id, who, err);
}

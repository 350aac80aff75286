/* Taking part in an incident. */
#include "core/incidents/people.h"

enum { DEPTH_MAX = 4 };

static const DbStmt PERSON_ADD = {
    "incident_person_add",
    "INSERT INTO incident_person (org_id, incident_id, user_id, since) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (incident_id, user_id) DO NOTHING",
    NULL};

bool incident_person_add(Db *db, i64 org_id, i64 incident_id, i64 user_id, i64 now_ms, Error *err) {
  return user_id <= 0 ||
         db_run(db, &PERSON_ADD, err, db_int(org_id), db_int(incident_id), db_int(user_id), db_int(now_ms));
}

typedef struct Adding {
  Db *db;
  i64 org_id, incident_id, now_ms;
  Error *err;
} Adding;

static bool add_all(const Adding *a, const Value *value, int depth) {
  i64 user_id = 0;
  bool ok = true;
  if (value_is(value, VALUE_STRING) && id_parse("usr", value_text(value), &user_id))
    return incident_person_add(a->db, a->org_id, a->incident_id, user_id, a->now_ms, a->err);
  if (depth == DEPTH_MAX) return true;
  for (size_t i = 0; ok && value_is(value, VALUE_LIST) && i < value->size; i++)
    ok = add_all(a, value_at(value, i), depth + 1);
  for (size_t i = 0; ok && value_is(value, VALUE_MAP) && i < value->size; i++)
    ok = add_all(a, &value->members[i].value, depth + 1);
  return ok;
}

bool incident_people_add(Db *db, i64 org_id, i64 incident_id, const Value *roles, i64 now_ms, Error *err) {
  Adding adding = {db, org_id, incident_id, now_ms, err};
  return add_all(&adding, roles, 0);
}

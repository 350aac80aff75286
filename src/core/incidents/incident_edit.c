/* What people change about an incident: each changed field is an entry of its own kind, from what to what. A severity
 * that rises goes on to the page that runs. */
#include <string.h>

#include "core/incidents/internal.h"
#include "core/paging/paging.h"
#include "lang/json.h"

typedef struct Edited {
  const char *field, *kind;
  bool role, key_event;
} Edited;

static const Edited EDITED[] = {
    {"title", "title", false, false},       {"summary", "summary", false, false},
    {"severity", "severity", false, true},  {"service_ids", "services", false, false},
    {"commander_id", "role", true, true},   {"reporter_id", "role", true, false},
    {"team_id", "team", false, false},      {"private", "visibility", false, true},
    {"fields", "fields", false, false},     {"impact_started_at", "times", false, false},
    {"detected_at", "times", false, false},
};

typedef struct Editing {
  Cycle *cycle;
  const Incident *incident;
  const Who *who;
  Error *err;
} Editing;

Value incident_person_value(Cycle *cycle, i64 user_id) {
  const SetupUser *user = setup_user(setup_current(cycle_app(cycle)->setup), user_id);
  if (user_id <= 0) return value_null();
  MapBuilder map = map_builder(cycle->arena);
  map_put_c(&map, "id", value_string(id_text(cycle->arena, "usr", user_id)));
  map_put_c(&map, "name", value_string(user ? user->name : S("")));
  return map_done(&map);
}

/* A user's id, or a list of them, with names. */
static Value people(Cycle *cycle, const Value *ids) {
  i64 user_id = 0;
  ValueVec list = {0};
  if (value_is(ids, VALUE_STRING) && id_parse("usr", value_text(ids), &user_id))
    return incident_person_value(cycle, user_id);
  for (size_t i = 0; value_is(ids, VALUE_LIST) && i < ids->size; i++)
    *VEC_PUSH(cycle->arena, &list) = people(cycle, value_at(ids, i));
  return list.count ? list_done(&list) : value_null();
}

static bool tell_change(const Editing *e, const Edited *edited, Str role, Value from, Value to) {
  MapBuilder data = map_builder(e->cycle->arena);
  if (role.len)
    map_put_c(&data, "role", value_string(role));
  else
    map_put_c(&data, "field", value_c(edited->field));
  map_put_c(&data, "from", from);
  map_put_c(&data, "to", to);
  Value map = map_done(&data);
  return incident_tell(e->cycle, e->incident, edited->kind, e->who, json_text(e->cycle->arena, &map), edited->key_event,
                       e->err);
}

static Value value_or_null(const Value *v) {
  return v ? *v : value_null();
}

static bool tell_field(const Editing *e, const Edited *edited, const Value *before, const Value *after) {
  Value from = value_or_null(value_get_c(before, edited->field)), to = value_or_null(value_get_c(after, edited->field));
  if (value_equal(&from, &to)) return true;
  if (!edited->role) return tell_change(e, edited, STR_NONE, from, to);
  Str role = str_from_c(edited->field);
  return tell_change(e, edited, str_slice(role, 0, role.len - strlen("_id")), people(e->cycle, &from),
                     people(e->cycle, &to));
}

/* Each role of its own: who held it, who holds it. */
static bool tell_roles(const Editing *e, const Value *before, const Value *after) {
  static const Edited ROLE = {"roles", "role", true, true};
  Value none = {.kind = VALUE_MAP};
  const Value *from = value_get_c(before, "roles"), *to = value_get_c(after, "roles");
  if (!value_is(from, VALUE_MAP)) from = &none;
  if (!value_is(to, VALUE_MAP)) to = &none;
  for (size_t i = 0; i < to->size; i++) {
    Str name = value_text(&to->members[i].key);
    const Value *was = value_get(from, name), *is = &to->members[i].value;
    if (was && value_equal(was, is)) continue;
    if (!tell_change(e, &ROLE, name, people(e->cycle, was), people(e->cycle, is))) return false;
  }
  for (size_t i = 0; i < from->size; i++) {
    Str name = value_text(&from->members[i].key);
    if (value_get(to, name)) continue;
    if (!tell_change(e, &ROLE, name, people(e->cycle, &from->members[i].value), value_null())) return false;
  }
  return true;
}

bool incident_edited(Cycle *cycle, i64 incident_id, const Value *before, const Value *after, const Who *who,
                     Error *err) {
  Incident incident = {0};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  Editing editing = {.cycle = cycle, .incident = &incident, .who = who, .err = err};
  for (size_t i = 0; i < COUNT(EDITED); i++)
    if (!tell_field(&editing, &EDITED[i], before, after)) return false;
  if (!tell_roles(&editing, before, after)) return false;
  i64 was = value_int_or(value_get_c(before, "severity"), incident.severity);
  bool same_title = value_equal(value_get_c(before, "title"), value_get_c(after, "title"));
  if (was == incident.severity && same_title) return true;
  Str title = str_format(cycle->arena, "INC-%lld %.*s", (long long)incident.number, STR_ARG(incident.title));
  return page_update(cycle, incident_id, title, incident.severity, incident.severity <= 2, err);
}

/* The roles given when it was declared; the reporter stands as the one who did it. */
bool incident_first_roles(Cycle *cycle, i64 incident_id, const Value *declared, const Who *who, Error *err) {
  Incident incident = {0};
  Value nothing = {.kind = VALUE_MAP};
  if (!incident_must_load(cycle, incident_id, &incident, err)) return false;
  Editing editing = {.cycle = cycle, .incident = &incident, .who = who, .err = err};
  for (size_t i = 0; i < COUNT(EDITED); i++)
    if (EDITED[i].role && EDITED[i].key_event && !tell_field(&editing, &EDITED[i], &nothing, declared)) return false;
  return tell_roles(&editing, &nothing, declared);
}

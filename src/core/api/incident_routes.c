/* Verbs of incidents. */
#include "core/api/api.h"
#include "core/incidents/incidents.h"
#include "core/oncall/oncall.h"
#include "core/paging/internal.h"
#include "lang/json.h"

static bool incident_of(Call *call, Cycle *cycle, i64 *out, Error *err) {
  return api_resolve(call, cycle->db, "incident", 0, out, err);
}

/* Verbs that need no reason keep one that is given, as a note. */
static bool keep_reason(Call *c, Cycle *cycle, i64 incident_id, Error *err) {
  Str reason = api_text(c, "reason");
  if (str_is_blank(reason)) return true;
  Buf data = buf_new(c->arena, KIB(16));
  buf_puts(&data, "{\"text\":");
  json_write_string(&data, reason);
  buf_putc(&data, '}');
  TimelineEntry entry = {.org_id = c->org_id,
                         .subject_kind = "incident",
                         .subject_id = incident_id,
                         .kind = "note",
                         .who = &c->who,
                         .data = buf_str(&data)};
  return timeline_add(cycle, &entry, err);
}

static bool inc_acknowledge(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_acknowledge(cycle, id, &c->who, err) &&
         keep_reason(c, cycle, id, err) && api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_resolve(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_resolve(cycle, id, &c->who, api_text(c, "reason"), err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_close(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_close(cycle, id, &c->who, err) && keep_reason(c, cycle, id, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_reopen(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_reopen(cycle, id, &c->who, err) &&
         keep_reason(c, cycle, id, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static bool status_update(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str text = api_text(c, "text"), status = api_text(c, "status");
  IncidentStatus to = INCIDENT_NEW;
  if (str_is_blank(text) && status.len == 0)
    return fail_at(err, ERR_INVALID, "/text", "a status update says something: text, status or both");
  if (status.len && !incident_status_parse(status, &to))
    return fail_at(err, ERR_INVALID, "/status",
                   "\"%.*s\" is not a status; use new, investigating, fixing, monitoring or closed", STR_ARG(status));
  if (!incident_of(c, cycle, &id, err)) return false;
  if (status.len && !incident_set_status(cycle, id, to, &c->who, err)) return false;
  Buf data = buf_new(c->arena, KIB(128));
  buf_puts(&data, "{\"text\":");
  json_write_string(&data, text.ptr ? text : S(""));
  buf_putc(&data, '}');
  TimelineEntry entry = {.org_id = c->org_id,
                         .subject_kind = "incident",
                         .subject_id = id,
                         .kind = "status_update",
                         .who = &c->who,
                         .data = buf_str(&data),
                         .key_event = true};
  return timeline_add(cycle, &entry, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static bool inc_page(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, policy_id = 0, page_id = 0;
  Incident incident = {0};
  bool found = false;
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Str policy = api_text(c, "policy_id");
  if (!incident_of(c, cycle, &id, err) || !incident_load(cycle, id, &incident, &found, err)) return false;
  if (policy.len &&
      !resource_resolve(&ctx.rc, registry_find(c->app->registry, S("escalation_policy")), policy, &policy_id, err))
    return false;
  if (!incident_page(cycle, &incident, policy_id, S("paged by hand"), &page_id, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", page_id, err);
}

static bool inc_merge(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, into = resource_ref_id(c->app->registry, value_get_c(&c->body, "into"));
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  bool seen = false;
  if (!incident_of(c, cycle, &id, err)) return false;
  if (!resource_seen(&ctx.rc, registry_find(c->app->registry, S("incident")), into, &seen, err)) return false;
  if (!seen) return fail_at(err, ERR_NOT_FOUND, "/into", "there is no such incident");
  return incident_merge(cycle, id, into, &c->who, err) && api_answer_with(c, cycle->db, "incident", into, err);
}

/* Oneself, unless somebody is named. */
static bool person_of(Call *c, i64 *out, Error *err) {
  *out = resource_ref_id(c->app->registry, value_get_c(&c->body, "user_id"));
  if (*out == 0 && c->user) *out = c->user->id;
  return *out != 0 || fail_at(err, ERR_INVALID, "/user_id", "this key is nobody's: say who with user_id");
}

static bool inc_join(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, user_id = 0;
  return person_of(c, &user_id, err) && incident_of(c, cycle, &id, err) &&
         incident_join(cycle, id, user_id, &c->who, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static bool inc_leave(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, user_id = 0;
  return person_of(c, &user_id, err) && incident_of(c, cycle, &id, err) &&
         incident_leave(cycle, id, user_id, &c->who, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

typedef struct PeopleRows {
  Call *call;
  ValueVec items;
} PeopleRows;

static bool read_person(const DbRow *row, void *ctx) {
  PeopleRows *rows = ctx;
  Arena *arena = rows->call->arena;
  i64 id = db_row_int(row, 0);
  const SetupUser *user = setup_user(rows->call->setup, id);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "user_id", value_string(id_text(arena, "usr", id)));
  map_put_c(&map, "name", value_string(user ? user->name : S("")));
  map_put_c(&map, "joined_at", value_string(time_text_ms(arena, db_row_int(row, 1))));
  *VEC_PUSH(arena, &rows->items) = map_done(&map);
  return true;
}

static bool inc_people(Call *c, Db *db, Error *err) {
  static const DbStmt PEOPLE = {
      "incident_people",
      "SELECT user_id, joined_at FROM incident_person WHERE incident_id = $1 AND joined_at IS "
      "NOT NULL ORDER BY joined_at, user_id",
      NULL};
  i64 id = 0;
  PeopleRows rows = {.call = c};
  if (!api_resolve(c, db, "incident", 0, &id, err) ||
      !db_query(db, &PEOPLE, DB_ARGS(db_int(id)), read_person, &rows, err))
    return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", list_done(&rows.items));
  map_put_c(&map, "next_cursor", value_null());
  c->answer = map_done(&map);
  return true;
}

static bool inc_relate(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, to = 0;
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Str kind = api_text(c, "kind"), other = api_text(c, "to_id");
  const Resource *of = registry_prefix(c->app->registry, other);
  if (!of && str_find_char(other, '-', 0) != SIZE_MAX)
    of = registry_find(c->app->registry, str_starts_with(other, S("ALERT")) ? S("alert") : S("incident"));
  const char *name = of ? of->name : "";
  if (!str_equal_c(S("incident"), name) && !str_equal_c(S("alert"), name) && !str_equal_c(S("change"), name))
    return fail_at(err, ERR_INVALID, "/to_id", "\"%.*s\" is no incident, alert or change",
                   STR_ARG(utf8_cut(other, 80)));
  if (!incident_of(c, cycle, &id, err) || !resource_resolve(&ctx.rc, of, other, &to, err)) return false;
  if (id == to) return fail_at(err, ERR_INVALID, "/to_id", "an incident has no relation to itself");
  Buf data = buf_new(c->arena, KIB(1));
  buf_format(&data, "{\"kind\":\"%.*s\",\"to_id\":\"%.*s\"}", STR_ARG(kind),
             STR_ARG(id_text(c->arena, of->prefix, to)));
  TimelineEntry entry = {.org_id = c->org_id,
                         .subject_kind = "incident",
                         .subject_id = id,
                         .kind = "related",
                         .who = &c->who,
                         .data = buf_str(&data)};
  return incident_relate(cycle, c->org_id, str_to_c(c->arena, kind), "incident", id, name, to, err) &&
         timeline_add(cycle, &entry, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static const Field MERGE[] = {{.name = "into",
                               .kind = F_REF,
                               .ref = "incident",
                               .required = true,
                               .doc = "The one that stays.",
                               .example = "INC-41"}};
static const Field PERSON[] = {{.name = "user_id", .kind = F_REF, .ref = "user", .doc = "Who; null: oneself."}};
static const EnumValue RELATION_KINDS[] = {{"causes"},    {"duplicates"}, {"follows"}, {"correlates_with"},
                                           {"mitigates"}, {"drills"},     {NULL}};
static const Field RELATE[] = {{.name = "kind",
                                .kind = F_ENUM,
                                .values = RELATION_KINDS,
                                .required = true,
                                .doc = "What it does to the other.",
                                .example = "causes"},
                               {.name = "to_id",
                                .kind = F_TEXT,
                                .required = true,
                                .max = 80,
                                .doc = "An incident, alert or change.",
                                .example = "INC-41"}};
static const Field PERSON_ROW[] = {{.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
                                   {.name = "name", .kind = F_TEXT, .required = true, .doc = "Their name."},
                                   {.name = "joined_at", .kind = F_TIME, .required = true, .doc = "Since when."}};
static const Field PERSON_ITEM = {.kind = F_OBJECT, FIELDS(PERSON_ROW), .doc = "Somebody who takes part."};
static const Field PEOPLE_ANSWER[] = {
    {.name = "items", .kind = F_LIST, .of = &PERSON_ITEM, .required = true, .doc = "In order of joining."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Null: that is all."}};

static const Field REASON[] = {
    {.name = "reason", .kind = F_TEXT, .max = 1000, .doc = "Why; kept in the timeline.", .example = "Rolled back"}};
static const EnumValue STATUSES[] = {{"new"}, {"investigating"}, {"fixing"}, {"monitoring"}, {"closed"}, {NULL}};
static const Field UPDATE[] = {
    {.name = "text", .kind = F_TEXT, .max = 65536, .doc = "How it stands.", .example = "The cause is known"},
    {.name = "status", .kind = F_ENUM, .values = STATUSES, .doc = "Moves it there."}};
static const Field PAGE_BODY[] = {
    {.name = "policy_id", .kind = F_REF, .ref = "escalation_policy", .doc = "Null: the incident's, else the default."}};

const Route INCIDENT_ROUTES[] = {
    {HTTP_POST, "incidents/{id}/acknowledge", "incidents:write", .write = inc_acknowledge, BODY(REASON),
     .answers = "incident", .doc = "New to investigating; acknowledges its alerts."},
    {HTTP_POST, "incidents/{id}/resolve", "incidents:write", .write = inc_resolve, BODY(REASON), .answers = "incident",
     .doc = "Ends its pages; leaves its alerts as they are."},
    {HTTP_POST, "incidents/{id}/close", "incidents:write", .write = inc_close, BODY(REASON), .answers = "incident",
     .doc = "Closes it."},
    {HTTP_POST, "incidents/{id}/reopen", "incidents:write", .write = inc_reopen, BODY(REASON), .answers = "incident",
     .doc = "Back to investigating, a new episode."},
    {HTTP_POST, "incidents/{id}/status-updates", "incidents:write", .write = status_update, BODY(UPDATE),
     .answers = "incident", .doc = "Says how it stands; may move the status."},
    {HTTP_POST, "incidents/{id}/merge", "incidents:write", .write = inc_merge, BODY(MERGE), .answers = "incident",
     .doc = "It is the same as another: alerts, groups, services and people go there, and it is closed."},
    {HTTP_POST, "incidents/{id}/join", "incidents:write", .write = inc_join, BODY(PERSON), .answers = "incident",
     .doc = "Takes part from now on."},
    {HTTP_POST, "incidents/{id}/leave", "incidents:write", .write = inc_leave, BODY(PERSON), .answers = "incident",
     .doc = "Takes part no longer; a role must be handed over first."},
    {HTTP_GET, "incidents/{id}/people", "incidents:read", .read = inc_people, WHOLE_LIST, ANSWER(PEOPLE_ANSWER),
     .doc = "Who takes part."},
    {HTTP_POST, "incidents/{id}/relations", "incidents:write", .write = inc_relate, BODY(RELATE), .answers = "incident",
     .creates = true, .doc = "Says how it stands to another incident, an alert or a change."},
    {HTTP_POST, "incidents/{id}/page", "incidents:write", .write = inc_page, BODY(PAGE_BODY), .answers = "page",
     .creates = true, .doc = "Pages a policy for it."},
    {.path = NULL},
};

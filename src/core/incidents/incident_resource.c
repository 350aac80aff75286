/* Incidents, and the records that everything leaves: timeline and audit. */
#include "core/incidents/people.h"
#include "core/resources.h"

static const EnumValue STATUSES[] = {{"new", 0, "Declared, nobody has it."},
                                     {"investigating", 0, "Somebody looks."},
                                     {"fixing", 0, "The cause is known."},
                                     {"monitoring", 0, "Mended; is it?"},
                                     {"closed", 0, "Over."},
                                     {NULL}};
static const EnumValue KINDS[] = {{"normal"}, {"drill"}, {"test"}, {"backfilled"}, {NULL}};

static const Field SERVICE_ITEM = {.kind = F_REF, .ref = "service", .required = true, .doc = "A service."};

#define SEEN(n, k, text)                                                                                               \
  { .name = n, .kind = k, .read_only = true, .doc = text }

static const Field INCIDENT_FIELDS[] = {
    {.name = "title",
     .kind = F_TEXT,
     .required = true,
     .max = 1024,
     .doc = "What is wrong, in a line.",
     .example = "Checkout fails for a third of orders"},
    {.name = "summary", .kind = F_TEXT, .max = 65536, .doc = "What is known so far."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .def = "new",
     .filter = FILTER_SCAN,
     .doc = "Where the response is."},
    {.name = "severity", .kind = F_INT, .min = 0, .max = 4, .def = "2", .filter = FILTER_SCAN, .doc = "0 is worst."},
    {.name = "kind",
     .kind = F_ENUM,
     .values = KINDS,
     .def = "normal",
     .immutable = true,
     .filter = FILTER_SCAN,
     .doc = "Drills and tests page nobody by surprise."},
    {.name = "service_ids", .kind = F_LIST, .of = &SERVICE_ITEM, .max = 200, .doc = "What is affected."},
    {.name = "commander_id", .kind = F_REF, .ref = "user", .filter = FILTER_SCAN, .doc = "Who leads."},
    {.name = "reporter_id", .kind = F_REF, .ref = "user", .doc = "Who declared it."},
    {.name = "roles",
     .kind = F_JSON,
     .def = "{}",
     .doc = "Who holds which further role: a user, or a list of them; null takes it away.",
     .example = "{\"scribe\": \"ann@example.org\"}"},
    {.name = "fields", .kind = F_JSON, .def = "{}", .doc = "The type's own fields."},
    {.name = "private", .kind = F_BOOL, .def = "false", .doc = "Seen by owners, admins and who takes part only."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Whose it is."},
    {.name = "policy_id",
     .kind = F_REF,
     .ref = "escalation_policy",
     .immutable = true,
     .doc = "Who is paged when it is declared, and when it pages later; null: nobody is paged by the declaration."},
    SEEN("episode", F_INT, "1, then one more at each reopening."),
    SEEN("alert_count", F_INT, "How many alerts belong to it."),
    SEEN("open_alert_count", F_INT, "How many of them are open."),
    {.name = "impact_started_at", .kind = F_TIME, .doc = "When people began to notice."},
    {.name = "detected_at", .kind = F_TIME, .doc = "When we noticed."},
    SEEN("declared_at", F_TIME, "When it was declared."),
    SEEN("acknowledged_at", F_TIME, "When somebody took it."),
    SEEN("acknowledged_by", F_ACTOR, "Who."),
    SEEN("mitigated_at", F_TIME, "When it stopped hurting."),
    SEEN("resolved_at", F_TIME, "When it was mended."),
    SEEN("closed_at", F_TIME, "When the response ended."),
};

static const char *const OPEN[] = {"new", "investigating", "fixing", "monitoring", NULL};
static const FilterHint INCIDENT_HINTS[] = {{"status", OPEN, "status <> 'closed'"}, {NULL}};
static const SortField INCIDENT_SORTS[] = {{"severity", "incident_open", "status <> 'closed'"}, {NULL}};

/* Before the row is looked at again: whoever makes something private must still see it. */
static bool add_people(ResourceCtx *ctx, i64 id, const Value *row, Error *err) {
  static const char *const WHO[] = {"commander_id", "reporter_id", "roles"};
  i64 actor = 0;
  for (size_t i = 0; i < COUNT(WHO); i++)
    if (!incident_people_add(ctx->db, ctx->org_id, id, value_get_c(row, WHO[i]), ctx->now_ms, err)) return false;
  if (!value_bool_or(value_get_c(row, "private"), false) || !id_parse("usr", ctx->actor.id, &actor)) return true;
  return incident_person_add(ctx->db, ctx->org_id, id, actor, ctx->now_ms, err);
}

static bool incident_create(ResourceCtx *ctx, const Value *fresh, i64 *out_id, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!hooks->incident_declare) return fail(err, ERR_UNAVAILABLE, "this program cannot declare incidents");
  return hooks->incident_declare(ctx, fresh, out_id, err) && add_people(ctx, *out_id, fresh, err);
}

/* Roles ------------------------------------------------------------------------------------------------------------ */

enum { ROLES_MAX = 32, ROLE_BYTES = 64, HOLDERS_MAX = 20 };

static void bad_role(ResourceCtx *ctx, Str name, Str what) {
  Str pointer = str_format(ctx->arena, "/roles/%.*s", STR_ARG(name));
  field_error(ctx, str_to_c(ctx->arena, pointer), "not_found", "%.*s", STR_ARG(what));
}

/* One holder: any name of a user becomes the id. */
static bool role_holder(ResourceCtx *ctx, Str role, const Value *given, Value *out) {
  i64 id = 0;
  Error why = {0};
  Str text = value_text_or(given, STR_NONE);
  if (text.len == 0) {
    bad_role(ctx, role, S("a role is held by a user: an id, an e-mail address, or a list of them; null takes it away"));
    return false;
  }
  if (!resource_resolve(ctx, &USER, text, &id, &why)) {
    bad_role(ctx, role, str_copy(ctx->arena, str_from_c(why.message)));
    return false;
  }
  *out = value_string(id_text(ctx->arena, "usr", id));
  return true;
}

static bool role_holders(ResourceCtx *ctx, Str role, const Value *given, Value *out) {
  ValueVec list = {0};
  if (given->kind != VALUE_LIST) return role_holder(ctx, role, given, out);
  for (size_t i = 0; i < given->size && i < HOLDERS_MAX; i++)
    if (!role_holder(ctx, role, value_at(given, i), VEC_PUSH(ctx->arena, &list))) return false;
  *out = list_done(&list);
  return true;
}

/* {"scribe": "usr_...", "communications": ["usr_..."]}; the commander has a field of their own. */
static bool check_roles(ResourceCtx *ctx, Value *fresh, Error *err) {
  const Value *roles = value_get_c(fresh, "roles");
  MapBuilder map = map_builder(ctx->arena);
  (void)err;
  if (!roles || roles->kind == VALUE_NULL) return true;
  if (roles->kind != VALUE_MAP || roles->size > ROLES_MAX) {
    field_error(ctx, "/roles", "type", "roles is an object of at most %d roles, each with who holds it", ROLES_MAX);
    return true;
  }
  for (size_t i = 0; i < roles->size; i++) {
    Str name = value_text(&roles->members[i].key);
    const Value *given = &roles->members[i].value;
    Value holders = value_null();
    if (given->kind == VALUE_NULL || (given->kind == VALUE_LIST && given->size == 0)) continue;
    if (str_equal_c(name, "commander") || str_equal_c(name, "reporter") || name.len == 0 || name.len > ROLE_BYTES)
      bad_role(ctx, name,
               S("commander and reporter are fields of their own (commander_id, reporter_id); other roles have a "
                 "name of at most 64 bytes"));
    else if (role_holders(ctx, name, given, &holders))
      map_put(&map, name, holders);
  }
  resource_put(ctx, fresh, "roles", map_done(&map));
  return true;
}

static bool incident_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!old || !hooks->incident_changed) return true;
  return hooks->incident_changed(ctx, resource_ref_id(ctx->registry, value_get_c(fresh, "id")), old, fresh, err);
}

/* Statuses move through their machine, which also sets the times that go with them. */
static bool incident_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  if (!check_roles(ctx, fresh, err)) return false;
  if (old && !add_people(ctx, resource_ref_id(ctx->registry, value_get_c(old, "id")), fresh, err)) return false;
  if (!old || value_equal(value_get_c(old, "status"), value_get_c(fresh, "status"))) return true;
  if (!hooks->incident_move) return fail(err, ERR_UNAVAILABLE, "this program cannot move incidents");
  return hooks->incident_move(ctx, resource_ref_id(ctx->registry, value_get_c(old, "id")),
                              value_text_or(value_get_c(fresh, "status"), S("")), err);
}

const Resource INCIDENT = {
    .name = "incident",
    .plural = "incidents",
    .prefix = "inc",
    .table = "incident",
    .number = "INC",
    .doc = "The response to something that is broken.",
    FIELDS(INCIDENT_FIELDS),
    .verbs = VERB_CREATE | VERB_READ | VERB_LIST | VERB_UPDATE,
    .default_sort = "-id",
    .sorts = INCIDENT_SORTS,
    .hints = INCIDENT_HINTS,
    .team_column = "team_id",
    .team_shared = true,
    .private_sql = "private = 0 OR id NOT IN (" HIDDEN_INCIDENTS ")",
    .create = incident_create,
    .before_write = incident_before_write,
    .after_write = incident_after_write,
};

/* Records --------------------------------------------------------------------------------------------------------- */

static const Field TIMELINE_FIELDS[] = {
    SEEN("subject_kind", F_TEXT, "alert, incident or page."),
    {.name = "subject_id",
     .kind = F_REF,
     .ref_by = "subject_kind",
     .read_only = true,
     .filter = "timeline_subject",
     .doc = "Of what it tells."},
    SEEN("at", F_TIME, "When."),
    {.name = "kind", .kind = F_TEXT, .read_only = true, .filter = FILTER_SCAN, .doc = "What happened."},
    SEEN("actor", F_ACTOR, "Who did it."),
    SEEN("data", F_JSON, "From what to what, and what the kind says."),
    {.name = "key_event", .kind = F_BOOL, .read_only = true, .filter = FILTER_SCAN, .doc = "It matters to the story."},
    SEEN("edited_at", F_TIME, "When a person last put its text or time right; see its history."),
};

#define SUBJECT_OF_TEAM(table)                                                                                         \
  "EXISTS (SELECT 1 FROM " table                                                                                       \
  " AS s WHERE s.id = timeline.subject_id AND (s.team_id IS NULL OR s.team_id IN ({teams})))"

const Resource TIMELINE_ENTRY = {
    .name = "timeline_entry",
    .plural = "timeline",
    .prefix = "tle",
    .table = "timeline",
    .doc = "What happened, in order. People may put an entry right; what stood there is kept.",
    FIELDS(TIMELINE_FIELDS),
    .bare = true,
    .verbs = VERBS_LOG,
    .team_sql = SUBJECT_OF_TEAM("alert") " OR " SUBJECT_OF_TEAM("incident") " OR " SUBJECT_OF_TEAM("page"),
    .private_sql = "subject_id NOT IN (" HIDDEN_INCIDENTS ") AND subject_id NOT IN (" HIDDEN_ALERTS
                   ") AND subject_id NOT IN (SELECT q.id FROM page AS q WHERE q.incident_id IN (" HIDDEN_INCIDENTS
                   ") OR q.alert_id IN (" HIDDEN_ALERTS "))",
};

static const Field AUDIT_FIELDS[] = {
    SEEN("at", F_TIME, "When."),
    SEEN("actor", F_ACTOR, "Who."),
    {.name = "verb",
     .kind = F_TEXT,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "create, update, delete or a verb."},
    {.name = "kind", .kind = F_TEXT, .read_only = true, .filter = FILTER_SCAN, .doc = "The kind of thing."},
    {.name = "object_id",
     .kind = F_REF,
     .ref_by = "kind",
     .read_only = true,
     .filter = "audit_object",
     .doc = "Which one."},
    SEEN("address", F_TEXT, "From where; null: from inside."),
    SEEN("via", F_TEXT, "The key or the session that was used."),
    SEEN("before", F_JSON, "As it was; of an update only what changed."),
    SEEN("after", F_JSON, "As it became."),
};

const Resource AUDIT_ENTRY = {
    .name = "audit_entry",
    .plural = "audit",
    .prefix = "aud",
    .table = "audit",
    .doc = "Who changed what.",
    FIELDS(AUDIT_FIELDS),
    .bare = true,
    .verbs = VERBS_LOG,
    .private_sql = "object_id NOT IN (" HIDDEN_INCIDENTS ") AND object_id NOT IN (" HIDDEN_ALERTS
                   ") AND object_id NOT IN (SELECT q.id FROM page AS q WHERE q.incident_id IN (" HIDDEN_INCIDENTS
                   ") OR q.alert_id IN (" HIDDEN_ALERTS "))",
    .default_sort = "-id",
};

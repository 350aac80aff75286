/* Kinds: the registry's tables say which there are; only the choice of columns is made here. */
#include "cli/kinds.h"

#include "core/resources.h"

#define LAST                                                                                                           \
  { NULL, NULL, COLUMN_TEXT, NULL }

static const Column ALERTS[] = {{"ALERT", "number", COLUMN_TEXT},
                                {"STATUS", "status", COLUMN_STATUS},
                                {"PRIO", "priority", COLUMN_PRIORITY},
                                {"TITLE", "title", COLUMN_TEXT},
                                {"SERVICE", "service_id", COLUMN_REF, "service"},
                                {"TIMES", "count", COLUMN_TEXT},
                                {"AGE", "first_seen_at", COLUMN_AGE},
                                {"INCIDENT", "incident_id", COLUMN_REF, "incident"},
                                {"TEAM", "team_id", COLUMN_REF, "team", true},
                                {"FROM", "integration_id", COLUMN_REF, "integration", true},
                                {"KEY", "dedup_key", COLUMN_TEXT, .wide = true},
                                {"ID", "id", COLUMN_TEXT, .wide = true},
                                LAST};
static const Column INCIDENTS[] = {{"INCIDENT", "number", COLUMN_TEXT},
                                   {"STATUS", "status", COLUMN_STATUS},
                                   {"SEV", "severity", COLUMN_SEVERITY},
                                   {"TITLE", "title", COLUMN_TEXT},
                                   {"ALERTS", "alert_count", COLUMN_TEXT},
                                   {"TEAM", "team_id", COLUMN_REF, "team"},
                                   {"AGE", "declared_at", COLUMN_AGE},
                                   {"LEADS", "commander_id", COLUMN_REF, "user", true},
                                   {"KIND", "kind", COLUMN_TEXT, .wide = true},
                                   {"ID", "id", COLUMN_TEXT, .wide = true},
                                   LAST};
static const Column PAGES[] = {{"ID", "id", COLUMN_TEXT},         {"STATUS", "status", COLUMN_STATUS},
                               {"LEVEL", "level", COLUMN_TEXT},   {"URGENCY", "urgency", COLUMN_TEXT},
                               {"TITLE", "title", COLUMN_TEXT},   {"ANSWERED BY", "acknowledged_by/name", COLUMN_TEXT},
                               {"AGE", "created_at", COLUMN_AGE}, LAST};
static const Column NOTIFICATIONS[] = {{"PERSON", "user_name", COLUMN_TEXT},
                                       {"BY", "kind", COLUMN_TEXT},
                                       {"ADDRESS", "address", COLUMN_TEXT},
                                       {"STATUS", "status", COLUMN_STATUS},
                                       {"LEVEL", "level", COLUMN_TEXT},
                                       {"AGE", "queued_at", COLUMN_AGE},
                                       {"ERROR", "error", COLUMN_ERROR},
                                       {"PAGE", "page_id", COLUMN_TEXT, .wide = true},
                                       LAST};
static const Column SERVICES[] = {{"SERVICE", "slug", COLUMN_TEXT},
                                  {"NAME", "name", COLUMN_TEXT},
                                  {"TIER", "tier", COLUMN_TEXT},
                                  {"TEAM", "team_id", COLUMN_REF, "team"},
                                  {"POLICY", "policy_id", COLUMN_REF, "escalation_policy"},
                                  {"ID", "id", COLUMN_TEXT, .wide = true},
                                  LAST};
static const Column USERS[] = {{"NAME", "name", COLUMN_TEXT},
                               {"E-MAIL", "email", COLUMN_TEXT},
                               {"ROLE", "role", COLUMN_TEXT},
                               {"STATUS", "status", COLUMN_TEXT},
                               {"ZONE", "time_zone", COLUMN_TEXT},
                               {"ID", "id", COLUMN_TEXT, .wide = true},
                               LAST};
static const Column TEAMS[] = {
    {"TEAM", "slug", COLUMN_TEXT},           {"NAME", "name", COLUMN_TEXT},
    {"MEMBERS", "members", COLUMN_COUNT},    {"POLICY", "policy_id", COLUMN_REF, "escalation_policy"},
    {"ID", "id", COLUMN_TEXT, .wide = true}, LAST};
static const Column INTEGRATIONS[] = {{"INTEGRATION", "slug", COLUMN_TEXT},
                                      {"TEMPLATE", "template", COLUMN_TEXT},
                                      {"KEY", "key", COLUMN_TEXT},
                                      {"ON", "enabled", COLUMN_TEXT},
                                      {"TEAM", "team_id", COLUMN_REF, "team"},
                                      {"LAST REQUEST", "last_request_at", COLUMN_AGE},
                                      {"ID", "id", COLUMN_TEXT, .wide = true},
                                      LAST};
static const Column SCHEDULES[] = {{"SCHEDULE", "slug", COLUMN_TEXT},
                                   {"NAME", "name", COLUMN_TEXT},
                                   {"ZONE", "time_zone", COLUMN_TEXT},
                                   {"LAYERS", "layers", COLUMN_COUNT},
                                   {"TEAM", "team_id", COLUMN_REF, "team"},
                                   {"ID", "id", COLUMN_TEXT, .wide = true},
                                   LAST};
static const Column OVERRIDES[] = {{"ID", "id", COLUMN_TEXT},
                                   {"SCHEDULE", "schedule_id", COLUMN_REF, "schedule"},
                                   {"KIND", "kind", COLUMN_TEXT},
                                   {"PERSON", "user_id", COLUMN_REF, "user"},
                                   {"FROM", "starts_at", COLUMN_TEXT},
                                   {"TO", "ends_at", COLUMN_TEXT},
                                   LAST};
static const Column BLOCKS[] = {{"ID", "id", COLUMN_TEXT},
                                {"NAME", "name", COLUMN_TEXT},
                                {"SCHEDULE", "schedule_id", COLUMN_REF, "schedule"},
                                {"SHIFTS", "shifts", COLUMN_COUNT},
                                {"FROM", "starts_at", COLUMN_TEXT},
                                {"TO", "ends_at", COLUMN_TEXT},
                                LAST};
static const Column HOLIDAYS[] = {{"CALENDAR", "slug", COLUMN_TEXT},
                                  {"NAME", "name", COLUMN_TEXT},
                                  {"ADDRESS", "url", COLUMN_TEXT},
                                  {"READ", "fetched_at", COLUMN_AGE},
                                  {"ERROR", "error", COLUMN_TEXT},
                                  {"ID", "id", COLUMN_TEXT, .wide = true},
                                  LAST};
static const Column POLICIES[] = {{"POLICY", "slug", COLUMN_TEXT},
                                  {"NAME", "name", COLUMN_TEXT},
                                  {"LEVELS", "levels", COLUMN_COUNT},
                                  {"REPEAT", "repeat", COLUMN_TEXT},
                                  {"TEAM", "team_id", COLUMN_REF, "team"},
                                  {"ID", "id", COLUMN_TEXT, .wide = true},
                                  LAST};
static const Column RULES[] = {{"POS", "position", COLUMN_TEXT},        {"RULE", "slug", COLUMN_TEXT},
                               {"ON", "enabled", COLUMN_TEXT},          {"WHEN", "when", COLUMN_TEXT},
                               {"ACTIONS", "actions", COLUMN_COUNT},    {"TEAM", "team_id", COLUMN_REF, "team"},
                               {"ID", "id", COLUMN_TEXT, .wide = true}, LAST};
static const Column REQUESTS[] = {{"ID", "id", COLUMN_TEXT},
                                  {"INTEGRATION", "integration_id", COLUMN_REF, "integration"},
                                  {"OUTCOME", "outcome", COLUMN_STATUS},
                                  {"ALERTS", "alert_ids", COLUMN_COUNT},
                                  {"BYTES", "body_bytes", COLUMN_TEXT},
                                  {"AGE", "received_at", COLUMN_AGE},
                                  LAST};
static const Column CHANGES[] = {{"CHANGE", "number", COLUMN_TEXT},   {"KIND", "kind", COLUMN_TEXT},
                                 {"TITLE", "title", COLUMN_TEXT},     {"STATUS", "status", COLUMN_STATUS},
                                 {"SERVICE", "service", COLUMN_TEXT}, {"AUTHOR", "author", COLUMN_TEXT},
                                 {"AGE", "created_at", COLUMN_AGE},   LAST};
static const Column METHODS[] = {{"ID", "id", COLUMN_TEXT},
                                 {"PERSON", "user_id", COLUMN_REF, "user"},
                                 {"KIND", "kind", COLUMN_TEXT},
                                 {"ADDRESS", "address", COLUMN_TEXT},
                                 {"VERIFIED", "verified", COLUMN_TEXT},
                                 {"BROKEN", "broken", COLUMN_TEXT},
                                 LAST};
static const Column NOTIFICATION_RULES[] = {{"ID", "id", COLUMN_TEXT},
                                            {"PERSON", "user_id", COLUMN_REF, "user"},
                                            {"URGENCY", "urgency", COLUMN_TEXT},
                                            {"STEPS", "steps", COLUMN_COUNT},
                                            LAST};
static const Column KEYS[] = {{"ID", "id", COLUMN_TEXT},
                              {"NAME", "name", COLUMN_TEXT},
                              {"BEGINS WITH", "hint", COLUMN_TEXT},
                              {"PERSON", "user_id", COLUMN_REF, "user"},
                              {"EXPIRES", "expires_at", COLUMN_AGE},
                              LAST};
static const Column TIMELINE[] = {{"AT", "at", COLUMN_TEXT},          {"WHAT", "kind", COLUMN_TEXT},
                                  {"WHO", "actor/name", COLUMN_TEXT}, {"OF", "subject_id", COLUMN_TEXT},
                                  {"DATA", "data", COLUMN_TEXT},      LAST};
static const Column AUDIT[] = {
    {"AT", "at", COLUMN_TEXT},     {"WHO", "actor/name", COLUMN_TEXT},   {"DID", "verb", COLUMN_TEXT},
    {"KIND", "kind", COLUMN_TEXT}, {"OBJECT", "object_id", COLUMN_TEXT}, LAST};

static const Column SILENCES[] = {{"ID", "id", COLUMN_TEXT},
                                  {"STATE", "state", COLUMN_STATUS},
                                  {"MATCHERS", "matchers", COLUMN_MATCHERS},
                                  {"WHEN", "when", COLUMN_TEXT},
                                  {"ENDS", "ends_at", COLUMN_AGE},
                                  {"BY", "created_by/name", COLUMN_TEXT},
                                  {"COMMENT", "comment", COLUMN_TEXT},
                                  {"BEGAN", "starts_at", COLUMN_AGE, .wide = true},
                                  {"OF", "integration_id", COLUMN_REF, "integration", true},
                                  LAST};

static const struct {
  const Resource *kind;
  const Column *columns;
} VIEWS[] = {{&ALERT, ALERTS},
             {&SILENCE, SILENCES},
             {&INCIDENT, INCIDENTS},
             {&PAGE, PAGES},
             {&NOTIFICATION, NOTIFICATIONS},
             {&SERVICE, SERVICES},
             {&USER, USERS},
             {&TEAM, TEAMS},
             {&INTEGRATION, INTEGRATIONS},
             {&SCHEDULE, SCHEDULES},
             {&SCHEDULE_OVERRIDE, OVERRIDES},
             {&SCHEDULE_BLOCK, BLOCKS},
             {&HOLIDAY_CALENDAR, HOLIDAYS},
             {&ESCALATION_POLICY, POLICIES},
             {&ALERT_RULE, RULES},
             {&REQUEST, REQUESTS},
             {&CHANGE, CHANGES},
             {&CONTACT_METHOD, METHODS},
             {&NOTIFICATION_RULE, NOTIFICATION_RULES},
             {&API_KEY, KEYS},
             {&TIMELINE_ENTRY, TIMELINE},
             {&AUDIT_ENTRY, AUDIT}};

/* For kinds whose columns nobody chose: what names them, then their plain fields; past FIRST_COLUMNS they are wide. */
enum { FIRST_COLUMNS = 6, OWN_COLUMNS_MAX = 12, TITLE_BYTES_MAX = 40 };

static bool column_of(Arena *arena, const Field *field, Column *out) {
  static const FieldKind PLAIN[] = {F_TEXT, F_INT, F_BOOL, F_ENUM, F_TIME, F_REF, F_CEL, F_ZONE, F_EMAIL, F_PRIORITY};
  bool plain = !field->hidden && !field->write_only, fits = false;
  for (size_t i = 0; i < COUNT(PLAIN); i++) fits = fits || field->kind == PLAIN[i];
  if (!plain || !fits) return false;
  Str name = str_from_c(field->name);
  if (str_ends_with(name, S("_id")) || str_ends_with(name, S("_at"))) name.len -= 3;
  char *title = str_to_c(arena, utf8_cut(name, TITLE_BYTES_MAX));
  for (char *c = title; *c; c++) *c = *c == '_' ? ' ' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
  ColumnForm form = field->kind == F_TIME                ? COLUMN_AGE
                    : field->kind == F_REF && field->ref ? COLUMN_REF
                    : field->kind == F_PRIORITY          ? COLUMN_PRIORITY
                    : str_equal_c(name, "status") || str_equal_c(name, "outcome") || str_equal_c(name, "state")
                        ? COLUMN_STATUS
                        : COLUMN_TEXT;
  *out = (Column){title, field->name, form, field->ref, false};
  return true;
}

static const Column *own_columns(Arena *arena, const Resource *kind) {
  Column *columns = ARENA_ARRAY(arena, Column, OWN_COLUMNS_MAX + 1);
  const char *name = kind->number ? "number" : kind->has_slug ? "slug" : "id";
  size_t count = 0;
  columns[count++] = (Column){kind->number ? "NAME" : kind->has_slug ? "SLUG" : "ID", name, COLUMN_TEXT, NULL, false};
  for (size_t i = 0; i < kind->field_count && count < OWN_COLUMNS_MAX; i++) {
    if (!column_of(arena, &kind->fields[i], &columns[count])) continue;
    columns[count].wide = count >= FIRST_COLUMNS && columns[count].form != COLUMN_STATUS;
    count++;
  }
  return columns;
}

const Column *kind_columns(Arena *arena, const Resource *kind) {
  for (size_t i = 0; i < COUNT(VIEWS); i++)
    if (VIEWS[i].kind == kind) return VIEWS[i].columns;
  return own_columns(arena, kind);
}

const Resource *kind_by_name(const char *name) {
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
    if (str_equal_c(str_from_c(CORE_RESOURCES[i]->name), name)) return CORE_RESOURCES[i];
  return NULL;
}

/* "alert_rule" and "alert-rule" are one word. */
static bool same_word(Str a, const char *b) {
  Str other = str_from_c(b);
  if (a.len != other.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (a.ptr[i] != b[i] && !((a.ptr[i] == '-' || a.ptr[i] == '_') && (b[i] == '-' || b[i] == '_'))) return false;
  return true;
}

bool kind_find(Str text, const Resource **out, Error *err) {
  char list[512];
  size_t used = 0;
  Spelling near = spelling_of(text);
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *kind = CORE_RESOURCES[i];
    if (same_word(text, kind->name) || same_word(text, kind->plural)) return *out = kind, true;
    spelling_try(&near, str_from_c(kind->plural));
    if (!str_ends_with(text, S("s"))) spelling_try(&near, str_from_c(kind->name));
    int wrote = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", kind->plural);
    used = MIN(used + (size_t)wrote, sizeof list - 1);
  }
  if (near.word.len)
    return fail(err, ERR_INVALID, "\"%.*s\" is not a kind; did you mean \"%.*s\"?", STR_ARG(utf8_cut(text, 60)),
                STR_ARG(near.word));
  return fail(err, ERR_INVALID, "\"%.*s\" is not a kind; there are %s", STR_ARG(utf8_cut(text, 60)), list);
}

Str kind_label(const Value *row) {
  static const char *const MEMBERS[] = {"number", "slug", "name", "title", "email", "address", "label", "id"};
  for (size_t i = 0; i < COUNT(MEMBERS); i++) {
    Str text = value_text_or(value_get_c(row, MEMBERS[i]), STR_NONE);
    if (text.len) return text;
  }
  return S("?");
}

Str kind_name(const Value *row) {
  static const char *const MEMBERS[] = {"number", "slug", "email", "id", "name"};
  for (size_t i = 0; i < COUNT(MEMBERS); i++) {
    Str text = value_text_or(value_get_c(row, MEMBERS[i]), STR_NONE);
    if (text.len) return text;
  }
  return S("?");
}

/* Names ----------------------------------------------------------------------------------------------------------- */

struct Names {
  Client *client;
  Map *by_id;  /* id -> Str */
  Map *loaded; /* kinds */
};

Names *names_new(Client *client) {
  Arena *arena = client_arena(client);
  Names *names = ARENA_NEW(arena, Names);
  *names = (Names){.client = client, .by_id = map_new(arena), .loaded = map_new(arena)};
  return names;
}

static bool any_at(Arena *arena, const Value *items, const char *path) {
  Str pointer = str_format(arena, "/%s", path);
  for (size_t i = 0; i < items->size; i++)
    if (value_is(value_pointer(value_at(items, i), pointer), VALUE_STRING)) return true;
  return false;
}

/* Numbers for what has one, else names: a table says "Checkout", not "svc_01h8...". */
static Str short_name(const Value *row) {
  Str number = value_text_or(value_get_c(row, "number"), STR_NONE);
  return number.len ? number : value_text_or(value_get_c(row, "name"), kind_label(row));
}

void names_load(Names *names, const char *ref, const char *path, const Value *items) {
  Arena *arena = client_arena(names->client);
  const Resource *kind = kind_by_name(ref);
  Value answer = value_null();
  if (!kind || map_get(names->loaded, str_from_c(ref)) || !any_at(arena, items, path)) return;
  map_set(names->loaded, str_from_c(ref), names);
  if (!client_try(names->client, str_format(arena, "/api/v1/%s?limit=1000&sort=-id", kind->plural), &answer)) return;
  const Value *rows = value_get_c(&answer, "items");
  for (size_t i = 0; value_is(rows, VALUE_LIST) && i < rows->size; i++) {
    const Value *row = value_at(rows, i);
    Str *name = ARENA_NEW(arena, Str);
    *name = short_name(row);
    map_set(names->by_id, value_text_or(value_get_c(row, "id"), STR_NONE), name);
  }
}

Str names_of(const Names *names, const Value *id) {
  Str text = value_text_or(id, STR_NONE);
  const Str *name = map_get(names->by_id, text);
  return name ? *name : text;
}

Str names_one(Names *names, const char *ref, Str id) {
  Arena *arena = client_arena(names->client);
  const Resource *kind = kind_by_name(ref);
  const Str *known = map_get(names->by_id, id);
  Value row = value_null();
  if (known) return *known;
  if (!kind || !(kind->verbs & VERB_READ) ||
      !client_try(names->client, str_format(arena, "/api/v1/%s/%.*s", kind->plural, STR_ARG(id)), &row))
    return id;
  Str *name = ARENA_NEW(arena, Str);
  *name = short_name(&row);
  map_set(names->by_id, str_copy(arena, id), name);
  return *name;
}

/* Permissions as one table: every resource and verb, and what the four roles hold of each. */
#include "core/identity/access.h"

#include <string.h>

struct Access {
  Permission *list;
  size_t count;
  Map *index; /* "area:verb" -> its Permission */
  Grants roles[4];
};

static const char *const ROLE_NAMES[] = {"owner", "admin", "responder", "viewer"};

typedef struct RoleRow {
  const char *area, *verb;
  RowScope held[COUNT(ROLE_NAMES)]; /* in the order of ROLE_NAMES */
} RoleRow;

#define ALL  ROWS_ALL
#define TEAM ROWS_TEAM
#define LED  ROWS_LED
#define OWN  ROWS_OWN
#define NONE ROWS_NONE

/* Later rows win; `write` is here everything that changes something, without reading. A responder answers for
 * everybody, configures what belongs to the teams they lead (team role owner or admin), and themselves. Who is not
 * named gets nothing: a new resource is the owners' and admins' until a row says more. */
static const RoleRow ROLES_HOLD[] = {
    /*                                  owner  admin responder viewer */
    {"*", "*", {ALL, ALL, NONE, NONE}},
    {"organizations", "read", {ALL, ALL, ALL, ALL}},
    {"organizations", "write", {ALL, NONE, NONE, NONE}},
    {"users", "read", {ALL, ALL, ALL, ALL}},
    {"users", "update", {ALL, ALL, OWN, OWN}},
    {"channels", "read", {ALL, ALL, ALL, ALL}},
    {"contact-methods", "read", {ALL, ALL, OWN, OWN}},
    {"contact-methods", "write", {ALL, ALL, OWN, NONE}},
    {"notification-rules", "read", {ALL, ALL, OWN, OWN}},
    {"notification-rules", "write", {ALL, ALL, OWN, NONE}},
    {"api-keys", "read", {ALL, ALL, OWN, OWN}},
    {"api-keys", "write", {ALL, ALL, OWN, NONE}},
    {"saved-views", "read", {ALL, ALL, OWN, OWN}},
    {"saved-views", "write", {ALL, ALL, OWN, OWN}},
    {"calendar-feeds", "read", {ALL, ALL, OWN, OWN}},
    {"calendar-feeds", "write", {ALL, ALL, OWN, OWN}},
    {"roles", "read", {ALL, ALL, ALL, ALL}},
    {"teams", "read", {ALL, ALL, ALL, ALL}},
    {"teams", "update", {ALL, ALL, LED, NONE}},
    {"services", "read", {ALL, ALL, ALL, ALL}},
    {"services", "write", {ALL, ALL, LED, NONE}},
    {"schedules", "read", {ALL, ALL, ALL, ALL}},
    {"schedules", "write", {ALL, ALL, LED, NONE}},
    {"overrides", "read", {ALL, ALL, ALL, ALL}},
    {"overrides", "write", {ALL, ALL, TEAM, NONE}},
    {"schedule-blocks", "read", {ALL, ALL, ALL, ALL}},
    {"schedule-blocks", "write", {ALL, ALL, TEAM, NONE}},
    {"holiday-calendars", "read", {ALL, ALL, ALL, ALL}},
    {"absences", "read", {ALL, ALL, ALL, ALL}},
    {"absences", "write", {ALL, ALL, OWN, NONE}},
    {"cover-requests", "read", {ALL, ALL, ALL, ALL}},
    {"cover-requests", "write", {ALL, ALL, TEAM, NONE}},
    {"escalation-policies", "read", {ALL, ALL, ALL, ALL}},
    {"escalation-policies", "write", {ALL, ALL, LED, NONE}},
    {"integrations", "read", {ALL, ALL, ALL, ALL}},
    {"integrations", "write", {ALL, ALL, LED, NONE}},
    {"templates", "read", {ALL, ALL, ALL, ALL}},
    {"requests", "read", {ALL, ALL, ALL, ALL}},
    {"requests", "write", {ALL, ALL, TEAM, NONE}},
    {"alert-rules", "read", {ALL, ALL, ALL, ALL}},
    {"alert-rules", "write", {ALL, ALL, LED, NONE}},
    {"silences", "read", {ALL, ALL, ALL, ALL}},
    {"silences", "write", {ALL, ALL, ALL, NONE}},
    {"inhibition-rules", "read", {ALL, ALL, ALL, ALL}},
    {"maintenance-windows", "read", {ALL, ALL, ALL, ALL}},
    {"maintenance-windows", "write", {ALL, ALL, TEAM, NONE}},
    {"heartbeats", "read", {ALL, ALL, ALL, ALL}},
    {"heartbeats", "write", {ALL, ALL, LED, NONE}},
    {"changes", "read", {ALL, ALL, ALL, ALL}},
    {"alerts", "read", {ALL, ALL, ALL, ALL}},
    {"alerts", "write", {ALL, ALL, ALL, NONE}},
    {"alert-records", "read", {ALL, ALL, ALL, ALL}},
    {"incidents", "read", {ALL, ALL, ALL, ALL}},
    {"incidents", "write", {ALL, ALL, ALL, NONE}},
    {"timeline", "read", {ALL, ALL, ALL, ALL}},
    {"timeline", "write", {ALL, ALL, ALL, NONE}},
    {"pages", "read", {ALL, ALL, ALL, ALL}},
    {"pages", "write", {ALL, ALL, ALL, NONE}},
    {"notifications", "read", {ALL, ALL, ALL, ALL}},
    {"jobs", "read", {ALL, ALL, ALL, ALL}},
    {"jobs", "write", {ALL, ALL, OWN, NONE}},
    {"expressions", "read", {ALL, ALL, ALL, ALL}},
    {"stream", "read", {ALL, ALL, ALL, ALL}},
    {"sessions", "read", {ALL, ALL, OWN, OWN}},
    {"sessions", "write", {ALL, ALL, OWN, OWN}},
    {"me", "*", {ALL, ALL, ALL, ALL}},
    /* the owners' and admins' only, said on purpose */
    {"metrics", "read", {ALL, ALL, NONE, NONE}},
    {"audit", "*", {ALL, ALL, NONE, NONE}},
    {"connectors", "*", {ALL, ALL, NONE, NONE}},
    {"identity-providers", "read", {ALL, ALL, NONE, NONE}},
    {"identity-providers", "write", {ALL, NONE, NONE, NONE}}, /* they vouch for owners, too */
};

/* Beside those of the tables: an incident that is private is seen; another person is spoken for (On-Behalf-Of);
 * /metrics. */
static const Permission SPECIAL[] = {
    {STR("incidents"), STR("private"), false, false},
    {STR("users"), STR("impersonate"), false, false},
    {STR("metrics"), STR("read"), false, false},
};

static bool is_special(Str verb) {
  return str_equal_c(verb, "private") || str_equal_c(verb, "impersonate");
}

/* Does "area:verb" stand for this permission? With `reads` a right to write is one to read. */
static bool stands_for(Str area, Str verb, const Permission *p, bool reads) {
  if (!str_equal_c(area, "*") && !str_equal(area, p->area)) return false;
  if (str_equal_c(verb, "*") || str_equal(verb, p->verb)) return true;
  if (!str_equal_c(verb, "write") || is_special(p->verb)) return false;
  return reads || !str_equal_c(p->verb, "read");
}

static u8 *new_scopes(Arena *arena, const Access *access) {
  return arena_zero(arena, access->count + 1, 1);
}

/* The list -------------------------------------------------------------------------------------------------------- */

static void add_permission(Arena *arena, Access *access, const Permission *p) {
  Str key = str_format(arena, "%.*s:%.*s", STR_ARG(p->area), STR_ARG(p->verb));
  Permission *there = map_get(access->index, key);
  if (there) {
    there->own = there->own || p->own;
    there->team = there->team || p->team;
    return;
  }
  access->list[access->count] = *p;
  map_set(access->index, key, &access->list[access->count++]);
}

static void build_role(Arena *arena, Access *access, size_t role) {
  u8 *scopes = new_scopes(arena, access);
  for (size_t i = 0; i < access->count; i++)
    for (size_t r = 0; r < COUNT(ROLES_HOLD); r++)
      if (stands_for(str_from_c(ROLES_HOLD[r].area), str_from_c(ROLES_HOLD[r].verb), &access->list[i], false))
        scopes[i] = (u8)ROLES_HOLD[r].held[role];
  access->roles[role] = (Grants){access, scopes};
}

const Access *access_new(Arena *arena, const Permission *list, size_t count) {
  Access *access = ARENA_NEW(arena, Access);
  access->list = ARENA_ARRAY(arena, Permission, count + COUNT(SPECIAL));
  access->index = map_new(arena);
  for (size_t i = 0; i < count; i++) add_permission(arena, access, &list[i]);
  for (size_t i = 0; i < COUNT(SPECIAL); i++) add_permission(arena, access, &SPECIAL[i]);
  for (size_t i = 0; i < COUNT(ROLE_NAMES); i++) build_role(arena, access, i);
  return access;
}

size_t access_count(const Access *access) {
  return access->count;
}

const Permission *access_at(const Access *access, size_t i) {
  ASSERT(i < access->count);
  return &access->list[i];
}

const Permission *access_undecided(const Access *access) {
  for (size_t i = 0; i < access->count; i++) {
    bool named = false;
    for (size_t r = 0; r < COUNT(ROLES_HOLD); r++)
      named = named || str_equal_c(access->list[i].area, ROLES_HOLD[r].area);
    if (!named) return &access->list[i];
  }
  return NULL;
}

/* Grants ---------------------------------------------------------------------------------------------------------- */

const Grants *access_role(const Access *access, Str role) {
  static const u8 NOTHING[1];
  static const Grants NOBODY = {NULL, NOTHING};
  for (size_t i = 0; i < COUNT(ROLE_NAMES); i++)
    if (str_equal_c(role, ROLE_NAMES[i])) return &access->roles[i];
  return &NOBODY;
}

static void grant(const Access *access, u8 *scopes, Str area, Str verb, RowScope scope) {
  for (size_t i = 0; i < access->count; i++) {
    const Permission *p = &access->list[i];
    bool fits = scope == ROWS_ALL || (scope == ROWS_OWN ? p->own : p->team);
    if (fits && stands_for(area, verb, p, true)) scopes[i] = (u8)MAX((RowScope)scopes[i], scope);
  }
}

static void split(Str text, Str *out_area, Str *out_verb) {
  *out_verb = S("*");
  if (str_cut(text, ':', out_area, out_verb)) return;
  *out_area = S("*"); /* "*", "read", "write" */
  *out_verb = text;
}

static const Grants *made(Arena *arena, const Access *access, const u8 *scopes) {
  Grants *grants = ARENA_NEW(arena, Grants);
  *grants = (Grants){access, scopes};
  return grants;
}

const Grants *access_scopes(Arena *arena, const Access *access, const Value *scopes) {
  u8 *out = new_scopes(arena, access);
  bool all = !value_is(scopes, VALUE_LIST) || scopes->size == 0;
  if (all) memset(out, ROWS_ALL, access->count);
  for (size_t i = 0; !all && i < scopes->size; i++) {
    Str area = STR_NONE, verb = STR_NONE;
    split(value_text_or(value_at(scopes, i), STR_NONE), &area, &verb);
    grant(access, out, area, verb, ROWS_ALL);
  }
  return made(arena, access, out);
}

const Grants *access_permissions(Arena *arena, const Access *access, const Value *permissions) {
  u8 *out = new_scopes(arena, access);
  for (size_t i = 0; value_is(permissions, VALUE_LIST) && i < permissions->size; i++) {
    const Value *p = value_at(permissions, i);
    Str scope = value_text_or(value_get_c(p, "scope"), S("all"));
    grant(access, out, value_text_or(value_get_c(p, "resource"), STR_NONE),
          value_text_or(value_get_c(p, "verb"), STR_NONE),
          str_equal_c(scope, "own")    ? ROWS_OWN
          : str_equal_c(scope, "team") ? ROWS_TEAM
                                       : ROWS_ALL);
  }
  return made(arena, access, out);
}

const Grants *grants_both(Arena *arena, const Grants *a, const Grants *b) {
  if (!a->access || !b->access) return a->access ? b : a;
  u8 *out = new_scopes(arena, a->access);
  for (size_t i = 0; i < a->access->count; i++) out[i] = MIN(a->scopes[i], b->scopes[i]);
  return made(arena, a->access, out);
}

RowScope grants_scope(const Grants *grants, Str area, Str verb) {
  char key[160];
  if (!grants->access || area.len + verb.len + 1 > sizeof key) return ROWS_NONE;
  memcpy(key, area.ptr, area.len);
  key[area.len] = ':';
  memcpy(key + area.len + 1, verb.ptr, verb.len);
  const Permission *p = map_get(grants->access->index, (Str){key, area.len + 1 + verb.len});
  return p ? (RowScope)grants->scopes[p - grants->access->list] : ROWS_NONE;
}

bool grants_cover(const Grants *whole, const Grants *part, const Permission **out_lacking) {
  for (size_t i = 0; part->access && i < part->access->count; i++)
    if (part->scopes[i] > (whole->access ? whole->scopes[i] : (u8)ROWS_NONE))
      return *out_lacking = &part->access->list[i], false;
  return true;
}

/* Questions about patterns ---------------------------------------------------------------------------------------- */

bool access_knows(const Access *access, Str area, Str verb) {
  for (size_t i = 0; i < access->count; i++)
    if (stands_for(area, verb, &access->list[i], true)) return true;
  return false;
}

const Permission *access_unfit(const Access *access, Str area, Str verb, RowScope scope) {
  if (scope == ROWS_ALL || str_equal_c(area, "*")) return NULL;
  for (size_t i = 0; i < access->count; i++) {
    const Permission *p = &access->list[i];
    if (stands_for(area, verb, p, true) && !is_special(p->verb) && !(scope == ROWS_OWN ? p->own : p->team)) return p;
  }
  return NULL;
}

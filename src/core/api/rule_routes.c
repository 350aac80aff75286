/* Versions of alert rules, and how quiet a rule would make it. */
#include "core/alerts/rule_try.h"
#include "core/alerts/rule_versions.h"
#include "core/alerts/would_mute.h"
#include "core/api/internal.h"

static bool versions(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 id = 0;
  return api_resolve(c, db, "alert_rule", 0, &id, err) && rule_versions(&ctx.rc, id, &c->answer, err);
}

static bool restore(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  const Resource *of = registry_find(c->app->registry, S("alert_rule"));
  Value was = value_null();
  i64 id = 0;
  if (!api_resolve(c, cycle->db, "alert_rule", 0, &id, err) ||
      !rule_version_load(&ctx.rc, id, value_int_or(value_get_c(&c->body, "version"), 0), &was, err))
    return false;
  bool ok = resource_update(&ctx.rc, of, id, &was, 0, &c->answer, err) && api_may_change(c, cycle->db, of, id, err);
  c->errors = ctx.rc.errors;
  c->answer_version = value_int_or(value_get_c(&c->answer, "version"), 0);
  return ok;
}

bool api_rule_after(Call *c, Db *db, Error *err) {
  Value mute = value_null();
  ApiCtx ctx = api_ctx(c, db, NULL);
  if (!alert_rule_would_mute(c->app, c->setup, db, c->arena, c->org_id, &c->answer, &mute, err)) return false;
  resource_put(&ctx.rc, &c->answer, "would_mute", mute);
  return true;
}

enum { TRIED_MAX = 500 };

/* A draft may carry all that an answer carries; a name that no rule has is a slip that would change what is tried. */
static bool knows_names(Call *c, ResourceCtx *rc, const Value *rule, Error *err) {
  const Resource *of = registry_find(c->app->registry, S("alert_rule"));
  const char **names = arena_alloc(c->arena, of->field_count * sizeof *names);
  for (size_t i = 0; i < of->field_count; i++) names[i] = of->fields[i].name;
  for (u32 k = 0; k < rule->size; k++) {
    Str name = value_text_or(&rule->members[k].key, STR_NONE);
    bool known = str_equal_c(name, "id") || str_equal_c(name, "slug") || str_equal_c(name, "created_at") ||
                 str_equal_c(name, "updated_at") || str_equal_c(name, "version");
    for (size_t i = 0; i < of->field_count; i++) known = known || str_equal_c(name, names[i]);
    if (known) continue;
    const char *pointer = str_to_c(c->arena, str_format(c->arena, "/rule/%.*s", STR_ARG(name)));
    field_error(rc, pointer, "unknown", "a rule has no \"%.*s\"%.*s", STR_ARG(name),
                STR_ARG(resource_suggest(c->arena, name, names, of->field_count)));
  }
  c->errors = rc->errors;
  return rc->errors.count == 0 || fail(err, ERR_INVALID, "the rule has names that no rule has");
}

/* What saving refuses would be tried in vain. A draft may do nothing yet. */
static bool means_something(Call *c, ResourceCtx *rc, const Value *rule, Error *err) {
  Value draft = *rule;
  resource_put(rc, &draft, "enabled", value_bool(false));
  rule_check_meaning(rc, NULL, &draft);
  for (size_t i = 0; i < rc->errors.count; i++)
    rc->errors.items[i].pointer = str_format(c->arena, "/rule%.*s", STR_ARG(rc->errors.items[i].pointer));
  c->errors = rc->errors;
  return rc->errors.count == 0 || fail(err, ERR_INVALID, "the rule would be refused when it is saved");
}

/* The newest alerts that the caller sees. */
static bool try_rule(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  ListQuery query = {.limit = TRIED_MAX, .sort = S("-id")};
  ResourceList list = {0};
  RuleTry t = {0};
  ValueVec items = {0};
  const Value *rule = value_get_c(&c->body, "rule");
  i64 failed = 0;
  if (!value_is(rule, VALUE_MAP))
    return fail_at(err, ERR_INVALID, "/rule", "rule is an object: a rule as it would be saved");
  if (!knows_names(c, &ctx.rc, rule, err)) return false;
  if (!alert_rule_try_begin(c->app, c->setup, c->arena, c->org_id, rule, &t, err) ||
      !means_something(c, &ctx.rc, rule, err) ||
      !resource_list(&ctx.rc, registry_find(c->app->registry, S("alert")), &query, &list, err))
    return false;
  for (size_t i = 0; i < list.items.size; i++) {
    Value item = value_null();
    bool matched = false;
    if (!alert_rule_try(&t, db, c->arena, value_at(&list.items, i), &item, &matched, err)) return false;
    if (!matched) continue;
    failed += !value_is(value_get_c(&item, "error"), VALUE_NULL);
    *VEC_PUSH(c->arena, &items) = item;
  }
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "looked_at", value_int(list.items.size));
  map_put_c(&map, "matched", value_int((i64)items.count - failed));
  map_put_c(&map, "failed", value_int(failed));
  map_put_c(&map, "items", list_done(&items));
  c->answer = map_done(&map);
  return true;
}

static const EnumValue BECOMES[] = {{"page", 0, "It pages."},
                                    {"incident", 0, "It opens or joins an incident, which pages."},
                                    {"held", 0, "It makes no noise."},
                                    {"paused", 0, "It waits whether it goes away."},
                                    {"snoozed", 0, "It is quiet for a while."},
                                    {"unrouted", 0, "It reaches nobody."},
                                    {"none", 0, "Nothing."},
                                    {NULL}};
static const Field TRY_BODY[] = {{.name = "rule",
                                  .kind = F_JSON,
                                  .required = true,
                                  .doc = "As it would be saved; with the id of a saved one it stands in its place.",
                                  .example = "{\"name\": \"Quiet\", \"when\": \"alert.priority == 'p4'\", \"actions\": "
                                             "[{\"type\": \"suppress\"}]}"}};
static const Field TRIED_FIELDS[] = {
    {.name = "id", .kind = F_TEXT, .required = true, .doc = "The alert."},
    {.name = "number", .kind = F_TEXT, .doc = "As people call it."},
    {.name = "title", .kind = F_TEXT, .doc = "What it says."},
    {.name = "status", .kind = F_TEXT, .doc = "As it is now."},
    {.name = "priority", .kind = F_TEXT, .doc = "As it is now."},
    {.name = "first_seen_at", .kind = F_TIME, .doc = "When it came."},
    {.name = "error", .kind = F_TEXT, .doc = "Why the rule fails on it; null: it fits."},
    {.name = "does", .kind = F_TEXT, .doc = "What its actions did, in words."},
    {.name = "without",
     .kind = F_ENUM,
     .values = BECOMES,
     .required = true,
     .doc = "What becomes of it without the rule."},
    {.name = "with", .kind = F_ENUM, .values = BECOMES, .required = true, .doc = "And with it."},
    {.name = "priority_then", .kind = F_TEXT, .doc = "Its priority then."}};
static const Field TRIED_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(TRIED_FIELDS), .doc = "One alert."};
static const Field TRIED[] = {
    {.name = "looked_at", .kind = F_INT, .required = true, .doc = "How many of the newest 500 alerts there were."},
    {.name = "matched", .kind = F_INT, .required = true, .doc = "How many of them it fits."},
    {.name = "failed", .kind = F_INT, .required = true, .doc = "On how many its expression is an error."},
    {.name = "items", .kind = F_LIST, .of = &TRIED_ITEM, .required = true, .doc = "These, newest first."}};

static const Field VERSION_BODY[] = {{.name = "version",
                                      .kind = F_INT,
                                      .required = true,
                                      .min = 1,
                                      .max = INT32_MAX,
                                      .doc = "Which to go back to; it becomes a new version.",
                                      .example = "3"}};
static const Field VERSION_FIELDS[] = {
    {.name = "version", .kind = F_INT, .required = true, .doc = "Counts from 1."},
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When it was written."},
    {.name = "actor", .kind = F_ACTOR, .required = true, .doc = "Who wrote it."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "As it was."},
    {.name = "rule", .kind = F_JSON, .required = true, .doc = "The whole rule as it was."}};
static const Field VERSION_ITEM = {.kind = F_OBJECT, FIELDS(VERSION_FIELDS), .doc = "One version."};
static const Field VERSIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &VERSION_ITEM, .required = true, .doc = "Newest first."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Null: that is all."}};

const Route RULE_ROUTES[] = {
    {HTTP_POST, "alert-rules/try", "alert-rules:read", .read = try_rule, BODY(TRY_BODY), ANSWER(TRIED),
     .doc = "What a rule would have done with the newest 500 alerts, before it is saved or switched on."},
    {HTTP_GET, "alert-rules/{id}/versions", "alert-rules:read", .read = versions, WHOLE_LIST, ANSWER(VERSIONS),
     .doc = "Every version, who wrote it and when; the newest 1,000."},
    {HTTP_POST, "alert-rules/{id}/restore", "alert-rules:write", .write = restore, BODY(VERSION_BODY),
     .answers = "alert_rule", .doc = "Makes it what it was; that becomes a new version."},
    {.path = NULL},
};

/* Versions of alert rules, and how quiet a rule would make it. */
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
    {HTTP_GET, "alert-rules/{id}/versions", "alert-rules:read", .read = versions, WHOLE_LIST, ANSWER(VERSIONS),
     .doc = "Every version, who wrote it and when; the newest 1,000."},
    {HTTP_POST, "alert-rules/{id}/restore", "alert-rules:write", .write = restore, BODY(VERSION_BODY),
     .answers = "alert_rule", .doc = "Makes it what it was; that becomes a new version."},
    {.path = NULL},
};

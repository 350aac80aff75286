/* Who is on call: shifts of a schedule, and the one question. */
#include "core/api/api.h"
#include "core/oncall/oncall.h"

static bool query_time(Call *c, const char *name, i64 otherwise, i64 *out, Error *err) {
  Str text = api_query(c, name);
  *out = otherwise;
  if (text.len == 0 || time_parse_ms(text, out) || str_to_i64(text, 0, INT64_MAX, out)) return true;
  return fail(err, ERR_INVALID, "%s: \"%.*s\" is not a time such as 2026-01-05T09:00:00Z", name, STR_ARG(text));
}

static bool shifts(Call *c, Db *db, Error *err) {
  i64 id = 0, from = 0, to = 0, now = clock_now(&c->app->clock);
  if (!api_resolve(c, db, "schedule", 0, &id, err) || !query_time(c, "from", now, &from, err) ||
      !query_time(c, "to", from + 14 * DAY_MS, &to, err))
    return false;
  const SetupSchedule *schedule = setup_schedule(c->setup, id);
  if (!schedule) return fail(err, ERR_NOT_FOUND, "there is no such schedule");
  return oncall_shifts_json(db, c->arena, c->app, schedule, from, to, &c->answer, err);
}

static bool query_ref(Call *c, Db *db, const char *name, const char *resource, i64 *out, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Str text = api_query(c, name);
  *out = 0;
  return text.len == 0 ||
         resource_resolve(&ctx.rc, registry_find(c->app->registry, str_from_c(resource)), text, out, err);
}

static bool on_call(Call *c, Db *db, Error *err) {
  i64 at = 0, schedule = 0, user = 0, service = 0, policy = 0, team = 0;
  if (!query_time(c, "at", clock_now(&c->app->clock), &at, err) ||
      !query_ref(c, db, "schedule_id", "schedule", &schedule, err) ||
      !query_ref(c, db, "user_id", "user", &user, err) || !query_ref(c, db, "service_id", "service", &service, err) ||
      !query_ref(c, db, "policy_id", "escalation_policy", &policy, err) ||
      !query_ref(c, db, "team_id", "team", &team, err))
    return false;
  return oncall_who_json(db, c->arena, c->app, c->setup, c->org_id, at, schedule, user, service, policy, team,
                         &c->answer, err);
}

const Route ONCALL_ROUTES[] = {
    {HTTP_GET, "schedules/{id}/shifts", "schedules:read", .read = shifts,
     .doc = "Who, from when, until when: final, layers, overrides, gaps."},
    {HTTP_GET, "on-call", "schedules:read", .read = on_call,
     .doc = "Who is on call at an instant, from which source, until when, who is next."},
    {.path = NULL},
};

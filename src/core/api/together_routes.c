/* What belongs together: suggestions, what people say of them, and the rule that would do it. */
#include "core/alerts/together.h"
#include "core/api/internal.h"
#include "core/resources.h"

/* The alerts of the path and of `other_id`, both seen by the caller. */
static bool both_of(Call *c, Db *db, Cycle *cycle, i64 *out_a, i64 *out_b, Error *err) {
  ApiCtx ctx = api_ctx(c, db, cycle);
  bool seen = false;
  *out_b = resource_ref_id(c->app->registry, value_get_c(&c->body, "other_id"));
  if (!api_resolve(c, db, "alert", 0, out_a, err) || !resource_seen(&ctx.rc, &ALERT, *out_b, &seen, err)) return false;
  return seen || fail_at(err, ERR_NOT_FOUND, "/other_id", "there is no such alert");
}

static bool answer(Call *c, Cycle *cycle, bool accepted, Error *err) {
  i64 a = 0, b = 0;
  return both_of(c, cycle->db, cycle, &a, &b, err) && together_answer(cycle, c->org_id, a, b, accepted, &c->who, err) &&
         api_answer_with(c, cycle->db, "alert", a, err);
}

static bool correlate(Call *c, Cycle *cycle, Error *err) {
  return answer(c, cycle, true, err);
}

static bool uncorrelate(Call *c, Cycle *cycle, Error *err) {
  return answer(c, cycle, false, err);
}

static bool seen_pairs(Call *c, Db *db, Value *items, Error *err) {
  return api_keep_seen(c, db, "alert_id", items, err) && api_keep_seen(c, db, "other_id", items, err);
}

static bool of_one(Call *c, Db *db, Error *err) {
  i64 id = 0;
  Value items = value_null(), correlated = value_null();
  if (!api_resolve(c, db, "alert", 0, &id, err)) return false;
  TogetherAsk ask = {.org_id = c->org_id, .alert_id = id, .now_ms = clock_now(&c->app->clock)};
  if (!together_suggest(db, c->arena, c->setup, &ask, &items, err) || !seen_pairs(c, db, &items, err) ||
      !together_accepted(db, c->arena, c->org_id, id, &correlated, err) ||
      !api_keep_seen(c, db, "alert_id", &correlated, err))
    return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", items);
  map_put_c(&map, "correlated", correlated);
  return c->answer = map_done(&map), true;
}

static bool all(Call *c, Db *db, Error *err) {
  Value items = value_null(), rate = value_null();
  TogetherAsk ask = {.org_id = c->org_id, .now_ms = clock_now(&c->app->clock)};
  if (!together_suggest(db, c->arena, c->setup, &ask, &items, err) || !seen_pairs(c, db, &items, err) ||
      !together_rate(db, c->arena, c->org_id, clock_now(&c->app->clock), &rate, err))
    return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", items);
  map_put_c(&map, "last_90_days", rate);
  return c->answer = map_done(&map), true;
}

static bool rule(Call *c, Db *db, Error *err) {
  i64 a = 0, b = 0;
  return both_of(c, db, NULL, &a, &b, err) && together_rule(db, c->arena, c->setup, c->org_id, a, b, &c->answer, err);
}

static const Field OTHER[] = {
    {.name = "other_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "The other alert."}};
static const Field PAIR_FIELDS[] = {
    {.name = "alert_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "One of the two."},
    {.name = "alert_number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "alert_title", .kind = F_TEXT, .required = true, .doc = "What it says."},
    {.name = "alert_status", .kind = F_TEXT, .required = true, .doc = "As it is now."},
    {.name = "other_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "The other."},
    {.name = "other_number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "other_title", .kind = F_TEXT, .required = true, .doc = "What it says."},
    {.name = "other_status", .kind = F_TEXT, .required = true, .doc = "As it is now."},
    {.name = "score",
     .kind = F_INT,
     .required = true,
     .doc = "0.4 text + 0.3 time + 0.3 graph, of 100; shown from 60."},
    {.name = "text", .kind = F_INT, .required = true, .doc = "How much of their text is the same, of 100."},
    {.name = "time", .kind = F_INT, .required = true, .doc = "100: at the same time; 37: 5 minutes apart."},
    {.name = "graph", .kind = F_INT, .required = true, .doc = "100: of one service; 50 and 25: 1 and 2 hops apart."},
    {.name = "hops", .kind = F_INT, .doc = "Between their services; null: more than 2, or no service."},
    {.name = "because", .kind = F_TEXT, .required = true, .doc = "The same in words."}};
static const Field PAIR = {.kind = F_OBJECT, .required = true, FIELDS(PAIR_FIELDS), .doc = "Two alerts."};
static const Field CORRELATED_FIELDS[] = {
    {.name = "alert_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "The other."},
    {.name = "number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What it says."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "As it is now."},
    {.name = "by", .kind = F_ACTOR, .required = true, .doc = "Who said so."},
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When."}};
static const Field CORRELATED = {.kind = F_OBJECT, .required = true, FIELDS(CORRELATED_FIELDS), .doc = "One alert."};
static const Field OF_ONE[] = {
    {.name = "items", .kind = F_LIST, .of = &PAIR, .required = true, .doc = "Suggestions with this alert, best first."},
    {.name = "correlated", .kind = F_LIST, .of = &CORRELATED, .required = true, .doc = "What people put with it."}};
static const Field RATE_FIELDS[] = {
    {.name = "accepted", .kind = F_INT, .required = true, .doc = "How many people said yes to."},
    {.name = "rejected", .kind = F_INT, .required = true, .doc = "How many they said no to."},
    {.name = "rate", .kind = F_INT, .doc = "Percent of yes; null: nobody has answered."}};
static const Field ALL[] = {
    {.name = "items",
     .kind = F_LIST,
     .of = &PAIR,
     .required = true,
     .doc = "The 50 best among the newest 300 open alerts that nobody has answered."},
    {.name = "last_90_days", .kind = F_OBJECT, FIELDS(RATE_FIELDS), .required = true, .doc = "What people answered."}};
static const Field TEXT_ITEM = {.kind = F_TEXT, .required = true, .doc = "One expression."};
static const Field ID_ITEM = {.kind = F_REF, .ref = "integration", .required = true, .doc = "An integration."};
static const Field ACTION_FIELDS[] = {
    {.name = "type", .kind = F_TEXT, .required = true, .doc = "create_incident."},
    {.name = "group_by", .kind = F_LIST, .of = &TEXT_ITEM, .required = true, .doc = "Labels that both have equal."},
    {.name = "window_s", .kind = F_INT, .required = true, .doc = "So long an incident takes new ones."}};
static const Field ACTION = {.kind = F_OBJECT, .required = true, FIELDS(ACTION_FIELDS), .doc = "One action."};
static const Field DRAFT[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "What it may be called."},
    {.name = "enabled", .kind = F_BOOL, .required = true, .doc = "True."},
    {.name = "integration_ids", .kind = F_LIST, .of = &ID_ITEM, .required = true, .doc = "Whose alerts."},
    {.name = "when", .kind = F_TEXT, .required = true, .doc = "Which of them."},
    {.name = "actions", .kind = F_LIST, .of = &ACTION, .required = true, .doc = "What it does."}};

const Route TOGETHER_ROUTES[] = {
    {HTTP_GET, "suggestions", "alerts:read", .read = all, ANSWER(ALL),
     .doc = "Open alerts that seem to belong together, and how often people agree. Nothing acts on it by itself."},
    {HTTP_GET, "alerts/{id}/suggestions", "alerts:read", .read = of_one, ANSWER(OF_ONE),
     .doc = "What seems to belong together with this alert, and what people put together with it."},
    {HTTP_POST, "alerts/{id}/correlate", "alerts:write", .write = correlate, BODY(OTHER), .answers = "alert",
     .doc = "They belong together: a relation, said in both timelines. Nothing else follows."},
    {HTTP_POST, "alerts/{id}/uncorrelate", "alerts:write", .write = uncorrelate, BODY(OTHER), .answers = "alert",
     .doc = "They do not: it is not suggested again; takes back what was said before."},
    {HTTP_POST, "alerts/{id}/suggest-rule", "alerts:read", .read = rule, BODY(OTHER), ANSWER(DRAFT),
     .doc =
         "A draft of an alert rule that would make one incident of such two, for POST /alert-rules. Changes nothing."},
    {.path = NULL},
};

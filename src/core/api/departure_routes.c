/* People who leave: what would change, and doing it. */
#include "core/api/internal.h"
#include "core/identity/departure.h"

/* Looks at everything of the organization: nothing may be forgotten because the caller does not see it. */
static bool plan(Call *c, Db *db, i64 replacement_id, ApiCtx *ctx, Departure *out, Error *err) {
  *out = (Departure){.ctx = &ctx->rc, .replacement_id = replacement_id};
  if (!api_resolve(c, db, "user", 0, &out->user_id, err)) return false;
  const SetupUser *other = setup_user(c->setup, replacement_id);
  if (replacement_id == out->user_id)
    return fail_at(err, ERR_INVALID, "/replacement_id", "somebody else must take over");
  if (other && str_equal_c(other->status, "deactivated"))
    return fail_at(err, ERR_INVALID, "/replacement_id", "%.*s is deactivated, too", STR_ARG(other->name));
  ctx->rc.sight = NULL;
  return departure_plan(out, err);
}

static bool preview(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Departure d;
  return plan(c, db, api_query_ref(c, "replacement_id"), &ctx, &d, err) && departure_value(&d, c->app, &c->answer, err);
}

static bool deactivate(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Departure d;
  i64 replacement_id = resource_ref_id(c->app->registry, value_get_c(&c->body, "replacement_id"));
  bool ok = plan(c, cycle->db, replacement_id, &ctx, &d, err) && departure_carry_out(&d, cycle, err);
  c->errors = ctx.rc.errors;
  return ok && api_answer_with(c, cycle->db, "user", d.user_id, err);
}

static const Field REPLACEMENT[] = {{.name = "replacement_id",
                                     .kind = F_REF,
                                     .ref = "user",
                                     .doc = "Who takes over turns, targets, places in teams and what is open.",
                                     .example = "bob@example.org"}};

static const Field CHANGE[] = {{.name = "kind", .kind = F_TEXT, .required = true, .doc = "Of the thing."},
                               {.name = "id", .kind = F_TEXT, .required = true, .doc = "Of the thing."},
                               {.name = "name", .kind = F_TEXT, .doc = "What people call it."},
                               {.name = "what", .kind = F_TEXT, .required = true, .doc = "What they are in it."},
                               {.name = "becomes", .kind = F_TEXT, .doc = "handed over, given up, or ended."}};
static const Field CHANGE_ITEM = {.kind = F_OBJECT, FIELDS(CHANGE), .doc = "One thing."};
static const Field SCHEDULE_ITEM = {.kind = F_TEXT, .doc = "A schedule."};
static const Field DEPARTURE[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who would leave."},
    {.name = "replacement_id", .kind = F_REF, .ref = "user", .doc = "Who would take over."},
    {.name = "changes", .kind = F_LIST, .of = &CHANGE_ITEM, .required = true, .doc = "What would change."},
    {.name = "blockers",
     .kind = F_LIST,
     .of = &CHANGE_ITEM,
     .required = true,
     .doc = "Where nobody would be left: these need a replacement."},
    {.name = "on_call", .kind = F_LIST, .of = &SCHEDULE_ITEM, .required = true, .doc = "Where they are on call now."}};

const Route DEPARTURE_ROUTES[] = {
    {HTTP_GET, "users/{id}/departure", "users:deactivate", .read = preview, QUERY(REPLACEMENT), ANSWER(DEPARTURE),
     .doc = "What would change if they left; changes nothing."},
    {HTTP_POST, "users/{id}/deactivate", "users:write", .write = deactivate, BODY(REPLACEMENT), .answers = "user",
     .doc = "They leave: hands over what they hold, ends their sessions, keys, contact methods and links."},
    {.path = NULL},
};

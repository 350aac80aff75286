/* Verbs of cover requests. */
#include "core/api/internal.h"
#include "core/oncall/cover.h"

static bool take(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  i64 id = 0, taker = resource_ref_id(c->app->registry, value_get_c(&c->body, "user_id"));
  if (!taker && c->user) taker = c->user->id;
  bool ok = api_resolve(c, cycle->db, "cover_request", 0, &id, err) && cover_take(cycle, &ctx.rc, id, taker, err);
  c->errors = ctx.rc.errors;
  return ok && api_answer_with(c, cycle->db, "cover_request", id, err);
}

static bool cancel(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  i64 id = 0;
  return api_resolve(c, cycle->db, "cover_request", 0, &id, err) && cover_cancel(cycle, &ctx.rc, id, err) &&
         api_answer_with(c, cycle->db, "cover_request", id, err);
}

static bool undo(Call *c, Cycle *cycle, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  i64 id = 0;
  return api_resolve(c, cycle->db, "cover_request", 0, &id, err) && cover_undo(cycle, &ctx.rc, id, err) &&
         api_answer_with(c, cycle->db, "cover_request", id, err);
}

static const Field TAKE_BODY[] = {{.name = "user_id",
                                   .kind = F_REF,
                                   .ref = "user",
                                   .doc = "Who takes it; not given: the caller.",
                                   .example = "ann@example.org"}};

const Route COVER_ROUTES[] = {
    {HTTP_POST, "cover-requests/{id}/take", "cover-requests:write", .write = take, BODY(TAKE_BODY),
     .answers = "cover_request",
     .doc =
         "They stand in: writes the override, of a swap both, in one transaction. The same one again changes nothing."},
    {HTTP_POST, "cover-requests/{id}/cancel", "cover-requests:write", .write = cancel, .answers = "cover_request",
     .doc = "Who asked does not need it any more, or who was asked declines."},
    {HTTP_POST, "cover-requests/{id}/undo", "cover-requests:write", .write = undo, .answers = "cover_request",
     .doc = "Takes back exactly what taking it wrote, from now on; it is open again."},
    {.path = NULL},
};

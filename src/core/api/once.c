/* Idempotency-Key: the same key on the same path within 24 h gives the first answer again, and nothing is written. */
#include "base/seal.h"
#include "core/api/internal.h"
#include "lang/json.h"

static const DbStmt ANSWER_GET = {"api_answer_get",
                                  "SELECT status, answer FROM idempotency WHERE org_id = $1 AND scope = $2 AND "
                                  "\"key\" = $3 AND expires_at > $4",
                                  NULL};
static const DbStmt ANSWER_PUT = {
    "api_answer_put",
    "INSERT INTO idempotency (org_id, scope, \"key\", status, answer, expires_at) VALUES ($1,$2,$3,$4,$5,$6) "
    "ON CONFLICT (org_id, scope, \"key\") DO UPDATE SET status = excluded.status, answer = excluded.answer, "
    "expires_at = excluded.expires_at",
    NULL};

static bool read_answer(const DbRow *row, void *ctx) {
  Call *call = ctx;
  call->status = (int)db_row_int(row, 0);
  call->raw = db_row_text(row, 1, call->arena);
  call->content_type = "application/json";
  return true;
}

/* The same Idempotency-Key on the same path within 24 h: the first answer again, and nothing is written. */
bool api_write_once(Call *call, Cycle *cycle, Str key, Error *err) {
  Str scope = str_format(call->arena, "%.*s %.*s %.*s", STR_ARG(call->actor.id), STR_ARG(call->request->method_text),
                         STR_ARG(call->request->path));
  bool found = false;
  if (!db_query_one(cycle->db, &ANSWER_GET,
                    DB_ARGS(db_int(call->org_id), db_text(scope), db_text(key), db_int(cycle->now_ms)), read_answer,
                    call, &found, err))
    return false;
  if (found) return unseal(call->arena, call->app->sealer, call->raw, key, &call->raw, err);
  if (!api_write(call, cycle, err)) return false;
  Str answer = call->status == 204 ? S("") : json_text(call->arena, &call->answer);
  if (call->shown_once) answer = seal(call->arena, call->app->sealer, answer, key);
  return db_run(cycle->db, &ANSWER_PUT, err, db_int(call->org_id), db_text(scope), db_text(key),
                db_int(call->status ? call->status : 200), db_text(answer), db_int(cycle->now_ms + DAY_MS));
}

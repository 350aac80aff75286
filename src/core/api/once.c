/* Idempotency-Key: the same key on the same path within 24 h gives the first answer again, and nothing is written. What
 * failed is not kept: it may be tried again. */
#include "base/seal.h"
#include "core/api/internal.h"
#include "lang/json.h"

enum { KEY_BYTES_MAX = 255 };

static const DbStmt ANSWER_GET = {"api_answer_get",
                                  "SELECT status, answer, request_hash FROM idempotency WHERE org_id = $1 AND "
                                  "scope = $2 AND \"key\" = $3 AND expires_at > $4",
                                  NULL};
static const DbStmt ANSWER_PUT = {
    "api_answer_put",
    "INSERT INTO idempotency (org_id, scope, \"key\", request_hash, status, answer, expires_at) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (org_id, scope, \"key\") DO UPDATE SET "
    "request_hash = excluded.request_hash, status = excluded.status, answer = excluded.answer, "
    "expires_at = excluded.expires_at",
    NULL};

typedef struct Kept {
  Call *call;
  Str hash;
} Kept;

static bool read_answer(const DbRow *row, void *ctx) {
  Kept *kept = ctx;
  Call *call = kept->call;
  call->status = (int)db_row_int(row, 0);
  call->raw = db_row_text(row, 1, call->arena);
  call->content_type = "application/json";
  kept->hash = db_row_text(row, 2, call->arena);
  return true;
}

/* The version stands in the kept answer, too. */
static void read_version(Call *call) {
  Value answer = value_null();
  Error ignored = {0};
  if (json_parse(call->arena, call->raw, NULL, &answer, &ignored))
    call->answer_version = value_int_or(value_get_c(&answer, "version"), 0);
}

bool api_write_once(Call *call, Cycle *cycle, Error *err) {
  Str key = http_header(call->request, "Idempotency-Key");
  Kept kept = {.call = call};
  bool found = false;
  if (key.len > KEY_BYTES_MAX)
    return fail(err, ERR_INVALID, "an Idempotency-Key has at most %d characters, not %zu", KEY_BYTES_MAX, key.len);
  if (key.len == 0 || str_equal_c(api_query(call, "dry_run"), "true")) return api_checked_write(call, cycle, err);
  Str scope = str_format(call->arena, "%.*s %.*s %.*s", STR_ARG(call->actor.id), STR_ARG(call->request->method_text),
                         STR_ARG(call->request->path));
  Str hash = sha256_hex(call->arena, call->request->body);
  if (!db_query_one(cycle->db, &ANSWER_GET,
                    DB_ARGS(db_int(call->org_id), db_text(scope), db_text(key), db_int(cycle->now_ms)), read_answer,
                    &kept, &found, err))
    return false;
  if (found && kept.hash.len && !str_equal(kept.hash, hash))
    return fail(err, ERR_UNPROCESSABLE,
                "the Idempotency-Key \"%.*s\" was used here with another body within the last 24 hours; choose another",
                STR_ARG(utf8_cut(key, 80)));
  if (found && !unseal(call->arena, call->app->sealer, call->raw, key, &call->raw, err)) return false;
  if (found) return read_version(call), true;
  if (!api_checked_write(call, cycle, err)) return false;
  Str answer = call->status == 204 ? S("") : json_text(call->arena, &call->answer);
  if (call->shown_once) answer = seal(call->arena, call->app->sealer, answer, key);
  return db_run(cycle->db, &ANSWER_PUT, err, db_int(call->org_id), db_text(scope), db_text(key), db_text(hash),
                db_int(call->status ? call->status : 200), db_text(answer), db_int(cycle->now_ms + DAY_MS));
}

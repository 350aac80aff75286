/* Contact methods prove themselves: a code that is sent there and typed here; a test that is only sent. */
#include "core/api/internal.h"
#include "core/identity/letter.h"
#include "core/identity/session.h"
#include "core/resources.h"

typedef struct Method {
  Arena *arena;
  Str address, check_kind;
  bool verified;
  i64 checked_ms;
} Method;

static bool read_method(const DbRow *row, void *ctx) {
  Method *m = ctx;
  m->address = db_row_text(row, 0, m->arena);
  m->verified = db_row_int(row, 1) != 0;
  m->checked_ms = db_row_int(row, 2);
  m->check_kind = db_row_text(row, 3, m->arena);
  return true;
}

static bool load(Call *c, Cycle *cycle, i64 *out_id, Method *out, Error *err) {
  static const DbStmt LOAD = {"contact_check",
                              "SELECT address, verified, checked_at, check_kind FROM contact_method WHERE "
                              "id = $1 AND org_id = $2",
                              NULL};
  bool found = false;
  *out = (Method){.arena = c->arena};
  if (!api_resolve(c, cycle->db, "contact_method", 0, out_id, err) ||
      !db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(*out_id), db_int(c->org_id)), read_method, out, &found, err))
    return false;
  return found || fail(err, ERR_NOT_FOUND, "there is no such contact method");
}

/* One at a time: a message costs money, and somebody's patience. */
static bool send_letter(Call *c, Cycle *cycle, LetterPurpose purpose, const char *kind, Error *err) {
  static const DbStmt ASKED = {
      "contact_check_asked",
      "UPDATE contact_method SET checked_at = $2, check_kind = $3, check_status = 'sending', check_error = NULL, "
      "version = version + 1, updated_at = $2 WHERE id = $1",
      NULL};
  i64 id = 0;
  Method method = {0};
  if (!load(c, cycle, &id, &method, err)) return false;
  if (purpose == LETTER_CODE && method.verified)
    return fail(err, ERR_CONFLICT, "this address is verified already; a test shows whether it still works");
  i64 wait_ms = method.checked_ms + LETTER_EVERY_S * 1000 - cycle->now_ms;
  if (method.checked_ms && wait_ms > 0)
    return fail(err, ERR_LIMITED, "something was sent there just now; the next one is possible in %lld s",
                (long long)((wait_ms + 999) / 1000));
  cycle_publish(cycle, c->org_id, "contact_method", id, 0);
  return db_run(cycle->db, &ASKED, err, db_int(id), db_int(cycle->now_ms), db_text(str_from_c(kind))) &&
         letter_add(cycle, c->org_id, purpose, id, cycle->now_ms, err) &&
         api_answer_with(c, cycle->db, "contact_method", id, err);
}

static bool send_code(Call *c, Cycle *cycle, Error *err) {
  return send_letter(c, cycle, LETTER_CODE, "code", err);
}
static bool send_test(Call *c, Cycle *cycle, Error *err) {
  return send_letter(c, cycle, LETTER_TEST, "test", err);
}

/* Guessing is slowed down as it is at the sign-in. */
static bool compare(Call *c, i64 id, const Method *method, i64 now_ms, Error *err) {
  SignInGuard *guard = c->app->sign_in_guard;
  Str account = id_text(c->arena, "ctm", id), address = c->request->client;
  i64 wait_ms = sign_in_guard_wait(guard, account, address, now_ms);
  if (!str_equal_c(method->check_kind, "code") || now_ms > method->checked_ms + CODE_MINUTES * MINUTE_MS)
    return fail(err, ERR_CONFLICT,
                "no code that was sent there is still good (they are for %d minutes); have a new one sent",
                CODE_MINUTES);
  if (wait_ms > 0)
    return fail(err, ERR_LIMITED, "too many wrong codes; the next one is possible in %lld s",
                (long long)((wait_ms + 999) / 1000));
  if (str_equal_secret(letter_code(c->app, c->arena, id, method->address, method->checked_ms),
                       str_trim(api_text(c, "code")))) {
    sign_in_guard_passed(guard, account);
    return true;
  }
  sign_in_guard_failed(guard, account, address, now_ms);
  return fail_at(err, ERR_INVALID, "/code", "this is not the code that was sent; look at the newest message");
}

static bool verify(Call *c, Cycle *cycle, Error *err) {
  static const DbStmt VERIFIED = {"contact_verified",
                                  "UPDATE contact_method SET verified = $3, broken = NULL, version = version + 1, "
                                  "updated_at = $2 WHERE id = $1",
                                  NULL};
  i64 id = 0;
  Method method = {0};
  if (!load(c, cycle, &id, &method, err)) return false;
  if (!method.verified) {
    if (!compare(c, id, &method, cycle->now_ms, err) ||
        !db_run(cycle->db, &VERIFIED, err, db_int(id), db_int(cycle->now_ms), db_int(1)))
      return false;
    setup_row_changed(c->app->setup, "contact_method", id);
    cycle_publish(cycle, c->org_id, "contact_method", id, 0);
  }
  return api_answer_with(c, cycle->db, "contact_method", id, err);
}

static const Field CODE[] = {{.name = "code",
                              .kind = F_TEXT,
                              .required = true,
                              .min = 1,
                              .max = 20,
                              .doc = "The six digits that were sent.",
                              .example = "481516"}};

const Route CONTACT_ROUTES[] = {
    {HTTP_POST, "contact-methods/{id}/send-code", "contact-methods:write", .write = send_code,
     .answers = "contact_method", .doc = "Sends a code of six digits there; check_status says what became of it."},
    {HTTP_POST, "contact-methods/{id}/verify", "contact-methods:write", .write = verify, BODY(CODE),
     .answers = "contact_method", .doc = "With the code that was sent: from now on pages may come there."},
    {HTTP_POST, "contact-methods/{id}/test", "contact-methods:write", .write = send_test, .answers = "contact_method",
     .doc = "Sends a test there, verified or not; check_status says what became of it."},
    {.path = NULL},
};

/* Time-based one-time passwords: the arithmetic, the row, what is used up. */
#include "core/identity/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/seal.h"
#include "lang/json.h"

/* A phone's clock may be wrong by this many steps. */
enum { DRIFT_STEPS = 1 };

Str totp_code(Arena *arena, Str secret, i64 step) {
  u8 counter[8], mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  for (int i = 0; i < 8; i++) counter[i] = (u8)((u64)step >> (56 - 8 * i));
  ASSERT(HMAC(EVP_sha1(), secret.ptr, (int)secret.len, counter, sizeof counter, mac, &size));
  size_t at = mac[size - 1] & 0x0f;
  u32 number = (u32)(mac[at] & 0x7f) << 24 | (u32)mac[at + 1] << 16 | (u32)mac[at + 2] << 8 | mac[at + 3];
  return str_format(arena, "%06u", number % 1000000);
}

Str base32_encode(Arena *arena, Str bytes) {
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  Buf out = buf_new(arena, KIB(1));
  u32 bits = 0, have = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    bits = bits << 8 | (u8)bytes.ptr[i];
    for (have += 8; have >= 5; have -= 5) buf_putc(&out, DIGITS[bits >> (have - 5) & 31]);
  }
  if (have) buf_putc(&out, DIGITS[bits << (5 - have) & 31]);
  return buf_str(&out);
}

/* The row --------------------------------------------------------------------------------------------------------- */

typedef struct Reading {
  Arena *arena;
  Totp *out;
  Str sealed;
} Reading;

static bool read_row(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  r->sealed = db_row_text(row, 0, r->arena);
  r->out->confirmed_ms = db_row_int(row, 1);
  r->out->last_step = db_row_int(row, 2);
  r->out->recovery = db_row_text(row, 3, r->arena);
  return true;
}

static Str place_of(Arena *arena, i64 user_id) {
  return str_format(arena, "account_totp %lld", (long long)user_id);
}

static Value hashes_of(Arena *arena, const Totp *totp) {
  Value list = value_null();
  Error ignored = {0};
  if (!totp->recovery.len || !json_parse(arena, totp->recovery, NULL, &list, &ignored)) list = value_null();
  return value_is(&list, VALUE_LIST) ? list : (Value){.kind = VALUE_LIST};
}

bool totp_load(App *app, Db *db, Arena *arena, i64 user_id, Totp *out, Error *err) {
  static const DbStmt LOAD = {
      "totp_load", "SELECT secret, confirmed_at, last_step, recovery FROM account_totp WHERE user_id = $1", NULL};
  Reading reading = {.arena = arena, .out = out};
  bool found = false;
  *out = (Totp){0};
  if (!db_query_one(db, &LOAD, DB_ARGS(db_int(user_id)), read_row, &reading, &found, err)) return false;
  if (!found) return true;
  Value hashes = hashes_of(arena, out);
  out->begun = true;
  out->on = out->confirmed_ms > 0;
  out->recovery_left = hashes.size;
  return unseal(arena, app->sealer, reading.sealed, place_of(arena, user_id), &out->secret, err);
}

bool totp_begin(Cycle *cycle, i64 org_id, i64 user_id, Str *out_secret, Error *err) {
  static const DbStmt BEGIN = {
      "totp_begin",
      "INSERT INTO account_totp (user_id, org_id, secret, confirmed_at, last_step, recovery, created_at) VALUES "
      "($1,$2,$3,NULL,0,'[]',$4) ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = "
      "excluded.created_at",
      NULL};
  App *app = cycle_app(cycle);
  Totp now = {0};
  if (!totp_load(app, cycle->db, cycle->arena, user_id, &now, err)) return false;
  if (now.on) return fail(err, ERR_CONFLICT, "the second factor is on already; switch it off to set up another app");
  char raw[TOTP_SECRET_BYTES];
  random_bytes(raw, sizeof raw);
  Str secret = str_copy(cycle->arena, (Str){raw, sizeof raw});
  Str sealed = seal(cycle->arena, app->sealer, secret, place_of(cycle->arena, user_id));
  *out_secret = base32_encode(cycle->arena, secret);
  return db_run(cycle->db, &BEGIN, err, db_int(user_id), db_int(org_id), db_text(sealed), db_int(cycle->now_ms));
}

bool totp_remove(Cycle *cycle, i64 user_id, Error *err) {
  static const DbStmt REMOVE = {"totp_remove", "DELETE FROM account_totp WHERE user_id = $1", NULL};
  return db_run(cycle->db, &REMOVE, err, db_int(user_id));
}

/* Codes ----------------------------------------------------------------------------------------------------------- */

/* The step whose code this is; 0: none, or one that was used already. */
static i64 step_of(Arena *arena, const Totp *totp, Str code, i64 now_ms) {
  i64 now = now_ms / 1000 / TOTP_STEP_S, found = 0;
  for (i64 step = now - DRIFT_STEPS; step <= now + DRIFT_STEPS; step++)
    if (str_equal_secret(totp_code(arena, totp->secret, step), code) && step > totp->last_step) found = step;
  return found;
}

/* People type codes with blanks and dashes, as they are shown. */
static Str plain(Arena *arena, Str code) {
  Buf out = buf_new(arena, KIB(1));
  for (size_t i = 0; i < code.len && i < 64; i++)
    if (code.ptr[i] != ' ' && code.ptr[i] != '-') buf_putc(&out, code.ptr[i]);
  return str_lower(arena, buf_str(&out));
}

static bool is_recovery(Arena *arena, const Value *hashes, Str code, size_t *out_place) {
  Str hash = sha256_hex(arena, code);
  bool found = false;
  for (size_t i = 0; code.len == RECOVERY_CHARS && i < hashes->size; i++)
    if (str_equal_secret(value_text_or(value_at(hashes, i), STR_NONE), hash)) *out_place = i, found = true;
  return found;
}

bool totp_fits(Arena *arena, const Totp *totp, Str code, i64 now_ms) {
  Str typed = plain(arena, code);
  Value hashes = hashes_of(arena, totp);
  size_t place = 0;
  return step_of(arena, totp, typed, now_ms) || is_recovery(arena, &hashes, typed, &place);
}

static bool keep(Cycle *cycle, i64 user_id, i64 step, Str recovery, Error *err) {
  static const DbStmt KEEP = {"totp_keep", "UPDATE account_totp SET last_step = $2, recovery = $3 WHERE user_id = $1",
                              NULL};
  return db_run(cycle->db, &KEEP, err, db_int(user_id), db_int(step), db_text(recovery));
}

bool totp_use(Cycle *cycle, i64 user_id, Str code, Error *err) {
  Arena *arena = cycle->arena;
  Totp totp = {0};
  size_t place = 0;
  if (!totp_load(cycle_app(cycle), cycle->db, arena, user_id, &totp, err)) return false;
  if (!totp.on) return true;
  Str typed = plain(arena, code);
  Value hashes = hashes_of(arena, &totp);
  i64 step = step_of(arena, &totp, typed, cycle->now_ms);
  if (step) return keep(cycle, user_id, step, totp.recovery, err);
  if (!is_recovery(arena, &hashes, typed, &place))
    return fail_at(err, ERR_UNAUTHORIZED, "/code", "this code is wrong, too old, or was used already");
  ValueVec left = {0};
  for (size_t i = 0; i < hashes.size; i++)
    if (i != place) *VEC_PUSH(arena, &left) = *value_at(&hashes, i);
  Value rest = list_done(&left);
  return keep(cycle, user_id, totp.last_step, json_text(arena, &rest), err);
}

static Value fresh_codes(Arena *arena, Str *out_hashes) {
  ValueVec codes = {0}, hashes = {0};
  for (size_t i = 0; i < RECOVERY_CODES; i++) {
    Str code = random_token(arena, RECOVERY_CHARS);
    *VEC_PUSH(arena, &codes) =
        value_string(str_format(arena, "%.*s-%.*s-%.*s", 4, code.ptr, 4, code.ptr + 4, 4, code.ptr + 8));
    *VEC_PUSH(arena, &hashes) = value_string(sha256_hex(arena, code));
  }
  Value list = list_done(&hashes);
  *out_hashes = json_text(arena, &list);
  return list_done(&codes);
}

bool totp_confirm(Cycle *cycle, i64 user_id, Str code, Value *out_codes, Error *err) {
  static const DbStmt CONFIRM = {
      "totp_confirm", "UPDATE account_totp SET confirmed_at = $2, last_step = $3, recovery = $4 WHERE user_id = $1",
      NULL};
  Totp totp = {0};
  Str hashes = STR_NONE;
  if (!totp_load(cycle_app(cycle), cycle->db, cycle->arena, user_id, &totp, err)) return false;
  if (totp.on) return fail(err, ERR_CONFLICT, "the second factor is on already");
  if (!totp.begun) return fail(err, ERR_CONFLICT, "set up an app first: there is no secret yet");
  i64 step = step_of(cycle->arena, &totp, plain(cycle->arena, code), cycle->now_ms);
  if (!step)
    return fail_at(err, ERR_INVALID, "/code",
                   "this is not the code of now; look at the clock of the phone if it goes on");
  *out_codes = fresh_codes(cycle->arena, &hashes);
  return db_run(cycle->db, &CONFIRM, err, db_int(user_id), db_int(cycle->now_ms), db_int(step), db_text(hashes));
}

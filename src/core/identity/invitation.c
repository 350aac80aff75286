/* Links that set a password: 13 digits of the user's id, 13 of the end, 40 hexadecimal of the HMAC. */
#include "core/identity/invitation.h"

enum { MAC_BYTES = 20, TOKEN_CHARS = 2 * ID_DIGITS + 2 * MAC_BYTES };

typedef struct AccountRow {
  Arena *arena;
  i64 org_id;
  Str email, name, status, hash;
} AccountRow;

static bool read_account(const DbRow *row, void *ctx) {
  AccountRow *out = ctx;
  out->org_id = db_row_int(row, 0);
  out->email = db_row_text(row, 1, out->arena);
  out->name = db_row_text(row, 2, out->arena);
  out->status = db_row_text(row, 3, out->arena);
  out->hash = db_row_text(row, 4, out->arena);
  return true;
}

static bool load_account(Db *db, i64 user_id, AccountRow *out, bool *out_found, Error *err) {
  static const DbStmt LOAD = {
      "invitation_account",
      "SELECT org_id, email, name, status, password_hash FROM account WHERE id = $1 AND status <> 'deactivated'", NULL};
  return db_query_one(db, &LOAD, DB_ARGS(db_int(user_id)), read_account, out, out_found, err);
}

static Str token_of(const App *app, Arena *arena, i64 user_id, i64 expires_ms, const AccountRow *account) {
  char digits[2 * ID_DIGITS];
  id_digits(user_id, digits);
  id_digits(expires_ms, digits + ID_DIGITS);
  Str head = str_copy(arena, (Str){digits, sizeof digits});
  Str covered =
      str_format(arena, "join %.*s %.*s %.*s", STR_ARG(head), STR_ARG(account->email), STR_ARG(account->hash));
  Str mac = hmac_sha256_raw(arena, app->link_secret, covered);
  return str_format(arena, "%.*s%.*s", STR_ARG(head), STR_ARG(hex_encode(arena, mac.ptr, MAC_BYTES)));
}

bool invitation_make(App *app, Db *db, Arena *arena, i64 org_id, i64 user_id, i64 now_ms, Str *out_token,
                     i64 *out_expires_ms, Error *err) {
  AccountRow account = {.arena = arena};
  bool found = false;
  if (!load_account(db, user_id, &account, &found, err)) return false;
  if (!found || account.org_id != org_id) return fail(err, ERR_CONFLICT, "this person is deactivated");
  *out_expires_ms = now_ms + INVITATION_DAYS * DAY_MS;
  *out_token = token_of(app, arena, user_id, *out_expires_ms, &account);
  return true;
}

static bool read_ids(Arena *arena, Str token, i64 *out_user_id, i64 *out_expires_ms) {
  if (token.len != TOKEN_CHARS) return false;
  Str user = str_format(arena, "usr_%.*s", ID_DIGITS, token.ptr),
      end = str_format(arena, "end_%.*s", ID_DIGITS, token.ptr + ID_DIGITS);
  return id_parse("usr", user, out_user_id) && id_parse("end", end, out_expires_ms);
}

bool invitation_read(App *app, Db *db, Arena *arena, Str token, i64 now_ms, Invited *out, Error *err) {
  AccountRow account = {.arena = arena};
  i64 user_id = 0, expires_ms = 0;
  bool found = false;
  bool named = read_ids(arena, token, &user_id, &expires_ms);
  if (named && !load_account(db, user_id, &account, &found, err)) return false;
  if (!named || !found || expires_ms <= now_ms ||
      !str_equal_secret(token_of(app, arena, user_id, expires_ms, &account), token))
    return fail(err, ERR_NOT_FOUND, "this link was used already or is over; ask for a new one");
  *out = (Invited){.user_id = user_id,
                   .org_id = account.org_id,
                   .email = account.email,
                   .name = account.name,
                   .status = account.status,
                   .expires_ms = expires_ms};
  return true;
}

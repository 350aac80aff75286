/* My second factor: set up, confirm, remove; and the admin's way out for somebody whose phone is gone. */
#include "core/api/internal.h"
#include "core/identity/access.h"
#include "core/identity/session.h"
#include "core/identity/totp.h"
#include "core/resources.h"
#include "lang/time.h"

static bool only_people(const Call *c, Error *err) {
  return c->user || fail(err, ERR_FORBIDDEN, "this key speaks for a service; a second factor belongs to a person");
}

/* Not with a key: whoever found one must not lock its owner out. */
static bool only_sessions(const Call *c, Error *err) {
  if (!only_people(c, err)) return false;
  return c->session_id ||
         fail(err, ERR_CONFLICT, "the second factor is changed at the page, signed in, not with a key");
}

static bool show(Call *c, Db *db, Error *err) {
  Totp totp = {0};
  if (!only_people(c, err) || !totp_load(c->app, db, c->arena, c->user->id, &totp, err)) return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "on", value_bool(totp.on));
  map_put_c(&map, "since", totp.on ? value_string(time_text_ms(c->arena, totp.confirmed_ms)) : value_null());
  map_put_c(&map, "recovery_codes_left", value_int((i64)totp.recovery_left));
  c->answer = map_done(&map);
  return true;
}

static bool audit(Call *c, Cycle *cycle, i64 user_id, const char *verb, Error *err) {
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  return resource_audit(&ctx.rc, &USER, user_id, verb, NULL, NULL, err);
}

static bool begin(Call *c, Cycle *cycle, Error *err) {
  Str secret = STR_NONE;
  if (!only_sessions(c, err) || !totp_begin(cycle, c->org_id, c->user->id, &secret, err)) return false;
  MapBuilder map = map_builder(c->arena);
  secret = str_copy(c->arena, secret);
  map_put_c(&map, "secret", value_string(secret));
  map_put_c(&map, "uri",
            value_string(str_format(c->arena, "otpauth://totp/Tocsin:%.*s?secret=%.*s&issuer=Tocsin",
                                    STR_ARG(c->user->email), STR_ARG(secret))));
  c->answer = map_done(&map);
  c->shown_once = true;
  return true;
}

static bool confirm(Call *c, Cycle *cycle, Error *err) {
  Value codes = value_null();
  if (!only_sessions(c, err) || !totp_confirm(cycle, c->user->id, api_text(c, "code"), &codes, err) ||
      !session_end_all(cycle, c->org_id, c->user->id, c->session_id, err) ||
      !audit(c, cycle, c->user->id, "second_factor_on", err))
    return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "recovery_codes", value_copy(c->arena, &codes));
  c->answer = map_done(&map);
  c->shown_once = true;
  return true;
}

static bool off(Call *c, Cycle *cycle, Error *err) {
  if (!only_sessions(c, err)) return false;
  SignInGuard *guard = c->app->sign_in_guard;
  Str account = id_text(c->arena, "usr", c->user->id);
  i64 wait_ms = sign_in_guard_wait(guard, account, c->request->client, cycle->now_ms);
  if (wait_ms > 0)
    return fail(err, ERR_LIMITED, "too many wrong codes; the next one is possible in %lld s",
                (long long)((wait_ms + 999) / 1000));
  Error why = {0};
  if (!totp_use(cycle, c->user->id, api_text(c, "code"), &why)) {
    if (why.code == ERR_UNAUTHORIZED) {
      sign_in_guard_failed(guard, account, c->request->client, cycle->now_ms);
      return fail_at(err, ERR_INVALID, "/code", "%s", why.message);
    }
    return *err = why, false;
  }
  c->status = 204;
  return totp_remove(cycle, c->user->id, err) && audit(c, cycle, c->user->id, "second_factor_off", err);
}

/* Whoever takes it away could also make a link and sign in: so only for those who may no more than they. */
static bool off_for_another(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  const Permission *lacking = NULL;
  if (!api_resolve(c, cycle->db, "user", 0, &id, err)) return false;
  const SetupUser *user = setup_user(setup_current(c->app->setup), id);
  if (!user || user->org_id != c->org_id) return fail(err, ERR_NOT_FOUND, "there is no such person");
  if (!grants_cover(c->grants, user->grants, &lacking))
    return fail(err, ERR_FORBIDDEN, "%.*s may do what you may not (%.*s:%.*s), so somebody else must do this",
                STR_ARG(user->name), STR_ARG(lacking->area), STR_ARG(lacking->verb));
  c->status = 204;
  return totp_remove(cycle, id, err);
}

static const Field SHOWN[] = {
    {.name = "on", .kind = F_BOOL, .required = true, .doc = "A sign-in asks for a code."},
    {.name = "since", .kind = F_TIME, .doc = "Since when."},
    {.name = "recovery_codes_left", .kind = F_INT, .required = true, .doc = "How many can still be used."}};
static const Field BEGUN[] = {
    {.name = "secret", .kind = F_TEXT, .required = true, .doc = "For the app; shown now only."},
    {.name = "uri", .kind = F_TEXT, .required = true, .doc = "The same as a link or QR code."}};
static const Field CODE[] = {{.name = "code",
                              .kind = F_TEXT,
                              .required = true,
                              .min = 1,
                              .max = 40,
                              .doc = "Six digits of the app.",
                              .example = "481516"}};
static const Field RECOVERY_ITEM = {.kind = F_TEXT, .required = true, .doc = "Good once, instead of a code."};
static const Field CONFIRMED[] = {
    {.name = "recovery_codes", .kind = F_LIST, .of = &RECOVERY_ITEM, .required = true, .doc = "Shown now only."}};

const Route TOTP_ROUTES[] = {
    {HTTP_GET, "me/second-factor", "me:read", .read = show, ANSWER(SHOWN),
     .doc = "Whether my sign-in asks for a code."},
    {HTTP_POST, "me/second-factor", "me:update", .write = begin, ANSWER(BEGUN),
     .doc = "A secret for an authenticator app; on only after the first code."},
    {HTTP_POST, "me/second-factor-confirm", "me:update", .write = confirm, BODY(CODE), ANSWER(CONFIRMED),
     .doc = "Switches it on with the first code; ends my other sessions."},
    {HTTP_POST, "me/second-factor-off", "me:update", .write = off, BODY(CODE), .answers_nothing = true,
     .doc = "Switches it off, with a code or a recovery code."},
    {HTTP_DELETE, "users/{id}/second-factor", "users:write", .write = off_for_another, .answers_nothing = true,
     .doc = "Takes it away from somebody whose phone is gone."},
    {.path = NULL},
};

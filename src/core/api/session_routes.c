/* What signed-in people do with their own sessions. */
#include "core/api/api.h"
#include "core/identity/access.h"
#include "core/identity/invitation.h"
#include "core/identity/letter.h"
#include "core/identity/oidc.h"
#include "core/identity/session.h"
#include "lang/time.h"

static bool only_people(const Call *c, Error *err) {
  return c->user || fail(err, ERR_FORBIDDEN, "this key speaks for a service; sessions belong to people");
}

static bool answer_sessions(Call *c, Db *db, Error *err) {
  return session_list(db, c->arena, c->org_id, c->user->id, c->session_id, clock_now(&c->app->clock), &c->answer, err);
}

static bool sessions(Call *c, Db *db, Error *err) {
  return only_people(c, err) && answer_sessions(c, db, err);
}

static bool end_one(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  if (!only_people(c, err)) return false;
  if (!id_parse("ses", c->params[0], &id))
    return fail(err, ERR_NOT_FOUND, "\"%.*s\" is not the id of a session", STR_ARG(c->params[0]));
  return session_end(cycle, c->org_id, c->user->id, id, err) && answer_sessions(c, cycle->db, err);
}

static bool end_others(Call *c, Cycle *cycle, Error *err) {
  if (!only_people(c, err)) return false;
  return session_end_all(cycle, c->org_id, c->user->id, c->session_id, err) && answer_sessions(c, cycle->db, err);
}

static bool mail_it(Call *c, Cycle *cycle, i64 id, Error *err) {
  if (!c->app->relay.url)
    return fail_at(err, ERR_INVALID, "/mail", "no mail relay is configured (--smtp-url); hand the link over yourself");
  return letter_ask(cycle, c->org_id, LETTER_INVITATION, id, err);
}

/* A link with which they set their password. Whoever makes it could use it: so only for those who may no more than
 * they. */
static bool invite(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, expires_ms = 0;
  Str token = STR_NONE;
  const Permission *lacking = NULL;
  if (!api_resolve(c, cycle->db, "user", 0, &id, err)) return false;
  const SetupUser *user = setup_user(setup_current(c->app->setup), id);
  if (!user || user->org_id != c->org_id) return fail(err, ERR_NOT_FOUND, "there is no such person");
  if (!grants_cover(c->grants, user->grants, &lacking))
    return fail(err, ERR_FORBIDDEN,
                "%.*s may do what you may not (%.*s:%.*s), so the link must come from somebody else",
                STR_ARG(user->name), STR_ARG(lacking->area), STR_ARG(lacking->verb));
  if (!invitation_make(c->app, cycle->db, c->arena, c->org_id, id, cycle->now_ms, &token, &expires_ms, err))
    return false;
  if (value_bool_or(value_get_c(&c->body, "mail"), false) && !mail_it(c, cycle, id, err)) return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "url", value_string(str_format(c->arena, "%s/join/%.*s", c->app->public_url, STR_ARG(token))));
  map_put_c(&map, "expires_at", value_string(time_text_ms(c->arena, expires_ms)));
  c->answer = map_done(&map);
  return true;
}

/* Whoever lets another account be known as this person could sign in as them. */
static bool unlink_accounts(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  const Permission *lacking = NULL;
  if (!api_resolve(c, cycle->db, "user", 0, &id, err)) return false;
  const SetupUser *user = setup_user(setup_current(c->app->setup), id);
  if (!user || user->org_id != c->org_id) return fail(err, ERR_NOT_FOUND, "there is no such person");
  if (!grants_cover(c->grants, user->grants, &lacking))
    return fail(err, ERR_FORBIDDEN, "%.*s may do what you may not (%.*s:%.*s), so somebody else must do this",
                STR_ARG(user->name), STR_ARG(lacking->area), STR_ARG(lacking->verb));
  c->status = 204;
  return oidc_unlink(cycle->db, c->org_id, id, err);
}

#define SHOWN(n, k, text)                                                                                              \
  { .name = n, .kind = k, .required = true, .doc = text }
static const Field SESSION_FIELDS[] = {
    SHOWN("id", F_TEXT, "Names it in DELETE."),
    SHOWN("address", F_TEXT, "From where it was opened."),
    SHOWN("agent", F_TEXT, "The browser, in its own words."),
    SHOWN("created_at", F_TIME, "When."),
    SHOWN("expires_at", F_TIME, "When it ends by itself."),
    SHOWN("current", F_BOOL, "The one that asks."),
};
static const Field SESSION_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(SESSION_FIELDS), .doc = "One session."};
static const Field SESSIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &SESSION_ITEM, .required = true, .doc = "All of them."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};

static const Field INVITE[] = {
    {.name = "mail", .kind = F_BOOL, .def = "false", .doc = "Also send it to their e-mail address."}};
static const Field INVITATION[] = {
    SHOWN("url", F_TEXT, "Where they set their password; good once."),
    SHOWN("expires_at", F_TIME, "Until when."),
};

const Route SESSION_ROUTES[] = {
    {HTTP_POST, "users/{id}/invite", "users:write", .write = invite, BODY(INVITE), ANSWER(INVITATION),
     .doc = "A link with which the person sets their password."},
    {HTTP_DELETE, "users/{id}/identities", "users:write", .write = unlink_accounts, .answers_nothing = true,
     .doc = "Forgets by which accounts of identity providers the person is known; the next sign-in links anew."},
    {HTTP_GET, "me/sessions", "me:read", .read = sessions, WHOLE_LIST, ANSWER(SESSIONS),
     .doc = "Where I am signed in."},
    {HTTP_DELETE, "me/sessions/{id}", "me:update", .write = end_one, ANSWER(SESSIONS),
     .doc = "Signs out there; what is left."},
    {HTTP_DELETE, "me/sessions", "me:update", .write = end_others, ANSWER(SESSIONS),
     .doc = "Signs out everywhere else."},
    {.path = NULL},
};

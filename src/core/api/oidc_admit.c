/* Whom a provider's word lets in, and as what: finds, links or makes the person, gives the role of their groups. */
#include "core/api/oidc.h"

#include "core/identity/id_token.h"
#include "core/identity/session.h"
#include "core/resources.h"

enum { USED_FOR_MS = 24 * 3600 * 1000, GROUPS_SHOWN = 20, NAME_CHARS = 120 };

static Str text_of(const Value *row, const char *name) {
  return value_text_or(value_get_c(row, name), STR_NONE);
}

typedef struct Admission {
  Cycle *cycle;
  App *app;
  Arena *arena;
  const OidcProvider *provider;
  const Value *claims;
  Str subject, email; /* email is empty when it is not verified */
  Str role;           /* that the groups give; empty: as it is */
  bool role_given;    /* a group of role_map, not default_role */
  i64 user_id;
  bool created, linked;
  ApiCtx ctx;
} Admission;

static const Resource *users(const Admission *a) {
  return registry_find(a->app->registry, S("user"));
}

static bool use_up(Cycle *cycle, Str state, Error *err) {
  static const DbStmt SWEEP = {"oidc_used_sweep", "DELETE FROM oidc_used WHERE expires_at < $1", NULL};
  static const DbStmt USE = {
      "oidc_used", "INSERT INTO oidc_used (state, expires_at) VALUES ($1, $2) ON CONFLICT (state) DO NOTHING", NULL};
  DbValue row[] = {db_text(sha256_hex(cycle->arena, state)), db_int(cycle->now_ms + USED_FOR_MS)};
  i64 fresh = 0;
  if (!db_run(cycle->db, &SWEEP, err, db_int(cycle->now_ms)) || !db_exec(cycle->db, &USE, COUNT(row), row, &fresh, err))
    return false;
  return fresh > 0 || fail(err, ERR_CONFLICT, "this sign-in was finished already; begin it again");
}

/* Roles ----------------------------------------------------------------------------------------------------------- */

static size_t rank_of(Str role) {
  size_t rank = 0;
  while (ROLES[rank].text && !str_equal_c(role, ROLES[rank].text)) rank++;
  return rank;
}

/* One group as text, several as a list. */
static bool in_group(const Value *groups, Str name) {
  if (value_is(groups, VALUE_STRING)) return str_equal(value_text(groups), name);
  for (size_t i = 0; value_is(groups, VALUE_LIST) && i < groups->size; i++)
    if (str_equal(value_text_or(value_at(groups, i), STR_NONE), name)) return true;
  return false;
}

static Str groups_shown(Arena *arena, const Value *groups) {
  VEC(Str) names = {0};
  if (value_is(groups, VALUE_STRING)) *VEC_PUSH(arena, &names) = value_text(groups);
  for (size_t i = 0; value_is(groups, VALUE_LIST) && i < groups->size && i < GROUPS_SHOWN; i++)
    *VEC_PUSH(arena, &names) = utf8_cut(value_text_or(value_at(groups, i), S("?")), 60);
  return names.count ? str_join(arena, names.items, names.count, S(", ")) : S("none");
}

static bool choose_role(Admission *a, Error *err) {
  const OidcProvider *p = a->provider;
  const Value *groups = value_get(a->claims, p->groups_claim);
  bool mapped = value_is(&p->role_map, VALUE_LIST) && p->role_map.size > 0;
  for (size_t i = 0; mapped && i < p->role_map.size; i++) {
    const Value *line = value_at(&p->role_map, i);
    Str role = text_of(line, "role");
    if (!in_group(groups, text_of(line, "group")) || (a->role_given && rank_of(role) >= rank_of(a->role))) continue;
    a->role = role;
    a->role_given = true;
  }
  if (a->role_given || !mapped) return true;
  a->role = p->default_role;
  return a->role.len > 0 ||
         fail(err, ERR_FORBIDDEN,
              "none of your groups at %.*s is let in here (it sent for \"%.*s\": %.*s); ask whoever looks after Tocsin",
              STR_ARG(p->name), STR_ARG(p->groups_claim), STR_ARG(utf8_cut(groups_shown(a->arena, groups), 300)));
}

/* The last owner stays one, and signs in. */
static bool give_role(Admission *a, const Value *user, Error *err) {
  MapBuilder patch = map_builder(a->arena);
  Value out = value_null();
  Error why = {0};
  bool high = str_equal_c(a->role, "owner") || str_equal_c(a->role, "admin");
  bool invited = str_equal_c(text_of(user, "status"), "invited");
  bool other = a->role.len && !str_equal(a->role, text_of(user, "role"));
  if (invited) map_put_c(&patch, "status", value_c("active"));
  if (other) map_put_c(&patch, "role", value_string(a->role));
  if (other && high) map_put_c(&patch, "role_id", value_null());
  if (!invited && !other) return true;
  Value body = map_done(&patch);
  if (resource_update(&a->ctx.rc, users(a), a->user_id, &body, 0, &out, &why)) return true;
  if (why.code != ERR_CONFLICT) return *err = why, false;
  log_warn("identity", "%.*s: the groups at %.*s say %.*s, but %s", STR_ARG(text_of(user, "email")),
           STR_ARG(a->provider->name), STR_ARG(a->role), why.message);
  return true;
}

/* People ---------------------------------------------------------------------------------------------------------- */

static bool find_linked(Admission *a, Error *err) {
  static const DbStmt LINKED = {"oidc_linked",
                                "SELECT i.user_id FROM oidc_identity AS i JOIN account AS u ON u.id = i.user_id AND "
                                "u.org_id = i.org_id WHERE i.provider_id = $1 AND i.subject = $2",
                                NULL};
  bool found = false;
  return db_query_int(a->cycle->db, &LINKED, DB_ARGS(db_int(a->provider->id), db_text(a->subject)), &a->user_id, &found,
                      err);
}

static bool link_them(Admission *a, Error *err) {
  static const DbStmt OTHER = {"oidc_other_link",
                               "SELECT count(*) FROM oidc_identity WHERE provider_id = $1 AND user_id = $2", NULL};
  static const DbStmt LINK = {
      "oidc_link",
      "INSERT INTO oidc_identity (provider_id, subject, org_id, user_id, created_at) VALUES ($1, $2, $3, $4, $5) ON "
      "CONFLICT (provider_id, subject) DO UPDATE SET user_id = excluded.user_id, created_at = excluded.created_at",
      NULL};
  i64 others = 0;
  bool found = false;
  if (!db_query_int(a->cycle->db, &OTHER, DB_ARGS(db_int(a->provider->id), db_int(a->user_id)), &others, &found, err))
    return false;
  if (others > 0)
    return fail(err, ERR_FORBIDDEN,
                "%.*s is known here by another account of %.*s; if it is yours now, an administrator unlinks that "
                "one first (Settings, People)",
                STR_ARG(a->email), STR_ARG(a->provider->name));
  a->linked = true;
  return db_run(a->cycle->db, &LINK, err, db_int(a->provider->id), db_text(a->subject), db_int(a->provider->org_id),
                db_int(a->user_id), db_int(a->cycle->now_ms));
}

static bool create_user(Admission *a, Error *err) {
  Str name = str_trim(text_of(a->claims, "name")), role = a->role.len ? a->role : a->provider->default_role;
  MapBuilder body = map_builder(a->arena);
  Value out = value_null();
  if (name.len == 0 || utf8_count(name) > NAME_CHARS) name = a->email;
  map_put_c(&body, "name", value_string(utf8_clean(a->arena, utf8_cut(name, NAME_CHARS))));
  map_put_c(&body, "email", value_string(a->email));
  map_put_c(&body, "role", value_string(role));
  Value value = map_done(&body);
  if (!resource_create(&a->ctx.rc, users(a), &value, &out, err)) return false;
  a->user_id = resource_ref_id(a->app->registry, value_get_c(&out, "id"));
  a->created = true;
  return true;
}

static bool find_by_email(Admission *a, Error *err) {
  static const DbStmt FIND = {"oidc_by_email", "SELECT id FROM account WHERE org_id = $1 AND email = $2", NULL};
  const OidcProvider *p = a->provider;
  bool found = false;
  if (a->email.len == 0)
    return fail(err, ERR_FORBIDDEN,
                "%.*s does not say that your e-mail address is verified, so it cannot be known whether you are who you "
                "seem; verify it there, or let the provider send email and email_verified",
                STR_ARG(p->name));
  if (!db_query_int(a->cycle->db, &FIND, DB_ARGS(db_int(p->org_id), db_text(a->email)), &a->user_id, &found, err))
    return false;
  if (!found && !p->create_users)
    return fail(err, ERR_FORBIDDEN, "nobody here has the address %.*s; ask an administrator to invite you",
                STR_ARG(a->email));
  return (found || create_user(a, err)) && link_them(a, err);
}

static bool audit(Admission *a, const OidcArrival *arrival, Error *err) {
  MapBuilder facts = map_builder(a->arena);
  map_put_c(&facts, "provider", value_string(a->provider->name));
  map_put_c(&facts, "subject", value_string(a->subject));
  if (a->email.len) map_put_c(&facts, "email", value_string(a->email));
  if (a->linked) map_put_c(&facts, "linked", value_bool(true));
  if (a->created) map_put_c(&facts, "created", value_bool(true));
  if (a->role.len) map_put_c(&facts, "role", value_string(a->role));
  Value after = map_done(&facts);
  a->ctx.rc.actor = (Actor){"user", id_text(a->arena, "usr", a->user_id), a->email};
  a->ctx.rc.address = arrival->address;
  return resource_audit(&a->ctx.rc, users(a), a->user_id, "sign_in", NULL, &after, err);
}

static Admission admission_of(Cycle *cycle, const OidcArrival *arrival) {
  App *app = cycle_app(cycle);
  Actor actor = {"system", STR_NONE, arrival->provider->name};
  return (Admission){.cycle = cycle,
                     .app = app,
                     .arena = cycle->arena,
                     .provider = arrival->provider,
                     .claims = arrival->claims,
                     .subject = text_of(arrival->claims, "sub"),
                     .email = id_token_verified_email(cycle->arena, arrival->claims),
                     .ctx = api_ctx_of(app, cycle, arrival->provider->org_id, actor)};
}

bool oidc_admit(Cycle *cycle, const OidcArrival *arrival, Str *out_token, Error *err) {
  Admission a = admission_of(cycle, arrival);
  Value user = value_null();
  bool found = false;
  if (!use_up(cycle, arrival->state, err) || !choose_role(&a, err) || !find_linked(&a, err) ||
      (a.user_id == 0 && !find_by_email(&a, err)) ||
      !resource_load(&a.ctx.rc, users(&a), a.user_id, &user, &found, err))
    return false;
  if (!found || str_equal_c(text_of(&user, "status"), "deactivated"))
    return fail(err, ERR_FORBIDDEN, "your account here is deactivated; ask an administrator");
  SessionNew session = {
      .org_id = arrival->provider->org_id, .user_id = a.user_id, .address = arrival->address, .agent = arrival->agent};
  return give_role(&a, &user, err) && session_add(cycle, &session, out_token, err) && audit(&a, arrival, err);
}

bool oidc_note_refusal(Cycle *cycle, const OidcArrival *arrival, const char *why, Error *err) {
  Admission a = admission_of(cycle, arrival);
  MapBuilder facts = map_builder(a.arena);
  map_put_c(&facts, "subject", value_string(a.subject));
  map_put_c(&facts, "email", value_string(text_of(arrival->claims, "email")));
  map_put_c(&facts, "reason", value_string(utf8_clean(a.arena, str_copy(a.arena, str_from_c(why)))));
  Value after = map_done(&facts);
  a.ctx.rc.address = arrival->address;
  return resource_audit(&a.ctx.rc, registry_find(a.app->registry, S("identity_provider")), arrival->provider->id,
                        "sign_in_refused", NULL, &after, err);
}

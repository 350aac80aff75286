/* Carrying out what departure_plan.c found. Everything happens in the caller's transaction: all of it or nothing. */
#include "core/identity/departure.h"

#include "core/identity/session.h"
#include "core/paging/internal.h"

static const DbStmt LEAVE = {
    "user_leave",
    "UPDATE account SET status = 'deactivated', password_hash = NULL, updated_at = $3, version = "
    "version + 1 WHERE id = $1 AND org_id = $2",
    NULL};
static const DbStmt REASSIGN = {
    "user_reassign_alerts",
    "UPDATE alert SET assignee_id = $3, updated_at = $4, version = version + 1 WHERE org_id = "
    "$2 AND assignee_id = $1 AND status IN ('triggered', 'acknowledged')",
    NULL};
static const DbStmt PAGED = {
    "user_active_pages",
    "SELECT p.id FROM page AS p WHERE p.org_id = $2 AND p.status = 'active' AND EXISTS (SELECT 1 "
    "FROM notification AS n WHERE n.page_id = p.id AND n.user_id = $1) ORDER BY p.id",
    NULL};
/* Ids are long: who is not named is hardly ever found, and then nothing changes. */
static const DbStmt NAMED = {"user_named_by_pages",
                             "SELECT id FROM page WHERE org_id = $1 AND status IN ('active', 'acknowledged', "
                             "'exhausted') AND policy LIKE $2 ORDER BY id",
                             NULL};
static const DbStmt RENAME = {
    "user_page_policy", "UPDATE page SET policy = $2, updated_at = $3, version = version + 1 WHERE id = $1", NULL};
static const DbStmt SKIP = {
    "user_skip_notifications",
    "UPDATE notification SET status = 'skipped', error = 'the person has left', updated_at = $3, "
    "version = version + 1 WHERE page_id = $1 AND user_id = $2 AND status = 'queued'",
    NULL};

static bool refuse_blocked(Departure *d, Error *err) {
  if (d->blockers.count == 0) return true;
  for (size_t i = 0; i < d->blockers.count; i++) {
    const Value *b = &d->blockers.items[i];
    field_error(d->ctx, "/replacement_id", "required", "%.*s \"%.*s\": %.*s",
                STR_ARG(value_text_or(value_get_c(b, "kind"), STR_NONE)),
                STR_ARG(value_text_or(value_get_c(b, "name"), value_text_or(value_get_c(b, "id"), STR_NONE))),
                STR_ARG(value_text_or(value_get_c(b, "what"), STR_NONE)));
  }
  Str first = d->ctx->errors.items[0].message;
  return fail_at(err, ERR_CONFLICT, "/replacement_id",
                 "nobody would be left: %.*s%s; say who takes over: replacement_id", STR_ARG(first),
                 d->blockers.count > 1 ? ", and more" : "");
}

static bool hand_over(Departure *d, Error *err) {
  for (size_t i = 0; i < d->patches.count; i++) {
    const Value *p = &d->patches.items[i];
    const Resource *r = registry_find(d->ctx->registry, value_text_or(value_get_c(p, "kind"), STR_NONE));
    Value made = value_null();
    if (!resource_update(d->ctx, r, resource_ref_id(d->ctx->registry, value_get_c(p, "id")), value_get_c(p, "patch"), 0,
                         &made, err))
      return error_prefix(err, "%s %.*s: ", r->name, STR_ARG(value_text_or(value_get_c(p, "id"), S("?"))));
  }
  return true;
}

/* Rules name methods: the last found go first, and what an earlier one took along is gone already. */
static bool end_own(Departure *d, Error *err) {
  static const char *const ORDER[] = {"notification_rule", "contact_method", NULL}; /* NULL: all others */
  for (size_t o = 0; o < COUNT(ORDER); o++)
    for (size_t i = 0; i < d->ended.count; i++) {
      const Resource *r = d->ended_kinds.items[i];
      bool first = str_equal_c(S("notification_rule"), r->name), second = str_equal_c(S("contact_method"), r->name);
      bool now = o == 0 ? first : o == 1 ? second : !first && !second;
      if (now && (r->verbs & VERB_DELETE) && !resource_delete(d->ctx, r, d->ended.items[i], 0, err)) return false;
    }
  return true;
}

typedef struct Pages {
  Arena *arena;
  VEC(i64) ids;
} Pages;

static bool take_page(const DbRow *row, void *ctx) {
  Pages *pages = ctx;
  *VEC_PUSH(pages->arena, &pages->ids) = db_row_int(row, 0);
  return true;
}

/* Who is being paged now is not waited for: the replacement is told at once, or the next level is. */
static bool hand_over_page(Departure *d, Cycle *cycle, i64 page_id, Error *err) {
  Page page = {0};
  bool found = false;
  Notified told = {0};
  if (!db_run(cycle->db, &SKIP, err, db_int(page_id), db_int(d->user_id), db_int(cycle->now_ms)) ||
      !page_load(cycle->db, cycle->arena, page_id, &page, &found, err))
    return false;
  if (!found) return true;
  cycle_publish(cycle, page.org_id, "page", page.id, page.version);
  if (d->replacement_id) return notify_user(cycle, &page, d->replacement_id, "page", &told, err);
  return job_hurry(cycle, "page.level", page_id, cycle->now_ms, err);
}

/* A page that runs has its policy as it was when it began: levels that are still to come are told to the replacement.
 */
static bool hand_over_levels(Departure *d, Cycle *cycle, Error *err) {
  Pages pages = {.arena = cycle->arena};
  Str like = str_format(cycle->arena, "%%,%lld]%%", (long long)d->user_id);
  if (!d->replacement_id) return true;
  if (!db_query(cycle->db, &NAMED, DB_ARGS(db_int(d->ctx->org_id), db_text(like)), take_page, &pages, err))
    return false;
  for (size_t i = 0; i < pages.ids.count; i++) {
    Page page = {0};
    Str policy = STR_NONE;
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, pages.ids.items[i], &page, &found, err) ||
        !snapshot_hand_over(cycle->arena, page.policy, d->user_id, d->replacement_id, &policy, err) ||
        !db_run(cycle->db, &RENAME, err, db_int(page.id), db_text(policy), db_int(cycle->now_ms)))
      return false;
    cycle_publish(cycle, page.org_id, "page", page.id, page.version + 1);
  }
  return true;
}

static bool hand_over_pages(Departure *d, Cycle *cycle, Error *err) {
  Pages pages = {.arena = cycle->arena};
  if (!db_query(cycle->db, &PAGED, DB_ARGS(db_int(d->user_id), db_int(d->ctx->org_id)), take_page, &pages, err))
    return false;
  for (size_t i = 0; i < pages.ids.count; i++)
    if (!hand_over_page(d, cycle, pages.ids.items[i], err)) return false;
  return true;
}

bool departure_carry_out(Departure *d, Cycle *cycle, Error *err) {
  const Resource *user = registry_find(d->ctx->registry, S("user"));
  Value row = value_null();
  bool found = false;
  d->ctx->errors.count = 0;
  if (!resource_load(d->ctx, user, d->user_id, &row, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such user");
  if (str_equal_c(value_text_or(value_get_c(&row, "status"), STR_NONE), "deactivated")) return true;
  if (!user->before_delete(d->ctx, &row, err)) return false; /* the last owner, or more than who asks */
  if (!refuse_blocked(d, err) || !hand_over(d, err) || !end_own(d, err)) return false;
  if (!db_run(cycle->db, &REASSIGN, err, db_int(d->user_id), db_int(d->ctx->org_id), db_id(d->replacement_id),
              db_int(cycle->now_ms)) ||
      !session_end_all(cycle, d->ctx->org_id, d->user_id, 0, err) ||
      !db_run(cycle->db, &LEAVE, err, db_int(d->user_id), db_int(d->ctx->org_id), db_int(cycle->now_ms)))
    return false;
  d->ctx->changed(d->ctx, user, d->user_id, value_int_or(value_get_c(&row, "version"), 0) + 1);
  return hand_over_levels(d, cycle, err) && hand_over_pages(d, cycle, err);
}

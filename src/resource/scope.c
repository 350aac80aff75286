/* Which rows a caller sees, as one SQL condition: added to lists and counts, and asked of one row before it is shown,
 * named or changed. It reads like this, each part only where the resource and the caller need it:
 *
 *   whose:    user_id = {user}  |  (team_id IS NULL OR team_id IN ({teams}))
 *   private:  id NOT IN (private incidents in which {user} takes no part)
 *
 * {teams} is a subquery over `ref`, where each member of a team has a row; teams that somebody leads are few and known
 * without the database. Cost: the subqueries do not depend on the row, so each is answered once a statement. */
#include "resource/internal.h"

#define TEAMS_OF_USER                                                                                                  \
  "SELECT owner_id FROM ref WHERE target_kind = 'user' AND target_id = {user} AND owner_kind = 'team'"

typedef struct Condition {
  const ResourceCtx *ctx;
  const Resource *resource;
  RowScope scope;
  bool strict; /* for changes: rows of no team are not everybody's */
  Buf *out;
  DbValue *args;
  size_t *arg_count;
  int org, user; /* numbers of the parameters; 0: not bound yet */
} Condition;

static int bind(Condition *c, int *number, i64 value) {
  if (*number == 0) {
    c->args[(*c->arg_count)++] = db_int(value);
    *number = (int)*c->arg_count;
  }
  return *number;
}

static void put_led(const Condition *c) {
  const Sight *sight = c->ctx->sight;
  buf_puts(c->out, "0");
  for (size_t i = 0; i < sight->led_count; i++) buf_format(c->out, ", %lld", (long long)sight->led_team_ids[i]);
}

/* The text with {org}, {user} and {teams} filled in. */
static void put(Condition *c, const char *text) {
  Str rest = str_from_c(text), head;
  while (str_cut(rest, '{', &head, &rest)) {
    Str name;
    buf_put(c->out, head);
    (void)str_cut(rest, '}', &name, &rest);
    if (str_equal_c(name, "org"))
      buf_format(c->out, "$%d", bind(c, &c->org, c->ctx->org_id));
    else if (str_equal_c(name, "user"))
      buf_format(c->out, "$%d", bind(c, &c->user, c->ctx->sight->user_id));
    else if (c->scope == ROWS_LED)
      put_led(c);
    else
      put(c, TEAMS_OF_USER);
  }
  buf_put(c->out, head);
}

static void put_team(Condition *c) {
  const Resource *r = c->resource;
  if (r->team_sql) {
    put(c, r->team_sql);
  } else if (r->team_column) {
    if (!c->strict || r->team_shared) buf_format(c->out, "\"%s\" IS NULL OR ", r->team_column);
    buf_format(c->out, "\"%s\" IN (", r->team_column);
    put(c, "{teams})");
  } else {
    buf_puts(c->out, "1 = 0");
  }
}

static void put_whose(Condition *c) {
  const Resource *r = c->resource;
  if (c->scope == ROWS_ALL) return;
  buf_puts(c->out, " AND (");
  if (c->scope == ROWS_NONE || (c->scope == ROWS_OWN && !r->owner_column)) {
    buf_puts(c->out, "1 = 0");
  } else if (c->scope == ROWS_OWN) {
    buf_format(c->out, "\"%s\" = ", r->owner_column);
    put(c, "{user}");
  } else {
    put_team(c);
  }
  buf_putc(c->out, ')');
}

static void put_private(Condition *c) {
  if (!c->resource->private_sql || c->ctx->sight->private_too) return;
  buf_puts(c->out, " AND (");
  put(c, c->resource->private_sql);
  buf_putc(c->out, ')');
}

void sight_put(const ResourceCtx *ctx, const Resource *r, Buf *where, DbValue *args, size_t *arg_count) {
  if (!ctx->sight) return;
  Condition c = {.ctx = ctx, .resource = r, .out = where, .args = args, .arg_count = arg_count};
  c.scope = ctx->sight->of(ctx->sight, r);
  put_whose(&c);
  put_private(&c);
}

/* One row ---------------------------------------------------------------------------------------------------------- */

static bool take_any(const DbRow *row, void *ctx) {
  (void)row;
  *(bool *)ctx = true;
  return false;
}

static bool ask(ResourceCtx *ctx, const Resource *r, i64 id, RowScope scope, bool strict, bool *out, Error *err) {
  DbValue args[8] = {db_int(id), db_int(ctx->org_id)};
  size_t arg_count = 2;
  Buf sql = buf_new(ctx->arena, KIB(8));
  bool found = false;
  Condition c = {.ctx = ctx,
                 .resource = r,
                 .scope = scope,
                 .strict = strict,
                 .out = &sql,
                 .args = args,
                 .arg_count = &arg_count,
                 .org = 2};
  buf_format(&sql, "SELECT 1 FROM \"%s\" WHERE id = $1 AND %s = $2", r->table, org_column(r));
  size_t plain = sql.len;
  put_whose(&c);
  put_private(&c);
  ASSERT(!sql.overflow);
  if (sql.len == plain) return *out = true, true; /* nothing is hidden: no query */
  if (!db_query_text(ctx->db, buf_str(&sql), arg_count, args, take_any, &found, err)) return false;
  return *out = found, true;
}

bool resource_seen(ResourceCtx *ctx, const Resource *r, i64 id, bool *out, Error *err) {
  if (!ctx->sight) return *out = true, true;
  return ask(ctx, r, id, ctx->sight->of(ctx->sight, r), false, out, err);
}

bool resource_within(ResourceCtx *ctx, const Resource *r, i64 id, RowScope scope, bool *out, Error *err) {
  if (!ctx->sight) return *out = true, true;
  return ask(ctx, r, id, scope, true, out, err);
}

/* Slugs: short names for paths and files, made from the name once and then stable. Lower-case letters, digits and
 * single hyphens; -2, -3 ... when taken. */
#include "resource/internal.h"

enum { SLUG_MAX = 80, SLUG_BASE_MAX = 60, SLUG_NUMBER_MAX = 10000 };

bool slug_valid(Str slug) {
  if (slug.len == 0 || slug.len > SLUG_MAX || slug.ptr[0] == '-' || slug.ptr[slug.len - 1] == '-') return false;
  for (size_t i = 0; i < slug.len; i++) {
    char c = slug.ptr[i];
    bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!ok) return false;
  }
  return true;
}

Str resource_slug_of(Arena *arena, Str name, const char *otherwise) {
  Str lower = str_lower(arena, name);
  Buf out = buf_new(arena, SLUG_BASE_MAX);
  bool gap = false;
  for (size_t i = 0; i < lower.len && out.len + 2 <= SLUG_BASE_MAX; i++) {
    char c = lower.ptr[i];
    bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (keep && gap && out.len) buf_putc(&out, '-');
    if (keep) buf_putc(&out, c);
    gap = !keep && (gap || c != '\'');
  }
  return out.len ? buf_str(&out) : str_from_c(otherwise);
}

typedef struct Taken {
  Arena *arena;
  Str base;
  bool plain;  /* the base itself is taken */
  u8 *numbers; /* [n] != 0: base-n is taken */
  size_t count;
} Taken;

/* Slugs are read in order of bytes; numbers beyond the count of rows cannot be the first free one. */
static bool see_slug(const DbRow *row, void *ctx) {
  Taken *taken = ctx;
  Str slug = db_row_peek(row, 0);
  i64 n = 0;
  if (str_equal(slug, taken->base))
    taken->plain = true;
  else if (str_to_i64(str_slice(slug, taken->base.len + 1, slug.len), 2, SLUG_NUMBER_MAX - 1, &n))
    taken->numbers[n] = 1;
  return true;
}

/* All that begin with the base and a hyphen lie between "base" and "base." ('.' follows '-'). */
static bool free_slug(ResourceCtx *ctx, const ResourceSql *sql, Str base, Str *out, Error *err) {
  Taken taken = {.arena = ctx->arena, .base = base, .numbers = arena_zero(ctx->arena, SLUG_NUMBER_MAX, 1)};
  DbValue args[] = {db_int(ctx->org_id), db_text(base), db_text(str_format(ctx->arena, "%.*s.", STR_ARG(base)))};
  if (!db_query(ctx->db, &sql->slugs, COUNT(args), args, see_slug, &taken, err)) return false;
  size_t n = 2;
  while (n < SLUG_NUMBER_MAX && taken.numbers[n]) n++;
  if (n == SLUG_NUMBER_MAX) return fail(err, ERR_CONFLICT, "too many are called \"%.*s\"; give a slug", STR_ARG(base));
  *out = taken.plain ? str_format(ctx->arena, "%.*s-%zu", STR_ARG(base), n) : base;
  return true;
}

static bool is_taken(ResourceCtx *ctx, const ResourceSql *sql, Str slug, bool *out, Error *err) {
  Str found = STR_NONE;
  if (!free_slug(ctx, sql, slug, &found, err)) return false;
  *out = !str_equal(found, slug);
  return true;
}

/* Is this one that may be given? Null: one is chosen. */
void slug_check(ResourceCtx *ctx, const Value *given) {
  Str slug = value_text_or(given, S(""));
  if (given->kind == VALUE_NULL) return;
  if (given->kind != VALUE_STRING)
    field_error(ctx, "/slug", "type", "slug must be text, not %s %s", str_article(value_kind_name(given->kind)),
                value_kind_name(given->kind));
  else if (!slug_valid(slug))
    field_error(ctx, "/slug", "format",
                "slug \"%.*s\" may hold a-z, 0-9 and hyphens between them, at most %d characters",
                STR_ARG(utf8_cut(slug, 100)), SLUG_MAX);
}

/* The slug of a new row; a taken one that was given is reported. */
bool slug_choose(ResourceCtx *ctx, const Resource *r, const Value *fresh, Str *out, Error *err) {
  const ResourceSql *sql = registry_sql(ctx->registry, r);
  const Value *given = value_get_c(fresh, "slug");
  bool taken = false;
  if (!given || given->kind == VALUE_NULL)
    return free_slug(ctx, sql, resource_slug_of(ctx->arena, value_text_or(value_get_c(fresh, "name"), S("")), r->name),
                     out, err);
  Str slug = value_text_or(given, S(""));
  if (!is_taken(ctx, sql, slug, &taken, err)) return false;
  if (taken)
    field_error(ctx, "/slug", "taken", "another %s has the slug \"%.*s\"; choose another", r->name, STR_ARG(slug));
  *out = slug;
  return true;
}

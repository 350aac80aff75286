/* A cover of a cover: somebody stands in, and another one stands in for them. Taking back the first would leave the
 * second taken and without effect. */
#include "core/oncall/cover_internal.h"

typedef struct Later {
  Arena *arena;
  VEC(i64) ids;
} Later;

static bool take_id(const DbRow *row, void *ctx) {
  Later *later = ctx;
  *VEC_PUSH(later->arena, &later->ids) = db_row_int(row, 0);
  return true;
}

/* Overrides work in the order in which they were made. */
static i64 made_as(ResourceCtx *ctx, const Cover *cover) {
  const Value *ids = cover->override_ids;
  return value_is(ids, VALUE_LIST) && ids->size ? resource_ref_id(ctx->registry, value_at(ids, 0)) : 0;
}

static bool meets(i64 user_id, i64 from_ms, i64 to_ms, i64 other_id, i64 other_from_ms, i64 other_to_ms) {
  return user_id && user_id == other_id && MAX(from_ms, other_from_ms) < MIN(to_ms, other_to_ms);
}

/* Does `other` stand in for this person, who stands in from then on? */
static bool relieves(const Cover *other, i64 user_id, i64 from_ms, i64 to_ms) {
  return meets(user_id, from_ms, to_ms, other->user_id, other->starts_ms, other->ends_ms) ||
         meets(user_id, from_ms, to_ms, other->taken_by_id, other->return_starts_ms, other->return_ends_ms);
}

static bool builds_on(ResourceCtx *ctx, const Cover *other, const Cover *cover) {
  return made_as(ctx, other) > made_as(ctx, cover) &&
         (relieves(other, cover->taken_by_id, MAX(cover->starts_ms, ctx->now_ms), cover->ends_ms) ||
          relieves(other, cover->user_id, MAX(cover->return_starts_ms, ctx->now_ms), cover->return_ends_ms));
}

bool cover_undo_leaves_none(ResourceCtx *ctx, const Setup *setup, const Cover *cover, Error *err) {
  static const DbStmt LATER = {"cover_taken_later",
                               "SELECT id FROM cover_request WHERE org_id = $1 AND schedule_id = $2 AND status = "
                               "'taken' AND id <> $3 AND taken_at >= $4 ORDER BY id",
                               NULL};
  Later later = {.arena = ctx->arena};
  if (!db_query(ctx->db, &LATER,
                DB_ARGS(db_int(ctx->org_id), db_int(cover->schedule_id), db_int(cover->id),
                        db_int(cover_time(&cover->row, "taken_at"))),
                take_id, &later, err))
    return false;
  for (size_t i = 0; i < later.ids.count; i++) {
    Cover other;
    if (!cover_load(ctx, later.ids.items[i], &other, err)) return false;
    if (!builds_on(ctx, &other, cover)) continue;
    return fail(
        err, ERR_CONFLICT,
        "%.*s stands in for %.*s in some of that time (%.*s), which would do nothing without this one; undo that "
        "one first",
        STR_ARG(cover_person(ctx->arena, setup, other.taken_by_id)),
        STR_ARG(cover_person(ctx->arena, setup, other.user_id)), STR_ARG(id_text(ctx->arena, "cvr", other.id)));
  }
  return true;
}

/* The life of a cover request: open, then taken, cancelled or expired; taken ones may be undone. */
#include "core/oncall/cover_internal.h"
#include "core/resources.h"
#include "lang/json.h"

static const DbStmt TAKEN = {"cover_taken",
                             "UPDATE cover_request SET status = 'taken', taken_by = $2, taken_at = $3, override_ids = "
                             "$4, updated_at = $3, version = version + 1 WHERE id = $1",
                             NULL};
static const DbStmt MOVED = {"cover_moved",
                             "UPDATE cover_request SET status = $2, taken_by = NULL, taken_at = NULL, override_ids = "
                             "'[]', updated_at = $3, version = version + 1 WHERE id = $1",
                             NULL};

bool cover_load(ResourceCtx *ctx, i64 id, Cover *out, Error *err) {
  bool found = false;
  *out = (Cover){.id = id};
  if (!resource_load(ctx, &COVER_REQUEST, id, &out->row, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such cover request");
  const Value *back = value_get_c(&out->row, "in_return"), *taker = value_get_c(&out->row, "taken_by");
  out->schedule_id = cover_ref(ctx, &out->row, "schedule_id");
  out->user_id = cover_ref(ctx, &out->row, "user_id");
  out->asked_id = cover_ref(ctx, &out->row, "asked_user_id");
  out->starts_ms = cover_time(&out->row, "starts_at");
  out->ends_ms = cover_time(&out->row, "ends_at");
  out->return_starts_ms = cover_time(back, "starts_at");
  out->return_ends_ms = cover_time(back, "ends_at");
  out->status = value_text_or(value_get_c(&out->row, "status"), STR_NONE);
  out->override_ids = value_get_c(&out->row, "override_ids");
  if (!id_parse("usr", value_text_or(value_get_c(taker, "id"), STR_NONE), &out->taken_by_id)) out->taken_by_id = 0;
  return true;
}

static bool must_be_open(const Cover *cover, Error *err) {
  const Value *taker = value_get_c(&cover->row, "taken_by");
  if (str_equal_c(cover->status, "open")) return true;
  if (str_equal_c(cover->status, "taken"))
    return fail(err, ERR_CONFLICT, "%.*s took it already, at %.*s",
                STR_ARG(value_text_or(value_get_c(taker, "name"), S("somebody"))),
                STR_ARG(value_text_or(value_get_c(&cover->row, "taken_at"), S("?"))));
  return fail(err, ERR_CONFLICT, "this cover request is %.*s; make a new one", STR_ARG(cover->status));
}

static bool moved(Cycle *cycle, ResourceCtx *ctx, const Cover *cover, const char *status, Error *err) {
  cycle_publish(cycle, ctx->org_id, "cover_request", cover->id, 0);
  return db_run(cycle->db, &MOVED, err, db_int(cover->id), db_text(str_from_c(status)), db_int(cycle->now_ms));
}

static bool expires(Cycle *cycle, i64 org_id, i64 id, i64 at_ms, Error *err) {
  JobNew job = {.kind = "cover.expire", .org_id = org_id, .subject_id = id, .due_ms = at_ms};
  return job_cancel(cycle, "cover.expire", id, err) && job_add(cycle, &job, err);
}

bool cover_opened(Cycle *cycle, ResourceCtx *ctx, const Value *request, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  i64 id = resource_ref_id(ctx->registry, value_get_c(request, "id"));
  const SetupSchedule *schedule = setup_schedule(setup, cover_ref(ctx, request, "schedule_id"));
  Shift when = {.starts_ms = cover_time(request, "starts_at"), .ends_ms = cover_time(request, "ends_at")};
  const Value *in_return = value_get_c(request, "in_return");
  Shift back = {.starts_ms = cover_time(in_return, "starts_at"), .ends_ms = cover_time(in_return, "ends_at")};
  CoverNews news = {.schedule = schedule,
                    .user_id = cover_ref(ctx, request, "user_id"),
                    .asked_id = cover_ref(ctx, request, "asked_user_id"),
                    .first = &when,
                    .count = 1,
                    .back = back.ends_ms ? &back : NULL,
                    .message = value_text_or(value_get_c(request, "message"), S(""))};
  return expires(cycle, ctx->org_id, id, when.ends_ms, err) &&
         (!schedule || cover_tell_asked(cycle, setup, &news, err));
}

/* Taking ---------------------------------------------------------------------------------------------------------- */

typedef struct Stand { /* one stands in for the other in this time */
  i64 user_id, for_id, from_ms, to_ms;
} Stand;

static bool must_be_here(ResourceCtx *ctx, const Setup *setup, const Stand *s, Error *err) {
  static const DbStmt AWAY = {"cover_away",
                              "SELECT id FROM absence WHERE org_id = $1 AND user_id = $2 AND starts_at < $4 AND "
                              "ends_at > $3 ORDER BY id LIMIT 1",
                              NULL};
  i64 id = 0;
  bool found = false;
  if (!db_query_int(ctx->db, &AWAY,
                    DB_ARGS(db_int(ctx->org_id), db_int(s->user_id), db_int(s->from_ms), db_int(s->to_ms)), &id, &found,
                    err))
    return false;
  return !found || fail(err, ERR_CONFLICT, "%.*s is away in some of that time (%.*s)",
                        STR_ARG(cover_person(ctx->arena, setup, s->user_id)), STR_ARG(id_text(ctx->arena, "abs", id)));
}

static bool may_stand(ResourceCtx *ctx, const Setup *setup, const SetupSchedule *schedule, const Stand *s, Error *err) {
  const SetupUser *user = setup_user(setup, s->user_id);
  ShiftList shifts = {0};
  if (!user || str_equal_c(user->status, "deactivated"))
    return fail(err, ERR_CONFLICT, "%.*s is no active user", STR_ARG(cover_person(ctx->arena, setup, s->user_id)));
  if (!must_be_here(ctx, setup, s, err) || !cover_shifts(ctx, schedule, s->for_id, s->from_ms, s->to_ms, &shifts, err))
    return false;
  return shifts.count > 0 ||
         fail(err, ERR_CONFLICT, "%.*s is not on call from %.*s in that time any more; there is nothing left to cover",
              STR_ARG(cover_person(ctx->arena, setup, s->for_id)), STR_ARG(schedule->name));
}

static bool write_override(ResourceCtx *ctx, const SetupSchedule *schedule, const Stand *s, ValueVec *ids, Error *err) {
  Arena *arena = ctx->arena;
  MapBuilder map = map_builder(arena);
  Value made = value_null();
  map_put_c(&map, "schedule_id", value_string(id_text(arena, "sch", schedule->id)));
  map_put_c(&map, "user_id", value_string(id_text(arena, "usr", s->user_id)));
  map_put_c(&map, "replaces_user_id", value_string(id_text(arena, "usr", s->for_id)));
  map_put_c(&map, "kind", value_c("cover"));
  map_put_c(&map, "starts_at", value_string(time_text_ms(arena, s->from_ms)));
  map_put_c(&map, "ends_at", value_string(time_text_ms(arena, s->to_ms)));
  Value body = map_done(&map);
  if (!resource_create(ctx, &SCHEDULE_OVERRIDE, &body, &made, err)) return false;
  *VEC_PUSH(arena, ids) = *value_get_c(&made, "id");
  return true;
}

static Value taker_value(Arena *arena, const Setup *setup, i64 user_id) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "kind", value_c("user"));
  map_put_c(&map, "id", value_string(id_text(arena, "usr", user_id)));
  map_put_c(&map, "name", value_string(cover_person(arena, setup, user_id)));
  return map_done(&map);
}

static bool take(Cycle *cycle, ResourceCtx *ctx, const Setup *setup, const Cover *cover, i64 taker_id, Error *err) {
  const SetupSchedule *schedule = setup_schedule(setup, cover->schedule_id);
  Stand stands[] = {{taker_id, cover->user_id, MAX(cover->starts_ms, cycle->now_ms), cover->ends_ms},
                    {cover->user_id, taker_id, MAX(cover->return_starts_ms, cycle->now_ms), cover->return_ends_ms}};
  size_t count = cover->return_ends_ms ? 2 : 1;
  ValueVec ids = {0};
  if (!schedule) return fail(err, ERR_NOT_FOUND, "the schedule is gone");
  if (count == 2 && cover->return_ends_ms <= cycle->now_ms)
    return fail(err, ERR_CONFLICT, "the time in return is over: a swap is both or none; cancel it and ask anew");
  for (size_t i = 0; i < count; i++)
    if (!may_stand(ctx, setup, schedule, &stands[i], err)) return false;
  for (size_t i = 0; i < count; i++)
    if (!write_override(ctx, schedule, &stands[i], &ids, err)) return false;
  Value list = list_done(&ids), taker = taker_value(ctx->arena, setup, taker_id);
  cycle_publish(cycle, ctx->org_id, "cover_request", cover->id, 0);
  return db_run(cycle->db, &TAKEN, err, db_int(cover->id), db_text(json_text(ctx->arena, &taker)),
                db_int(cycle->now_ms), db_text(json_text(ctx->arena, &list))) &&
         cover_tell_taken(cycle, setup, cover, taker_id, err);
}

bool cover_take(Cycle *cycle, ResourceCtx *ctx, i64 id, i64 taker_id, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Cover cover;
  if (!cover_load(ctx, id, &cover, err)) return false;
  const SetupSchedule *schedule = setup_schedule(setup, cover.schedule_id);
  if (!taker_id)
    return fail_at(err, ERR_INVALID, "/user_id",
                   "say who takes it: this API key belongs to nobody who could be on call");
  if (cover.taken_by_id == taker_id && str_equal_c(cover.status, "taken")) return true;
  if (!must_be_open(&cover, err)) return false;
  if (!cover_acts_for(ctx, schedule, taker_id))
    return fail_at(err, ERR_FORBIDDEN, "/user_id",
                   "you can take it yourself; for others somebody who leads the schedule's team can, or an admin");
  if (taker_id == cover.user_id)
    return fail_at(err, ERR_CONFLICT, "/user_id", "%.*s asked for it; to keep the shift, cancel the request",
                   STR_ARG(cover_person(ctx->arena, setup, taker_id)));
  if (cover.asked_id && cover.asked_id != taker_id)
    return fail_at(err, ERR_CONFLICT, "/user_id", "%.*s was asked, and nobody else",
                   STR_ARG(cover_person(ctx->arena, setup, cover.asked_id)));
  if (cover.ends_ms <= cycle->now_ms) return fail(err, ERR_CONFLICT, "its time is over");
  return take(cycle, ctx, setup, &cover, taker_id, err);
}

/* Ending ---------------------------------------------------------------------------------------------------------- */

bool cover_cancel(Cycle *cycle, ResourceCtx *ctx, i64 id, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Cover cover;
  if (!cover_load(ctx, id, &cover, err)) return false;
  const SetupSchedule *schedule = setup_schedule(setup, cover.schedule_id);
  if (str_equal_c(cover.status, "cancelled")) return true;
  if (str_equal_c(cover.status, "taken"))
    return fail(err, ERR_CONFLICT, "it was taken already; undo takes the override back");
  if (!must_be_open(&cover, err)) return false;
  if (!cover_acts_for(ctx, schedule, cover.user_id) &&
      !(cover.asked_id && cover_acts_for(ctx, schedule, cover.asked_id)))
    return fail(err, ERR_FORBIDDEN, "who asked can cancel it, who was asked can decline it, and who leads the team");
  return job_cancel(cycle, "cover.expire", id, err) && moved(cycle, ctx, &cover, "cancelled", err);
}

/* What has been stays: an override that has begun ends now. */
static bool take_back(Cycle *cycle, ResourceCtx *ctx, const Value *override_id, bool *out_any, Error *err) {
  i64 id = resource_ref_id(ctx->registry, override_id);
  Value row = value_null(), made = value_null();
  bool found = false;
  if (!resource_load(ctx, &SCHEDULE_OVERRIDE, id, &row, &found, err)) return false;
  if (!found || cover_time(&row, "ends_at") <= cycle->now_ms) return true;
  *out_any = true;
  if (cover_time(&row, "starts_at") >= cycle->now_ms) return resource_delete(ctx, &SCHEDULE_OVERRIDE, id, 0, err);
  MapBuilder patch = map_builder(ctx->arena);
  map_put_c(&patch, "ends_at", value_string(time_text_ms(ctx->arena, cycle->now_ms)));
  Value body = map_done(&patch);
  return resource_update(ctx, &SCHEDULE_OVERRIDE, id, &body, 0, &made, err);
}

bool cover_undo(Cycle *cycle, ResourceCtx *ctx, i64 id, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Cover cover;
  bool any = false;
  if (!cover_load(ctx, id, &cover, err)) return false;
  const SetupSchedule *schedule = setup_schedule(setup, cover.schedule_id);
  if (!str_equal_c(cover.status, "taken"))
    return fail(err, ERR_CONFLICT, "nobody has taken it: it is %.*s", STR_ARG(cover.status));
  if (!cover_acts_for(ctx, schedule, cover.user_id) && !cover_acts_for(ctx, schedule, cover.taken_by_id))
    return fail(err, ERR_FORBIDDEN, "who asked and who took it can undo it, and who leads the schedule's team");
  if (cover.ends_ms <= cycle->now_ms) return fail(err, ERR_CONFLICT, "its time is over: what has been stays as it was");
  if (!cover_undo_leaves_none(ctx, setup, &cover, err)) return false;
  for (size_t i = 0; value_is(cover.override_ids, VALUE_LIST) && i < cover.override_ids->size; i++)
    if (!take_back(cycle, ctx, value_at(cover.override_ids, i), &any, err)) return false;
  return moved(cycle, ctx, &cover, "open", err) && expires(cycle, ctx->org_id, id, cover.ends_ms, err) &&
         (!any || cover_tell_undone(cycle, setup, &cover, err));
}

static bool expire(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt EXPIRED = {"cover_expired",
                                 "UPDATE cover_request SET status = 'expired', updated_at = $2, version = version + 1 "
                                 "WHERE id = $1 AND status = 'open'",
                                 NULL};
  (void)out_work;
  *out_verdict = JOB_DONE;
  cycle_publish(cycle, job->org_id, "cover_request", job->subject_id, 0);
  return db_run(cycle->db, &EXPIRED, err, db_int(job->subject_id), db_int(cycle->now_ms));
}

const JobKind COVER_JOBS[] = {
    {.name = "cover.expire", .lease_ms = 30000, .claim = expire},
    {.name = NULL},
};

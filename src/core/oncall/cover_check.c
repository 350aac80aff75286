/* Is a cover request one that makes sense, and whose is it? */
#include "core/oncall/cover_internal.h"

enum { LOOK_AHEAD_DAYS = 90 };

i64 cover_time(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

i64 cover_ref(ResourceCtx *ctx, const Value *row, const char *name) {
  const Value *ref = value_get_c(row, name);
  return value_is(ref, VALUE_STRING) ? resource_ref_id(ctx->registry, ref) : 0;
}

Str cover_person(Arena *arena, const Setup *setup, i64 user_id) {
  const SetupUser *user = setup_user(setup, user_id);
  return user ? user->name : id_text(arena, "usr", user_id);
}

static bool holds(const Shift *shift, i64 user_id) {
  for (size_t i = 0; i < shift->user_count; i++)
    if (shift->user_ids[i] == user_id) return true;
  return false;
}

bool cover_shifts(ResourceCtx *ctx, const SetupSchedule *schedule, i64 user_id, i64 from_ms, i64 to_ms, ShiftList *out,
                  Error *err) {
  Rendered rendered = {0};
  VEC(Shift) theirs = {0};
  i64 from = MAX(from_ms, ctx->now_ms);
  *out = (ShiftList){0};
  if (to_ms <= from) return true;
  if (!oncall_range(ctx->db, ctx->arena, ctx->app, schedule, from, to_ms, &rendered, err)) return false;
  for (size_t i = 0; i < rendered.final.count; i++) {
    const Shift *shift = &rendered.final.items[i];
    Shift *last = theirs.count ? &theirs.items[theirs.count - 1] : NULL;
    if (!holds(shift, user_id)) continue;
    if (last && last->ends_ms == shift->starts_ms)
      last->ends_ms = shift->ends_ms; /* others come and go beside them */
    else
      *VEC_PUSH(ctx->arena, &theirs) = *shift;
  }
  *out = (ShiftList){theirs.items, theirs.count};
  return true;
}

static bool leads(const ResourceCtx *ctx, i64 team_id) {
  for (size_t i = 0; team_id && ctx->sight && i < ctx->sight->led_count; i++)
    if (ctx->sight->led_team_ids[i] == team_id) return true;
  return false;
}

bool cover_acts_for(const ResourceCtx *ctx, const SetupSchedule *schedule, i64 user_id) {
  i64 caller = 0;
  if (ctx->administrator || !ctx->sight) return true;
  return (id_parse("usr", ctx->actor.id, &caller) && caller == user_id) || leads(ctx, schedule ? schedule->team_id : 0);
}

/* Checks ---------------------------------------------------------------------------------------------------------- */

static bool must_be_on_call(ResourceCtx *ctx, const Setup *setup, const SetupSchedule *schedule, i64 user_id,
                            i64 from_ms, i64 to_ms, const char *pointer, Error *err) {
  ShiftList shifts = {0}, later = {0};
  i64 ahead = ctx->now_ms + LOOK_AHEAD_DAYS * DAY_MS;
  Str name = cover_person(ctx->arena, setup, user_id);
  if (!cover_shifts(ctx, schedule, user_id, from_ms, to_ms, &shifts, err)) return false;
  if (shifts.count) return true;
  if (!cover_shifts(ctx, schedule, user_id, ctx->now_ms, ahead, &later, err)) return false;
  if (later.count)
    field_error(ctx, pointer, "choice",
                "%.*s is not on call from %.*s in that time, so that there is nothing to cover; their next shift there "
                "is from %.*s to %.*s",
                STR_ARG(name), STR_ARG(schedule->name), STR_ARG(time_text_ms(ctx->arena, later.items[0].starts_ms)),
                STR_ARG(time_text_ms(ctx->arena, later.items[0].ends_ms)));
  else
    field_error(ctx, pointer, "choice",
                "%.*s is not on call from %.*s in that time, nor in the next %d days: there is nothing to cover",
                STR_ARG(name), STR_ARG(schedule->name), LOOK_AHEAD_DAYS);
  return true;
}

static bool check_span(ResourceCtx *ctx, const Value *of, const char *pointer, const char *what) {
  i64 from = cover_time(of, "starts_at"), to = cover_time(of, "ends_at");
  if (to <= from)
    field_error(ctx, pointer, "range", "%s must end after it begins", what);
  else if (to <= ctx->now_ms)
    field_error(ctx, pointer, "range", "%s lies in the past", what);
  else if (to - MAX(from, ctx->now_ms) > 400 * DAY_MS)
    field_error(ctx, pointer, "range", "%s spans more than 400 days", what);
  else
    return true;
  return false;
}

static bool check_swap(ResourceCtx *ctx, const Setup *setup, const SetupSchedule *schedule, const Value *fresh,
                       i64 asked_id, Error *err) {
  const Value *back = value_get_c(fresh, "in_return");
  if (!value_is(back, VALUE_MAP)) return true;
  if (!asked_id) {
    field_error(ctx, "/asked_user_id", "required", "a swap is with somebody: say with whom in asked_user_id");
    return true;
  }
  return !check_span(ctx, back, "/in_return/ends_at", "the time in return") ||
         must_be_on_call(ctx, setup, schedule, asked_id, cover_time(back, "starts_at"), cover_time(back, "ends_at"),
                         "/in_return", err);
}

static bool check_twice(ResourceCtx *ctx, const Value *fresh, i64 schedule_id, i64 user_id, Error *err) {
  static const DbStmt TWICE = {"cover_twice",
                               "SELECT id FROM cover_request WHERE schedule_id = $1 AND user_id = $2 AND status = "
                               "'open' AND starts_at < $4 AND ends_at > $3 ORDER BY id LIMIT 1",
                               NULL};
  i64 other = 0;
  bool found = false;
  if (!db_query_int(ctx->db, &TWICE,
                    DB_ARGS(db_int(schedule_id), db_int(user_id), db_int(cover_time(fresh, "starts_at")),
                            db_int(cover_time(fresh, "ends_at"))),
                    &other, &found, err))
    return false;
  return !found || fail(err, ERR_CONFLICT,
                        "the cover request %.*s is open for some of that time already; cancel it first, or ask for "
                        "another time",
                        STR_ARG(id_text(ctx->arena, "cvr", other)));
}

static bool check_people(ResourceCtx *ctx, const Setup *setup, const SetupSchedule *schedule, i64 user_id,
                         i64 asked_id) {
  const SetupUser *asked = setup_user(setup, asked_id);
  if (asked_id && asked_id == user_id)
    field_error(ctx, "/asked_user_id", "choice", "ask somebody else: they cannot cover themselves");
  if (asked && str_equal_c(asked->status, "deactivated"))
    field_error(ctx, "/asked_user_id", "choice", "%.*s is deactivated", STR_ARG(asked->name));
  if (!cover_acts_for(ctx, schedule, user_id))
    field_error(ctx, "/user_id", "choice",
                "you can ask for your own shifts; for %.*s somebody who leads the schedule's team can, or an admin",
                STR_ARG(cover_person(ctx->arena, setup, user_id)));
  return ctx->errors.count == 0;
}

static bool check_with(ResourceCtx *ctx, const Setup *setup, const Value *fresh, Error *err) {
  i64 user_id = cover_ref(ctx, fresh, "user_id"), asked_id = cover_ref(ctx, fresh, "asked_user_id");
  const SetupSchedule *schedule = setup_schedule(setup, cover_ref(ctx, fresh, "schedule_id"));
  if (!schedule) return fail(err, ERR_CONFLICT, "the schedule was made in this very moment; try again");
  if (!check_span(ctx, fresh, "/ends_at", "the request") || !check_people(ctx, setup, schedule, user_id, asked_id))
    return true;
  return check_twice(ctx, fresh, schedule->id, user_id, err) &&
         must_be_on_call(ctx, setup, schedule, user_id, cover_time(fresh, "starts_at"), cover_time(fresh, "ends_at"),
                         "/starts_at", err) &&
         check_swap(ctx, setup, schedule, fresh, asked_id, err);
}

bool cover_check(ResourceCtx *ctx, const Value *fresh, Error *err) {
  App *app = ctx->app;
  if (!app || !app->setup) return true; /* tables alone */
  const Setup *setup = setup_take(app->setup);
  bool ok = check_with(ctx, setup, fresh, err);
  setup_give(setup);
  return ok;
}

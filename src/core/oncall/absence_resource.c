/* Absences: somebody is away. Everybody writes their own; who leads schedules sees them. */
#include "core/resources.h"

static const Field ABSENCE_FIELDS[] = {
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "absence_user",
     .doc = "Who is away."},
    {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on.", .example = "2026-08-03T00:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .doc = "Until then, exclusive; at most 400 days later.",
     .example = "2026-08-17T00:00:00Z"},
    {.name = "reason", .kind = F_TEXT, .def = "", .max = 200, .doc = "Shown with it.", .example = "Holidays"},
};

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

/* Schedules that skip who is absent. */
static bool will_change(ResourceCtx *ctx, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return !hooks->shifts_will_change || hooks->shifts_will_change(ctx, 0, err);
}

static bool absence_will_go(ResourceCtx *ctx, const Value *old, Error *err) {
  (void)old;
  return will_change(ctx, err);
}

static bool absence_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  i64 length = time_of(fresh, "ends_at") - time_of(fresh, "starts_at");
  (void)old;
  if (length <= 0) field_error(ctx, "/ends_at", "range", "ends_at must be after starts_at");
  if (length > 400 * DAY_MS)
    field_error(ctx, "/ends_at", "range", "an absence lasts at most 400 days; for longer, take them off the schedules");
  return will_change(ctx, err);
}

static bool absence_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  const Value *row = fresh ? fresh : old;
  if (hooks->absence_written && !hooks->absence_written(ctx, row, old != NULL, fresh == NULL, err)) return false;
  return !hooks->shifts_changed || hooks->shifts_changed(ctx, 0, err);
}

static bool absence_deleted(ResourceCtx *ctx, const Value *old, Error *err) {
  return absence_written(ctx, old, NULL, err);
}

static const char *const ABSENCE_KEY[] = {"user_id", "starts_at", NULL};

const Resource ABSENCE = {
    .name = "absence",
    .plural = "absences",
    .prefix = "abs",
    .table = "absence",
    .doc = "Somebody is away for a while.",
    FIELDS(ABSENCE_FIELDS),
    .configured = true,
    .key = ABSENCE_KEY,
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
    .before_write = absence_before_write,
    .after_write = absence_written,
    .before_delete = absence_will_go,
    .after_delete = absence_deleted,
};

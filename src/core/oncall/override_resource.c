/* What changes a schedule for a while: overrides, and blocks of fixed shifts. Before each write what was is written
 * down (record.h). */
#include "core/resources.h"

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

static i64 schedule_of(ResourceCtx *ctx, const Value *row) {
  return resource_ref_id(ctx->registry, value_get_c(row, "schedule_id"));
}

static bool will_change(ResourceCtx *ctx, const Value *row, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return !hooks->shifts_will_change || hooks->shifts_will_change(ctx, schedule_of(ctx, row), err);
}

static bool will_go(ResourceCtx *ctx, const Value *old, Error *err) {
  return will_change(ctx, old, err);
}

static bool changed(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return !hooks->shifts_changed || hooks->shifts_changed(ctx, schedule_of(ctx, fresh ? fresh : old), err);
}

static bool gone(ResourceCtx *ctx, const Value *old, Error *err) {
  return changed(ctx, old, NULL, err);
}

#define OF_TEAMS                                                                                                       \
  "EXISTS (SELECT 1 FROM schedule AS s WHERE s.id = schedule_id AND (s.team_id IS NULL OR s.team_id IN ({teams})))"

/* Overrides ------------------------------------------------------------------------------------------------------- */

static const EnumValue OVERRIDE_KINDS[] = {{"cover", 0, "In place of everyone, or of replaces_user_id."},
                                           {"add", 0, "Beside those on call."},
                                           {"remove", 0, "This person is not on call."},
                                           {NULL}};

static const Field OVERRIDE_FIELDS[] = {
    {.name = "schedule_id",
     .kind = F_REF,
     .ref = "schedule",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "schedule_override_schedule",
     .doc = "Of which schedule."},
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .required = true,
     .filter = FILTER_SCAN,
     .doc = "Who covers, is added or removed."},
    {.name = "replaces_user_id",
     .kind = F_REF,
     .ref = "user",
     .doc = "cover: only in place of this person, while they are on call."},
    {.name = "kind", .kind = F_ENUM, .values = OVERRIDE_KINDS, .def = "cover", .doc = "What it does."},
    {.name = "starts_at",
     .kind = F_TIME,
     .required = true,
     .doc = "From this instant.",
     .example = "2026-03-01T08:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .doc = "Until this instant, exclusive.",
     .example = "2026-03-02T08:00:00Z"},
};

static bool override_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  bool cover = str_equal_c(value_text_or(value_get_c(fresh, "kind"), STR_NONE), "cover");
  (void)old;
  if (time_of(fresh, "ends_at") <= time_of(fresh, "starts_at"))
    field_error(ctx, "/ends_at", "range", "ends_at must be after starts_at");
  if (!cover && value_is(value_get_c(fresh, "replaces_user_id"), VALUE_STRING))
    field_error(ctx, "/replaces_user_id", "choice", "replaces_user_id goes with kind cover only");
  return will_change(ctx, fresh, err);
}

static const char *const OVERRIDE_KEY[] = {"schedule_id", "user_id", "kind", "starts_at", NULL};

const Resource SCHEDULE_OVERRIDE = {
    .name = "schedule_override",
    .plural = "overrides",
    .prefix = "ovr",
    .table = "schedule_override",
    .doc = "A change of a schedule for a while.",
    FIELDS(OVERRIDE_FIELDS),
    .configured = true,
    .key = OVERRIDE_KEY,
    .verbs = VERBS_ALL,
    .team_sql = OF_TEAMS,
    .before_write = override_before_write,
    .after_write = changed,
    .before_delete = will_go,
    .after_delete = gone,
};

/* Blocks ---------------------------------------------------------------------------------------------------------- */

enum { BLOCK_DAYS_MAX = 400, BLOCK_SHIFTS_MAX = 500 };

static const Field PERSON_ITEM = {.kind = F_REF, .ref = "user", .required = true, .doc = "Somebody on call."};
static const Field FIXED_SHIFT_FIELDS[] = {
    {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on.", .example = "2026-12-24T08:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .doc = "Until then, exclusive.",
     .example = "2026-12-27T08:00:00Z"},
    {.name = "user_ids",
     .kind = F_LIST,
     .of = &PERSON_ITEM,
     .required = true,
     .min = 1,
     .max = 50,
     .doc = "Who, together.",
     .example = "[\"ann@example.org\"]"},
};
const Field FIXED_SHIFT_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(FIXED_SHIFT_FIELDS), .doc = "Somebody, from when, until when."};

static const Field BLOCK_FIELDS[] = {
    {.name = "schedule_id",
     .kind = F_REF,
     .ref = "schedule",
     .required = true,
     .immutable = true,
     .owner = true,
     .filter = "schedule_block_schedule",
     .doc = "Of which schedule."},
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Christmas"},
    {.name = "starts_at",
     .kind = F_TIME,
     .required = true,
     .doc = "From then on its shifts stand in place of all layers.",
     .example = "2026-12-24T08:00:00Z"},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .doc = "Until then, exclusive; at most 400 days later.",
     .example = "2027-01-02T08:00:00Z"},
    {.name = "shifts",
     .kind = F_LIST,
     .of = &FIXED_SHIFT_ITEM,
     .required = true,
     .min = 1,
     .max = BLOCK_SHIFTS_MAX,
     .doc = "Within its time; where there is none, nobody is on call. Overrides still apply."},
};

void fixed_shifts_check(ResourceCtx *ctx, const Value *shifts, const char *place, FixedShiftSpan within) {
  for (size_t i = 0; value_is(shifts, VALUE_LIST) && i < shifts->size; i++) {
    i64 from = time_of(value_at(shifts, i), "starts_at"), to = time_of(value_at(shifts, i), "ends_at");
    const char *end = str_to_c(ctx->arena, str_format(ctx->arena, "%s/%zu/ends_at", place, i));
    const char *start = str_to_c(ctx->arena, str_format(ctx->arena, "%s/%zu/starts_at", place, i));
    if (to <= from)
      field_error(ctx, end, "range", "the shift must end after it starts");
    else if (within.ends_ms && (from < within.starts_ms || to > within.ends_ms))
      field_error(ctx, from < within.starts_ms ? start : end, "range",
                  "the shift must lie within its block, from %.*s to %.*s: change the shift, or make the block longer",
                  STR_ARG(time_text_ms(ctx->arena, within.starts_ms)),
                  STR_ARG(time_text_ms(ctx->arena, within.ends_ms)));
  }
}

static bool block_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  FixedShiftSpan span = {time_of(fresh, "starts_at"), time_of(fresh, "ends_at")};
  (void)old;
  if (span.ends_ms <= span.starts_ms)
    field_error(ctx, "/ends_at", "range", "ends_at must be after starts_at");
  else if (span.ends_ms - span.starts_ms > BLOCK_DAYS_MAX * DAY_MS)
    field_error(ctx, "/ends_at", "range", "a block lasts at most %d days; for longer, make a layer", BLOCK_DAYS_MAX);
  else
    fixed_shifts_check(ctx, value_get_c(fresh, "shifts"), "/shifts", span);
  return will_change(ctx, fresh, err);
}

static const char *const BLOCK_KEY[] = {"schedule_id", "name", "starts_at", NULL};

const Resource SCHEDULE_BLOCK = {
    .name = "schedule_block",
    .plural = "schedule-blocks",
    .prefix = "blk",
    .table = "schedule_block",
    .doc = "Fixed shifts that for a while stand in place of a schedule's layers.",
    FIELDS(BLOCK_FIELDS),
    .configured = true,
    .key = BLOCK_KEY,
    .verbs = VERBS_ALL,
    .team_sql = OF_TEAMS,
    .before_write = block_before_write,
    .after_write = changed,
    .before_delete = will_go,
    .after_delete = gone,
};

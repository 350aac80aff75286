/* Schedules. When the list of a layer that is already running changes, the layer gets an anchor, so that
 * whoever is on call now stays until the next turn: `at` is a local time at which a turn began, `index` the place in
 * the list that it had; turn k after it is held by (index + k) modulo the length. A new layer may bring one, so that an
 * export keeps who is on call. */
#include "core/oncall/versions.h"
#include "core/resources.h"

/* Fields ---------------------------------------------------------------------------------------------------------- */

static const EnumValue MODES[] = {{"replace", 0, "Wins over the layers before, wherever it has somebody."},
                                  {"add", 0, "Is on call beside them."},
                                  {NULL}};
static const EnumValue UNITS[] = {{"hour"}, {"day"}, {"week"}, {"month"}, {NULL}};
const EnumValue WEEKDAYS[] = {{"mon"}, {"tue"}, {"wed"}, {"thu"}, {"fri"}, {"sat"}, {"sun"}, {NULL}};

/* "09:00"; the end of a day may be written 24:00. */
void check_clock(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str text = value_text_or(value, S(""));
  i64 hour = 0, minute = 0;
  bool ok = text.len == 5 && text.ptr[2] == ':' && str_to_i64(str_slice(text, 0, 2), 0, 24, &hour) &&
            str_to_i64(str_slice(text, 3, 5), 0, 59, &minute) && (hour < 24 || minute == 0);
  if (!ok)
    field_error(ctx, pointer, "format", "%s must be a time of the day such as 18:00, not \"%.*s\"", field->name,
                STR_ARG(utf8_cut(text, 40)));
}

static const Field USER_ITEM = {.kind = F_REF, .ref = "user", .required = true, .doc = "Somebody on call."};
static const Field SET_ITEM = {
    .kind = F_LIST, .of = &USER_ITEM, .max = 50, .doc = "People on call together; empty: nobody, on purpose."};
static const Field DAY_ITEM = {
    .kind = F_ENUM, .values = WEEKDAYS, .required = true, .doc = "A day on which the window begins."};

static const Field TURN_FIELDS[] = {
    {.name = "every", .kind = F_INT, .min = 1, .max = 1000, .def = "1", .doc = "So many units are one turn."},
    {.name = "unit", .kind = F_ENUM, .values = UNITS, .def = "week", .doc = "Counted on the wall clock."},
};
static const EnumValue ON_HOLIDAYS[] = {
    {"only", 0, "It holds on holidays only."}, {"except", 0, "It does not hold on holidays."}, {NULL}};

/* What every window has: of layers, of levels, of rules. */
#define WINDOW_MEMBERS                                                                                                 \
  {.name = "days", .kind = F_LIST, .of = &DAY_ITEM, .max = 7, .doc = "On which it begins; none: every day."},          \
      {.name = "from",                                                                                                 \
       .kind = F_TEXT,                                                                                                 \
       .required = true,                                                                                               \
       .max = 5,                                                                                                       \
       .check = check_clock,                                                                                           \
       .doc = "Local time.",                                                                                           \
       .example = "18:00"},                                                                                            \
  {                                                                                                                    \
    .name = "to", .kind = F_TEXT, .required = true, .max = 5, .check = check_clock,                                    \
    .doc = "Local time; not after from: on the next day; equal: 24 hours.", .example = "09:00"                         \
  }
static const Field WINDOW_FIELDS[] = {WINDOW_MEMBERS};
static const Field LAYER_WINDOW_FIELDS[] = {
    WINDOW_MEMBERS,
    {.name = "holidays",
     .kind = F_ENUM,
     .values = ON_HOLIDAYS,
     .doc = "Only on days that its calendar names, or except on them: the day on which the window begins, by "
            "the layer's clock. Null: on every day."},
    {.name = "holiday_calendar_id", .kind = F_REF, .ref = "holiday_calendar", .doc = "Whose holidays."},
};
static const Field LAYER_WINDOW_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(LAYER_WINDOW_FIELDS), .doc = "A stretch of the week on the wall clock."};
const Field WINDOW_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(WINDOW_FIELDS), .doc = "A stretch of the week on the wall clock."};
static const Field ANCHOR_FIELDS[] = {
    {.name = "at", .kind = F_LOCAL_TIME, .required = true, .doc = "A local time at which a turn began."},
    {.name = "index", .kind = F_INT, .min = 0, .max = 199, .def = "0", .doc = "The place in members that had it."},
};

static const Field LAYER_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What people call it.", .example = "Week"},
    {.name = "time_zone", .kind = F_ZONE, .doc = "Null: the schedule's. Follow-the-sun layers set their own."},
    {.name = "mode", .kind = F_ENUM, .values = MODES, .def = "replace", .doc = "How it lies over the layers before."},
    {.name = "starts_at",
     .kind = F_LOCAL_TIME,
     .required = true,
     .doc = "The first turn begins; nobody is on call from the layer before.",
     .example = "2026-01-05T09:00:00"},
    {.name = "ends_at", .kind = F_LOCAL_TIME, .doc = "Exclusive; null: never."},
    {.name = "turn",
     .kind = F_OBJECT,
     FIELDS(TURN_FIELDS),
     .def = "{\"every\": 1, \"unit\": \"week\"}",
     .doc = "How long each set is on call."},
    {.name = "members",
     .kind = F_LIST,
     .of = &SET_ITEM,
     .max = 100,
     .doc = "The turns in order, each a set of people. Required, unless there are shifts."},
    {.name = "windows", .kind = F_LIST, .of = &LAYER_WINDOW_ITEM, .max = 50, .doc = "Limit the layer; none: always."},
    {.name = "shifts",
     .kind = F_LIST,
     .of = &FIXED_SHIFT_ITEM,
     .max = 2000,
     .doc = "Instead of turns: who, from when, until when, such as an import from another product's calendar. Then "
            "there are no members and no windows."},
    {.name = "anchor",
     .kind = F_OBJECT,
     .immutable = true,
     FIELDS(ANCHOR_FIELDS),
     .doc = "From where turns count since the list of the running layer was changed: made by the server, taken only "
            "with a new layer, from an export."},
};
const Field SCHEDULE_LAYER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(LAYER_FIELDS), .doc = "One layer."};

static const EnumValue COVERAGES[] = {{"always", 0, "Every stretch with nobody."},
                                      {"windows", 0, "Only what lies in the windows of one of its layers."},
                                      {"best_effort", 0, "None: whoever is there is there."},
                                      {NULL}};

static const Field WARNING_ITEM = {.kind = F_TEXT, .required = true, .doc = "A sentence."};

static const Field SCHEDULE_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What people call it.", .example = "Primary"},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Who owns it."},
    {.name = "time_zone",
     .kind = F_ZONE,
     .doc = "Of its local times; when not given, the organization's.",
     .example = "Europe/Berlin"},
    {.name = "layers",
     .kind = F_LIST,
     .of = &SCHEDULE_LAYER_ITEM,
     .max = 20,
     .doc = "Later ones win over earlier ones."},
    {.name = "coverage",
     .kind = F_ENUM,
     .values = COVERAGES,
     .def = "always",
     .doc = "Which stretches with nobody are gaps, of which the owners are told 14 days ahead."},
    {.name = "skip_absent",
     .kind = F_BOOL,
     .def = "false",
     .doc = "Who is absent is passed over: the rest of their turn, else the next in the list, stands in."},
    {.name = "effective_from",
     .kind = F_TIME,
     .read_only = true,
     .doc = "Since when time zone, layers and skip_absent are these; before, the versions that held then "
            "answer. Null: from the start."},
    {.name = "warnings",
     .kind = F_LIST,
     .of = &WARNING_ITEM,
     .computed = true,
     .read_only = true,
     .doc = "What is allowed and nearly always a slip, such as a layer with nobody in it."},
    MANAGED_BY_FIELD,
};

/* The anchor ------------------------------------------------------------------------------------------------------ */

static i64 floor_div(i64 a, i64 b) {
  return a / b - (a % b < 0);
}

static i64 months_of(Civil c) {
  return (i64)c.year * 12 + c.month - 1;
}

/* Where the k-th turn from `from` begins when turns are months: clamped to the last day of the month. */
static i64 month_turn(Civil from, i64 months) {
  i64 month = months_of(from) + months;
  Civil c = from;
  c.year = (i32)floor_div(month, 12);
  c.month = (i32)(month - (i64)c.year * 12) + 1;
  c.day = MIN(c.day, civil_month_days(c.year, c.month));
  return civil_to_seconds(c);
}

/* How many turns began after the one at `from`, up to this local time. */
static i64 turns_since(Civil from, i64 local_seconds, i64 every, Str unit) {
  i64 seconds = str_equal_c(unit, "hour") ? 3600 : str_equal_c(unit, "day") ? 86400 : 7 * 86400;
  if (!str_equal_c(unit, "month")) return floor_div(local_seconds - civil_to_seconds(from), every * seconds);
  i64 k = floor_div(months_of(civil_from_seconds(local_seconds)) - months_of(from), every);
  return month_turn(from, k * every) > local_seconds ? k - 1 : k;
}

/* How many of those who come after agree, when the old place became this one. */
static size_t agreement(const Value *before, size_t old_place, const Value *after, size_t place) {
  size_t count = 0, most = MIN(before->size, after->size);
  while (count < most && value_equal(value_at(before, (u32)((old_place + count) % before->size)),
                                     value_at(after, (u32)((place + count) % after->size))))
    count++;
  return count;
}

/* Where the present holder's turn is in the new list. One who has several turns stays in that with the same people
 * after it. Whose turn is gone gives it to the next one. */
static size_t place_of(const Value *before, size_t old_place, const Value *after) {
  size_t best = old_place % after->size, most = agreement(before, old_place, after, best);
  for (size_t i = 0; i < after->size; i++) {
    size_t count = agreement(before, old_place, after, i);
    if (count > most) {
      best = i;
      most = count;
    }
  }
  return best;
}

static const Zone *layer_zone(ResourceCtx *ctx, const Value *layer, const Value *schedule) {
  const Zone *zone = zone_utc();
  Str name = value_text_or(layer ? value_get_c(layer, "time_zone") : NULL,
                           value_text_or(value_get_c(schedule, "time_zone"), S("UTC")));
  Error ignored = {0};
  return zone_find(ctx->zones, name, &zone, &ignored) ? zone : zone_utc();
}

static Value make_anchor(ResourceCtx *ctx, Civil at, i64 index) {
  Buf text = buf_new(ctx->arena, 64);
  MapBuilder map = map_builder(ctx->arena);
  civil_write(at, &text);
  map_put_c(&map, "at", value_string(buf_str(&text)));
  map_put_c(&map, "index", value_int(index));
  return map_done(&map);
}

static bool same(const Value *a, const Value *b, const char *name) {
  const Value *left = value_get_c(a, name), *right = value_get_c(b, name);
  return left && right ? value_equal(left, right) : left == right;
}

/* The layer as it was has `index` at local time `at`; the present holder's place in the new list decides the new index.
 */
static Value next_anchor(ResourceCtx *ctx, const Value *old, const Value *fresh, const Value *schedule) {
  const Value *anchor = value_get_c(old, "anchor"), *before = value_get_c(old, "members"),
              *after = value_get_c(fresh, "members");
  Value keep = anchor ? *anchor : value_null();
  Civil at;
  if (!same(old, fresh, "starts_at") || !same(old, fresh, "turn") || !same(old, fresh, "time_zone"))
    return value_null();
  if (value_equal(before, after) || !before->size || !after->size) return keep;
  if (!civil_parse(value_text_or(value_get_c(anchor, "at"), value_text_or(value_get_c(old, "starts_at"), S(""))), &at))
    return keep;
  const Value *turn = value_get_c(old, "turn");
  i64 local = civil_to_seconds(zone_to_local(layer_zone(ctx, old, schedule), ctx->now_ms / 1000));
  i64 k = turns_since(at, local, value_int_or(value_get_c(turn, "every"), 1),
                      value_text_or(value_get_c(turn, "unit"), S("week")));
  if (k < 0) return keep; /* it has not begun */
  i64 count = before->size, place = (k + value_int_or(value_get_c(anchor, "index"), 0)) % count;
  i64 fresh_place = (i64)place_of(before, (size_t)place, after);
  i64 index = (fresh_place - k) % (i64)after->size;
  return make_anchor(ctx, at, index < 0 ? index + after->size : index);
}

/* The same layer before: by its name, else by its place. */
static const Value *layer_before(const Value *layers, const Value *layer, size_t i) {
  for (size_t k = 0; value_is(layers, VALUE_LIST) && k < layers->size; k++)
    if (same(value_at(layers, k), layer, "name")) return value_at(layers, k);
  return value_at(layers, i);
}

#define LAYER_ERROR(ctx, i, member, code, ...)                                                                         \
  field_error(ctx, str_to_c((ctx)->arena, str_format((ctx)->arena, "/layers/%zu/" member, i)), code, __VA_ARGS__)

static size_t count_of(const Value *row, const char *name) {
  const Value *list = value_get_c(row, name);
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

static void check_span(ResourceCtx *ctx, const Value *layer, size_t i) {
  Civil from, to;
  Str starts = value_text_or(value_get_c(layer, "starts_at"), S("")),
      ends = value_text_or(value_get_c(layer, "ends_at"), S(""));
  if (!civil_parse(ends, &to) || !civil_parse(starts, &from) || civil_to_seconds(from) < civil_to_seconds(to)) return;
  LAYER_ERROR(ctx, i, "ends_at", "range",
              "the layer ends (%.*s) before it begins (%.*s): nobody would ever be on call from it; ends_at must be "
              "after starts_at",
              STR_ARG(ends), STR_ARG(starts));
}

static void check_members(ResourceCtx *ctx, const Value *layer, size_t i) {
  size_t turns = count_of(layer, "members");
  if (count_of(layer, "shifts")) {
    if (turns) LAYER_ERROR(ctx, i, "members", "choice", "a layer has members or shifts, not both: leave one out");
    if (count_of(layer, "windows"))
      LAYER_ERROR(ctx, i, "windows", "choice", "the shifts of a layer say when they are: it has no windows");
  } else if (turns == 0) {
    LAYER_ERROR(ctx, i, "members", "required", "say whose turn it is: members, such as [[\"ann@example.org\"]]");
  }
}

static void check_windows(ResourceCtx *ctx, const Value *layer, size_t i) {
  const Value *windows = value_get_c(layer, "windows");
  for (size_t w = 0; w < count_of(layer, "windows"); w++) {
    bool when = value_is(value_get_c(value_at(windows, w), "holidays"), VALUE_STRING);
    bool whose = value_is(value_get_c(value_at(windows, w), "holiday_calendar_id"), VALUE_STRING);
    const char *place = str_to_c(ctx->arena, str_format(ctx->arena, "/layers/%zu/windows/%zu/%s", i, w,
                                                        when ? "holiday_calendar_id" : "holidays"));
    if (when != whose)
      field_error(ctx, place, "required",
                  "holidays (only, except) and holiday_calendar_id (whose holidays) go together: give both or neither");
  }
}

static void check_layer(ResourceCtx *ctx, const Value *layer, size_t i) {
  check_span(ctx, layer, i);
  check_members(ctx, layer, i);
  check_windows(ctx, layer, i);
  fixed_shifts_check(ctx, value_get_c(layer, "shifts"),
                     str_to_c(ctx->arena, str_format(ctx->arena, "/layers/%zu/shifts", i)), (FixedShiftSpan){0});
}

Value schedule_next_layers(ResourceCtx *ctx, const Value *old, const Value *layers) {
  const Value *before = old ? value_get_c(old, "layers") : NULL;
  ValueVec out = {0};
  for (size_t i = 0; value_is(layers, VALUE_LIST) && i < layers->size; i++) {
    Value layer = *value_at(layers, i);
    const Value *was = before ? layer_before(before, &layer, i) : NULL;
    if (!was || !value_equal(was, &layer)) check_layer(ctx, &layer, i);
    if (was) resource_put(ctx, &layer, "anchor", next_anchor(ctx, was, &layer, old));
    *VEC_PUSH(ctx->arena, &out) = layer;
  }
  return list_done(&out);
}

/* Read-only to people, so the registry leaves the column as it is. */
static bool holds_from_now(ResourceCtx *ctx, const Value *old, Error *err) {
  static const DbStmt EFFECTIVE = {"schedule_effective", "UPDATE schedule SET effective_from = $2 WHERE id = $1", NULL};
  return db_run(ctx->db, &EFFECTIVE, err, db_int(resource_ref_id(ctx->registry, value_get_c(old, "id"))),
                db_int(ctx->now_ms));
}

/* Whose turn it is, is as it was in that version, not as after an edit. */
static Value restored_layers(ResourceCtx *ctx, const Value *layers) {
  const Value *was = value_get_c(ctx->restored, "layers");
  ValueVec out = {0};
  for (size_t i = 0; i < layers->size; i++) {
    Value layer = *value_at(layers, i);
    const Value *anchor = value_get_c(value_at(was, i), "anchor");
    resource_put(ctx, &layer, "anchor", anchor ? *anchor : value_null());
    *VEC_PUSH(ctx->arena, &out) = layer;
  }
  return list_done(&out);
}

static i64 schedule_of(ResourceCtx *ctx, const Value *row) {
  return resource_ref_id(ctx->registry, value_get_c(row, "id"));
}

static bool schedule_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  Value layers = schedule_next_layers(ctx, old, value_get_c(fresh, "layers"));
  const CoreHooks *hooks = core_hooks(ctx);
  resource_put(ctx, fresh, "layers", ctx->restored ? restored_layers(ctx, &layers) : layers);
  if (old && schedule_plan_changed(old, fresh) && hooks->shifts_will_change &&
      !hooks->shifts_will_change(ctx, schedule_of(ctx, old), err))
    return false;
  return !old || !schedule_plan_changed(old, fresh) || holds_from_now(ctx, old, err);
}

static bool schedule_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *given = value_get_c(draft, "time_zone");
  Value organization = value_null();
  bool found = false;
  if ((old && !given) || (given && given->kind != VALUE_NULL)) return true;
  if (!resource_load(ctx, registry_find(ctx->registry, S("organization")), ctx->org_id, &organization, &found, err))
    return false;
  const Value *zone = found ? value_get_c(&organization, "time_zone") : NULL;
  resource_put(ctx, draft, "time_zone", zone ? *zone : value_c("UTC"));
  return true;
}

static bool shifts_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  return !hooks->shifts_changed || hooks->shifts_changed(ctx, schedule_of(ctx, fresh ? fresh : old), err);
}

static bool shifts_deleted(ResourceCtx *ctx, const Value *old, Error *err) {
  return shifts_written(ctx, old, NULL, err);
}

static bool schedule_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  if ((!old || schedule_plan_changed(old, fresh)) && !schedule_version_keep(ctx, old, fresh, err)) return false;
  return shifts_written(ctx, old, fresh, err);
}

static bool schedule_deleted(ResourceCtx *ctx, const Value *old, Error *err) {
  return schedule_versions_drop(ctx, schedule_of(ctx, old), err) && shifts_deleted(ctx, old, err);
}

static void schedule_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  if (ctx->zones)
    map_put_c(
        out, "warnings",
        oncall_warnings(ctx->arena, ctx->zones, value_get_c(row, "layers"), layer_zone(ctx, NULL, row), ctx->now_ms));
}

const Resource SCHEDULE = {
    .name = "schedule",
    .plural = "schedules",
    .prefix = "sch",
    .table = "schedule",
    .doc = "Who is on call when.",
    FIELDS(SCHEDULE_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .prepare = schedule_prepare,
    .before_write = schedule_before_write,
    .after_write = schedule_written,
    .after_delete = schedule_deleted,
    .render = schedule_render,
};

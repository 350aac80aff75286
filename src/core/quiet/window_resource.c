/* Maintenance windows: what they are, and what is refused. */
#include "core/quiet/window.h"
#include "core/resources.h"
#include "lang/ical.h"

static const EnumValue STATES[] = {{"scheduled", 0, "Its next occurrence is to come."},
                                   {"active", 0, "What it is about is quiet."},
                                   {"ended", 0, "None is left."},
                                   {NULL}};

static const Field SERVICE_ITEM = {.kind = F_REF, .ref = "service", .required = true, .doc = "A service."};
static const Field INTEGRATION_ITEM = {.kind = F_REF, .ref = "integration", .required = true, .doc = "An integration."};

static void check_rule(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Error why = {0};
  (void)field;
  if (!ical_rule_check(value_text(value), &why)) field_error(ctx, pointer, "format", "%s", why.message);
}

static const Field WINDOW_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Database upgrade"},
    {.name = "team_id", .kind = F_REF, .ref = "team", .filter = FILTER_SCAN, .doc = "Whose it is, and who is told."},
    {.name = "state",
     .kind = F_ENUM,
     .values = STATES,
     .read_only = true,
     .def = "scheduled",
     .filter = "maintenance_window_state",
     .doc = "Moved by the clock, and by the verb end."},
    {.name = "service_ids", .kind = F_LIST, .of = &SERVICE_ITEM, .max = 200, .doc = "Alerts of these services ..."},
    {.name = "integration_ids",
     .kind = F_LIST,
     .of = &INTEGRATION_ITEM,
     .max = 200,
     .doc = "... or of these integrations ..."},
    {.name = "matchers",
     .kind = F_LIST,
     .of = &QUIET_MATCHER_ITEM,
     .max = MATCHERS_MAX,
     .doc = "... or those for which all of these hold."},
    {.name = "starts_at", .kind = F_TIME, .required = true, .filled = true, .doc = "Of the first; not given: now."},
    {.name = "ends_at",
     .kind = F_TIME,
     .required = true,
     .filled = true,
     .doc = "Of the first, inclusive; at most 30 days later.",
     .example = "2030-01-05T18:00:00Z"},
    {.name = "for_s",
     .kind = F_INT,
     .computed = true,
     .immutable = true,
     .min = 1,
     .max = WINDOW_DAYS_MAX * 86400,
     .doc = "Only when it is made, instead of ends_at: so many seconds from its start, by the server's clock.",
     .example = "7200"},
    {.name = "rrule",
     .kind = F_TEXT,
     .max = ICAL_RULE_BYTES_MAX,
     .check = check_rule,
     .doc = "When it comes again (RFC 5545), by the clocks of its zone; null: once.",
     .example = "FREQ=WEEKLY;BYDAY=SA"},
    {.name = "time_zone",
     .kind = F_ZONE,
     .required = true,
     .filled = true,
     .doc = "Not given: the organization's.",
     .example = "Europe/Berlin"},
    {.name = "announce_before_s",
     .kind = F_INT,
     .def = "900",
     .min = 0,
     .max = 604800,
     .doc = "So long before each the team is told; 0: not."},
    {.name = "comment", .kind = F_TEXT, .def = "", .max = 2000, .doc = "Why; shown on every alert that it holds."},
    {.name = "created_by", .kind = F_ACTOR, .read_only = true, .doc = "Who made it."},
    {.name = "ended_by", .kind = F_ACTOR, .read_only = true, .doc = "Who ended an occurrence of it last."},
    {.name = "next_starts_at", .kind = F_TIME, .read_only = true, .doc = "Of the present or next; null: none is left."},
    {.name = "next_ends_at", .kind = F_TIME, .read_only = true, .doc = "Of the present or next; null: none is left."},
    {.name = "stamp", .kind = F_INT, .hidden = true, .def = "0", .doc = "Of this writing of the row."},
    MANAGED_BY_FIELD,
};

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

static bool is_absent(const Value *draft, const char *name) {
  const Value *given = value_get_c(draft, name);
  return !given || given->kind == VALUE_NULL;
}

static bool window_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  Value organization = value_null();
  bool found = false;
  if (old) return true;
  if (is_absent(draft, "starts_at"))
    resource_put(ctx, draft, "starts_at", value_string(time_text_ms(ctx->arena, ctx->now_ms)));
  if (is_absent(draft, "time_zone")) {
    if (!resource_load(ctx, &ORGANIZATION, ctx->org_id, &organization, &found, err)) return false;
    const Value *zone = found ? value_get_c(&organization, "time_zone") : NULL;
    resource_put(ctx, draft, "time_zone", zone ? *zone : value_c("UTC"));
  }
  length_to_end(ctx, draft, WINDOW_DAYS_MAX * 86400);
  resource_put(ctx, draft, "created_by", actor_value(ctx));
  return true;
}

static size_t count_of(const Value *row, const char *name) {
  const Value *list = value_get_c(row, name);
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

/* "TU": the day of the week of a local date. */
static const char *weekday_of(Civil date) {
  static const char *const DAYS[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
  return DAYS[civil_weekday(civil_days(date.year, date.month, date.day))];
}

/* The first occurrence counts although the rule would not have it: BYDAY=SA with a start on a Tuesday is a slip. */
static void check_first_day(ResourceCtx *ctx, const WindowSpan *span) {
  Str rest = span->rrule, part = STR_NONE, day = STR_NONE;
  const char *first = weekday_of(zone_to_local(span->zone, span->starts_ms / 1000));
  bool more = true;
  while (more && (more = str_cut(rest, ';', &part, &rest), !str_starts_with(part, S("BYDAY=")))) {
  }
  if (!str_starts_with(part, S("BYDAY="))) return;
  Str days = str_slice(part, 6, part.len), left = days;
  for (more = true; more;) {
    more = str_cut(left, ',', &day, &left);
    if (str_ends_with(day, str_from_c(first))) return;
  }
  field_error(ctx, "/starts_at", "choice",
              "the first occurrence, %.*s, is on a day (%s) that the rule does not name (BYDAY=%.*s); let it start on "
              "one that it does",
              STR_ARG(zone_text_ms(ctx->arena, span->zone, span->starts_ms)), first, STR_ARG(days));
}

/* An occurrence must be over before the next begins: else nothing is ever let go. */
static void check_overlap(ResourceCtx *ctx, const WindowSpan *span) {
  IcalRange range = {.from_s = span->starts_ms / 1000, .count_max = 50};
  IcalTimes times = {0};
  Error ignored = {0};
  range.to_s = range.from_s + 366 * 86400;
  if (!ical_occurrences(ctx->arena, span->rrule, zone_to_local(span->zone, span->starts_ms / 1000), span->zone, &range,
                        &times, &ignored))
    return;
  for (size_t i = 1; i < times.count; i++) {
    i64 apart = times.items[i].at_s - times.items[i - 1].at_s, length = (span->ends_ms - span->starts_ms) / 1000;
    if (apart > length) continue;
    field_error(ctx, "/ends_at", "range",
                "it lasts %lld minutes, but by its rrule the next begins %lld minutes after the one before: it would "
                "never let go. Make it shorter, or let it come less often",
                (long long)length / 60, (long long)apart / 60);
    return;
  }
}

/* When it comes first or next; refused when it never does. */
static void find_next(ResourceCtx *ctx, const Value *old, Value *fresh, i64 starts_ms, i64 ends_ms) {
  const Zone *zone = zone_utc();
  Error ignored = {0};
  Str name = value_text_or(value_get_c(fresh, "time_zone"), STR_NONE);
  i64 starts = 0, ends = 0;
  if (ends_ms <= starts_ms || (ctx->zones && !zone_find(ctx->zones, name, &zone, &ignored))) return;
  WindowSpan span = {.starts_ms = starts_ms,
                     .ends_ms = ends_ms,
                     .rrule = value_text_or(value_get_c(fresh, "rrule"), STR_NONE),
                     .zone = zone};
  if (span.rrule.len && !ical_rule_check(span.rrule, &ignored)) return; /* its field says so */
  if (!window_occurrence(ctx->arena, &span, ctx->now_ms, &starts, &ends, &ignored)) return;
  resource_put(ctx, fresh, "next_starts_at", starts ? value_string(time_text_ms(ctx->arena, starts)) : value_null());
  resource_put(ctx, fresh, "next_ends_at", starts ? value_string(time_text_ms(ctx->arena, ends)) : value_null());
  if (span.rrule.len == 0) return;
  if (starts == 0 && !old)
    field_error(ctx, "/rrule", "range",
                "it never comes again: every occurrence of this rule lies in the past; give a later UNTIL, or none");
  check_first_day(ctx, &span);
  check_overlap(ctx, &span);
}

static bool window_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  i64 starts = time_of(fresh, "starts_at"), ends = time_of(fresh, "ends_at");
  bool once = is_absent(fresh, "rrule");
  (void)err;
  if (count_of(fresh, "service_ids") + count_of(fresh, "integration_ids") + count_of(fresh, "matchers") == 0)
    field_error(ctx, "/service_ids", "required", "say what is maintained: service_ids, integration_ids or matchers");
  matchers_check(ctx, fresh, "matchers", "it would quiet");
  if (ends <= starts) field_error(ctx, "/ends_at", "range", "ends_at must be after starts_at");
  if (ends - starts > WINDOW_DAYS_MAX * DAY_MS)
    field_error(ctx, "/ends_at", "range",
                "a window is at most %d days long; make it shorter, let it recur with rrule, or suppress by a rule",
                WINDOW_DAYS_MAX);
  if (once && !old && ends > starts && ends <= ctx->now_ms)
    field_error(ctx, "/ends_at", "range", "ends_at lies in the past: nothing would be quiet");
  find_next(ctx, old, fresh, starts, ends);
  return true;
}

const Resource MAINTENANCE_WINDOW = {
    .name = "maintenance_window",
    .plural = "maintenance-windows",
    .prefix = "mnt",
    .table = "maintenance_window",
    .doc = "Work on something, during which its alerts are quiet.",
    FIELDS(WINDOW_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .team_column = "team_id",
    .team_shared = true,
    .prepare = window_prepare,
    .before_write = window_before_write,
    .after_write = quiet_after_write,
    .after_delete = quiet_after_delete,
};

/* Calendars of holidays: the field table. */
#include "core/oncall/holidays.h"
#include "core/resources.h"

enum { DAYS_SHOWN = 400, DAYS_BACK = 60 };

static const Field DAY_FIELDS[] = {
    {.name = "day", .kind = F_TEXT, .required = true, .doc = "The date.", .example = "2026-12-25"},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "What the file calls it."},
};
static const Field DAY_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(DAY_FIELDS), .doc = "One holiday."};

/* The address is shown to everybody who sees the calendar. */
static bool has_login(Str url) {
  size_t from = str_find(url, S("://"), 0) + 3, end = from;
  while (end < url.len && str_find_char(S("/?#"), url.ptr[end], 0) == SIZE_MAX) end++;
  return str_find_char(str_slice(url, from, end), '@', 0) != SIZE_MAX;
}

static void check_url(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str url = value_text(value);
  (void)field;
  if (str_starts_with(url, S("webcal://")))
    *value = value_string(str_format(ctx->arena, "https%.*s", STR_ARG(str_slice(url, 6, url.len))));
  else if (!str_starts_with(url, S("https://")) && !str_starts_with(url, S("http://"))) {
    field_error(ctx, pointer, "format", "url must begin with https://, http:// or webcal://, not \"%.*s\"",
                STR_ARG(utf8_cut(url, 60)));
    return;
  }
  if (has_login(url))
    field_error(ctx, pointer, "format",
                "url holds no name and password (the part before @): it is shown to everybody who sees the calendar; "
                "give an address that needs none, or the file's text as ics");
}

static const Field CALENDAR_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 120,
     .doc = "What people call it.",
     .example = "Holidays in Berlin"},
    {.name = "time_zone",
     .kind = F_ZONE,
     .required = true,
     .filled = true,
     .doc = "Of events with a time of the day; dates need none. Not given: the organization's.",
     .example = "Europe/Berlin"},
    {.name = "url",
     .kind = F_TEXT,
     .max = 2000,
     .check = check_url,
     .doc = "An iCalendar file, asked twice a day; instead of ics. Redirects are not followed.",
     .example = "https://example.org/holidays.ics"},
    {.name = "ics",
     .kind = F_TEXT,
     .max = HOLIDAY_FILE_CHARS_MAX,
     .doc = "The text of an iCalendar file; instead of url.",
     .example = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas "
                "Day\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"},
    {.name = "fetched_at", .kind = F_TIME, .read_only = true, .doc = "When its days were last read well."},
    {.name = "tried_at", .kind = F_TIME, .read_only = true, .doc = "When that was last tried."},
    {.name = "error", .kind = F_TEXT, .read_only = true, .doc = "Why the last try failed; null: it did not."},
    {.name = "days",
     .kind = F_LIST,
     .of = &DAY_ITEM,
     .computed = true,
     .read_only = true,
     .doc = "Its holidays, from 60 days back on, the first 400; not in lists."},
    MANAGED_BY_FIELD,
};

static bool is_text(const Value *row, const char *name) {
  const Value *v = value_get_c(row, name);
  return value_is(v, VALUE_STRING) && value_text(v).len > 0;
}

static bool calendar_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *given = value_get_c(draft, "time_zone");
  Value organization = value_null();
  bool found = false;
  if ((old && !given) || (given && given->kind != VALUE_NULL)) return true;
  if (!resource_load(ctx, &ORGANIZATION, ctx->org_id, &organization, &found, err)) return false;
  const Value *zone = found ? value_get_c(&organization, "time_zone") : NULL;
  resource_put(ctx, draft, "time_zone", zone ? *zone : value_c("UTC"));
  return true;
}

static bool calendar_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  bool url = is_text(fresh, "url"), ics = is_text(fresh, "ics");
  const Zone *zone = zone_utc();
  HolidayList days;
  Error why = {0};
  (void)old;
  (void)err;
  if (!url && !ics)
    field_error(ctx, "/url", "required", "give the address of an iCalendar file (url), or its text (ics)");
  if (url && ics)
    field_error(ctx, "/ics", "choice",
                "a calendar comes from url or from ics, not both: set the other to null, and it is the one");
  if (!ics || url || !ctx->zones) return true;
  if (!zone_find(ctx->zones, value_text_or(value_get_c(fresh, "time_zone"), S("UTC")), &zone, &why)) return true;
  if (!holidays_read(ctx->arena, value_text(value_get_c(fresh, "ics")), ctx->zones, zone, ctx->now_ms, &days, &why))
    field_error(ctx, "/ics", "format", "%s", why.message);
  return true;
}

static bool same_source(const Value *old, const Value *fresh) {
  static const char *const NAMES[] = {"url", "ics", "time_zone"};
  for (size_t i = 0; old && i < COUNT(NAMES); i++) {
    const Value *a = value_get_c(old, NAMES[i]), *b = value_get_c(fresh, NAMES[i]);
    if (a && b ? !value_equal(a, b) : a != b) return false;
  }
  return old != NULL;
}

static bool calendar_written(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(fresh, "id"));
  if (!hooks->holidays_written || same_source(old, fresh)) return true;
  return hooks->holidays_written(ctx, id, is_text(fresh, "ics") ? value_get_c(fresh, "ics") : NULL, err);
}

static bool calendar_deleted(ResourceCtx *ctx, const Value *old, Error *err) {
  const CoreHooks *hooks = core_hooks(ctx);
  i64 id = resource_ref_id(ctx->registry, value_get_c(old, "id"));
  return !hooks->holidays_dropped || hooks->holidays_dropped(ctx, id, err);
}

/* Answers ---------------------------------------------------------------------------------------------------------- */

typedef struct Days {
  Arena *arena;
  ValueVec items;
} Days;

static bool read_day(const DbRow *row, void *ctx) {
  Days *days = ctx;
  MapBuilder map = map_builder(days->arena);
  map_put_c(&map, "day", value_string(holiday_text(days->arena, db_row_int(row, 0))));
  map_put_c(&map, "name", value_string(db_row_text(row, 1, days->arena)));
  *VEC_PUSH(days->arena, &days->items) = map_done(&map);
  return true;
}

static bool read_facts(const DbRow *row, void *ctx) {
  static const char *const NAMES[] = {"fetched_at", "tried_at"};
  MapBuilder *out = ctx;
  for (int i = 0; i < 2; i++)
    map_put_c(out, NAMES[i],
              db_row_is_null(row, i) ? value_null() : value_string(time_text_ms(out->arena, db_row_int(row, i))));
  map_put_c(out, "error", db_row_is_null(row, 2) ? value_null() : value_string(db_row_text(row, 2, out->arena)));
  return true;
}

/* A write reads the file after the row is written: what came of it is asked again. */
static void calendar_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  static const DbStmt DAYS = {
      "holiday_days", "SELECT day, name FROM holiday WHERE calendar_id = $1 AND day >= $2 ORDER BY day LIMIT $3", NULL};
  static const DbStmt FACTS = {"holiday_facts",
                               "SELECT fetched_at, tried_at, error FROM holiday_calendar WHERE id = $1", NULL};
  Days days = {.arena = ctx->arena};
  bool found = false;
  Error ignored = {0};
  i64 id = resource_ref_id(ctx->registry, value_get_c(row, "id"));
  if (ctx->listing ||
      !db_query(ctx->db, &DAYS, DB_ARGS(db_int(id), db_int(ctx->now_ms / DAY_MS - DAYS_BACK), db_int(DAYS_SHOWN)),
                read_day, &days, &ignored))
    return;
  map_put_c(out, "days", list_done(&days.items));
  if (!db_query_one(ctx->db, &FACTS, DB_ARGS(db_int(id)), read_facts, out, &found, &ignored)) return;
}

const Resource HOLIDAY_CALENDAR = {
    .name = "holiday_calendar",
    .plural = "holiday-calendars",
    .prefix = "hol",
    .table = "holiday_calendar",
    .doc = "Holidays, on which windows of layers hold, or do not.",
    FIELDS(CALENDAR_FIELDS),
    .configured = true,
    .has_slug = true,
    .verbs = VERBS_ALL,
    .prepare = calendar_prepare,
    .before_write = calendar_before_write,
    .after_write = calendar_written,
    .after_delete = calendar_deleted,
    .render = calendar_render,
};

/* Reports of who was on call, and whether those who will be can be told. */
#include "core/api/internal.h"
#include "core/duty/duty.h"

typedef struct Schedules {
  VEC(i64) ids;
} Schedules;

/* Those of the picture that the caller sees, of a team, or one. */
static bool find_schedules(Call *c, Db *db, Schedules *out, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  const Resource *of = registry_find(c->app->registry, S("schedule"));
  i64 team_id = api_query_ref(c, "team_id"), schedule_id = api_query_ref(c, "schedule_id");
  for (size_t i = 0; i < setup_schedule_count(c->setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(c->setup, i);
    bool seen = true;
    if (schedule->org_id != c->org_id || (team_id && schedule->team_id != team_id) ||
        (schedule_id && schedule->id != schedule_id))
      continue;
    if (!resource_seen(&ctx.rc, of, schedule->id, &seen, err)) return false;
    if (seen) *VEC_PUSH(c->arena, &out->ids) = schedule->id;
  }
  return true;
}

static bool report(Call *c, Db *db, Error *err) {
  DutyCtx d = {c->app, db, c->arena, c->setup};
  Schedules schedules = {0};
  i64 now = clock_now(&c->app->clock);
  ReportAsk ask = {.org_id = c->org_id,
                   .team_id = api_query_ref(c, "team_id"),
                   .schedule_id = api_query_ref(c, "schedule_id"),
                   .to_ms = api_query_time(c, "to", now)};
  ask.from_ms = api_query_time(c, "from", MIN(ask.to_ms, now) - 30 * DAY_MS);
  if (!find_schedules(c, db, &schedules, err)) return false;
  ask.schedule_ids = schedules.ids.items;
  ask.schedule_count = schedules.ids.count;
  return duty_report(&d, &ask, &c->answer, err);
}

/* CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe. */
static void write_cell(Buf *out, const Value *value) {
  Str text = value_text_or(value, STR_NONE);
  if (value_is(value, VALUE_INT)) {
    buf_format(out, "%lld", (long long)value->i);
  } else if (value_is(value, VALUE_DOUBLE)) {
    buf_format(out, "%.2f", value->d);
  } else if (text.len) {
    buf_putc(out, '"');
    if (str_find_char(S("=+-@\t\r"), text.ptr[0], 0) != SIZE_MAX) buf_putc(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
      if (text.ptr[i] == '"') buf_putc(out, '"');
      buf_putc(out, text.ptr[i]);
    }
    buf_putc(out, '"');
  }
}

static bool report_csv(Call *c, Db *db, Error *err) {
  Buf out = buf_new(c->arena, MIB(8));
  if (!report(c, db, err)) return false;
  const Value *people = value_get_c(&c->answer, "people");
  static const char *const COLUMNS[] = {
      "user_id",       "name",          "shifts", "hours",          "hours_business",   "hours_off",
      "hours_sleep",   "hours_weekend", "pages",  "pages_business", "pages_off",        "pages_sleep",
      "pages_weekend", "interruptions", "nights", "nights_paged",   "sleep_disruption", "covers_taken",
      "covers_given"};
  for (size_t i = 0; i < COUNT(COLUMNS); i++) buf_format(&out, "%s%s", i ? "," : "", COLUMNS[i]);
  buf_puts(&out, "\r\n");
  for (size_t p = 0; p < people->size; p++) {
    for (size_t i = 0; i < COUNT(COLUMNS); i++) {
      if (i) buf_putc(&out, ',');
      write_cell(&out, value_get_c(value_at(people, p), COLUMNS[i]));
    }
    buf_puts(&out, "\r\n");
  }
  c->raw = buf_str(&out);
  c->content_type = "text/csv; charset=utf-8";
  return true;
}

static bool readiness(Call *c, Db *db, Error *err) {
  DutyCtx d = {c->app, db, c->arena, c->setup};
  Schedules schedules = {0};
  i64 days = value_int_or(value_get_c(&c->query, "days"), GAP_DAYS);
  return find_schedules(c, db, &schedules, err) &&
         duty_readiness(&d, schedules.ids.items, schedules.ids.count, days, &c->answer, err);
}

static bool remind(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "user", 0, &id, err) && duty_remind(cycle, id, err) &&
         api_answer_with(c, cycle->db, "user", id, err);
}

static const Field REPORT_QUERY[] = {
    {.name = "from", .kind = F_TIME, .doc = "From then on, at most 400 days; 30 days before `to` when not given."},
    {.name = "to", .kind = F_TIME, .doc = "Until then; what is to come is not counted. Now when not given."},
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .doc = "Only this schedule and its people."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Only the schedules of this team and their people."}};
#define NUMBER(n, text)                                                                                                \
  { .name = n, .kind = F_INT, .required = true, .doc = text }
#define HOURS(n, text)                                                                                                 \
  { .name = n, .kind = F_JSON, .required = true, .doc = text }
static const Field PERSON_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
    {.name = "name", .kind = F_TEXT, .doc = "Their name; null: they are gone."},
    NUMBER("shifts", "Shifts that they had a part in."),
    HOURS("hours", "On call, for two schedules at once counted once."),
    HOURS("hours_business", "Monday to Friday from 09:00 to 18:00 in their own time."),
    HOURS("hours_off", "The rest: business + off + sleep = hours."),
    HOURS("hours_sleep", "From 22:00 to 08:00."),
    HOURS("hours_weekend", "Of all of these, on Saturdays and Sundays."),
    NUMBER("pages", "Pages that told them, each once, by when they were told first."),
    NUMBER("pages_business", "In business hours."),
    NUMBER("pages_off", "In off hours."),
    NUMBER("pages_sleep", "In sleep hours."),
    NUMBER("pages_weekend", "Of all of these, on Saturdays and Sundays."),
    NUMBER("interruptions", "Bursts: pages less than 10 minutes apart are one."),
    NUMBER("nights", "Nights in which they were on call."),
    NUMBER("nights_paged", "Nights with a page in sleep hours."),
    {.name = "sleep_disruption", .kind = F_JSON, .doc = "nights_paged / nights; null: no nights."},
    NUMBER("covers_taken", "Covers that they did."),
    NUMBER("covers_given", "Covers by which somebody stood in for them.")};
static const Field PERSON_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(PERSON_FIELDS), .doc = "One person."};
static const Field MEASURE_FIELDS[] = {
    {.name = "gini", .kind = F_JSON, .doc = "0: all have the same; near 1: one has all. Null: fewer than 3 people."},
    {.name = "max_to_mean",
     .kind = F_JSON,
     .doc = "Who has most, to the mean; null: fewer than 3 people, or nothing."}};
static const Field FAIR_FIELDS[] = {
    NUMBER("people", "Who had hours."),
    {.name = "hours", .kind = F_OBJECT, .required = true, FIELDS(MEASURE_FIELDS), .doc = "Of the hours."},
    {.name = "pages_sleep",
     .kind = F_OBJECT,
     .required = true,
     FIELDS(MEASURE_FIELDS),
     .doc = "Of pages in sleep hours."}};
static const Field SCHEDULE_FIELDS[] = {
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Which."},
    {.name = "schedule", .kind = F_TEXT, .required = true, .doc = "Its name."},
    NUMBER("gaps", "Stretches with nobody, by its coverage."),
    HOURS("gap_hours", "Their length together."),
    {.name = "covered",
     .kind = F_JSON,
     .doc = "1 less their share of the range, since the schedule was made; null: it was made later."}};
static const Field SCHEDULE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(SCHEDULE_FIELDS), .doc = "One schedule."};
static const Field REPORT[] = {
    {.name = "from", .kind = F_TIME, .required = true, .doc = "Of the range."},
    {.name = "to", .kind = F_TIME, .required = true, .doc = "Of the range, exclusive; not after now."},
    {.name = "people", .kind = F_LIST, .of = &PERSON_ITEM, .required = true, .doc = "Most hours first."},
    {.name = "fairness", .kind = F_OBJECT, .required = true, FIELDS(FAIR_FIELDS), .doc = "How evenly it fell."},
    {.name = "schedules", .kind = F_LIST, .of = &SCHEDULE_ITEM, .required = true, .doc = "Their gaps."}};

static const Field READY_QUERY[] = {
    {.name = "days",
     .kind = F_INT,
     .min = 1,
     .max = 60,
     .doc = "On call now or within so many days; 14 when not given."},
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .doc = "Only from this schedule."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Only from the schedules of this team."}};
static const Field WORD = {.kind = F_TEXT, .required = true, .doc = "A word."};
static const Field READY_FIELDS[] = {
    {.name = "user_id", .kind = F_REF, .ref = "user", .required = true, .doc = "Who."},
    {.name = "name", .kind = F_TEXT, .doc = "Their name."},
    NUMBER("verified_methods", "Contact methods that are verified and not broken."),
    {.name = "at_once",
     .kind = F_LIST,
     .of = &WORD,
     .required = true,
     .doc = "By what an urgent page tells them at once."},
    {.name = "last_test_at", .kind = F_TIME, .doc = "When a test or code was last taken by a provider."},
    {.name = "last_delivery_at", .kind = F_TIME, .doc = "When a message last was."},
    {.name = "ready", .kind = F_BOOL, .required = true, .doc = "Something tells them at once."},
    {.name = "problems", .kind = F_LIST, .of = &WORD, .required = true, .doc = "What is missing, in sentences."},
    {.name = "on_call", .kind = F_BOOL, .required = true, .doc = "Now."},
    {.name = "from", .kind = F_TIME, .required = true, .doc = "From when on; now when they are."},
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "From which schedule first."}};
static const Field READY_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(READY_FIELDS), .doc = "One person."};
static const Field READY[] = {
    {.name = "items", .kind = F_LIST, .of = &READY_ITEM, .required = true, .doc = "One per person."}};

const Route REPORT_ROUTES[] = {
    {HTTP_GET, "reports/on-call", "schedules:read", .read = report, QUERY(REPORT_QUERY), ANSWER(REPORT),
     .doc = "Hours and pages by person and hour of the day, fairness, gaps; as it was when it was: what is written "
            "later, also for a time "
            "that is over, changes nothing of it."},
    {HTTP_GET, "reports/on-call.csv", "schedules:read", .read = report_csv, QUERY(REPORT_QUERY),
     .answers_text = "text/csv", .doc = "The people of that report as CSV."},
    {HTTP_GET, "on-call/readiness", "schedules:read", .read = readiness, QUERY(READY_QUERY), ANSWER(READY),
     .doc = "Whether those on call now or soon would hear a page."},
    {HTTP_POST, "users/{id}/remind", "users:write", .write = remind, .answers = "user",
     .doc = "Tells them what is missing for a page to reach them; at most once an hour."},
    {.path = NULL},
};

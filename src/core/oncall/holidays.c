/* Calendars of holidays: files into days, and the job that fetches them. */
#include "core/oncall/holidays.h"

#include <stdlib.h>

#include "core/duty/duty.h"
#include "core/oncall/record.h"
#include "core/paging/paging.h"
#include "lang/ical.h"

enum {
  EVERY_MS = 12 * 3600 * 1000,
  FAILED_MS = 3600 * 1000,
  STALE_MS = 24 * 3600 * 1000,
  DAYS_BACK = 400,
  DAYS_AHEAD = 1100,
  EVENT_DAYS_MAX = 62,
  TIMEOUT_MS = 20000
};

/* Reading a file -------------------------------------------------------------------------------------------------- */

typedef VEC(Holiday) DayList;

static i64 day_of(Civil c) {
  return civil_days(c.year, c.month, c.day);
}

/* Dates stand as they are; what has a time of the day counts by the calendar's clock. */
static void add_event(Arena *arena, DayList *days, const IcalEvent *event, const Zone *zone) {
  i64 first = event->all_day ? day_of(event->start.local) : day_of(zone_to_local(zone, event->start.at_s));
  i64 last = event->all_day ? day_of(event->end.local) - 1 : day_of(zone_to_local(zone, event->end.at_s - 1));
  last = MIN(MAX(first, last), first + EVENT_DAYS_MAX);
  Str name = event->summary.len ? utf8_cut(event->summary, 200) : S("holiday");
  for (i64 day = first; day <= last && days->count < HOLIDAYS_MAX; day++) *VEC_PUSH(arena, days) = (Holiday){day, name};
}

static int by_day(const void *a, const void *b) {
  const Holiday *x = a, *y = b;
  return x->day < y->day ? -1 : x->day > y->day;
}

bool holidays_read(Arena *arena, Str ics, ZoneDb *zones, const Zone *zone, i64 now_ms, HolidayList *out, Error *err) {
  IcalRange range = {.from_s = (now_ms - DAYS_BACK * DAY_MS) / 1000, .to_s = (now_ms + DAYS_AHEAD * DAY_MS) / 1000};
  IcalEvents events = {0};
  DayList days = {0};
  if (!ical_read(arena, ics, zones, zone, &range, &events, err)) return false;
  for (size_t i = 0; i < events.count; i++)
    if (!events.items[i].cancelled) add_event(arena, &days, &events.items[i], zone);
  if (days.count == 0)
    return fail(err, ERR_INVALID,
                "the calendar file holds no event of the last year or the next three: it would name no holiday%s%.*s",
                events.warning_count ? "; " : "", STR_ARG(events.warning_count ? events.warnings[0] : STR_NONE));
  qsort(days.items, days.count, sizeof(Holiday), by_day);
  *out = (HolidayList){.items = days.items};
  for (size_t i = 0; i < days.count; i++)
    if (i == 0 || days.items[i].day != days.items[out->count - 1].day) out->items[out->count++] = days.items[i];
  return true;
}

Str holiday_text(Arena *arena, i64 day) {
  Civil c = civil_from_seconds(day * 86400);
  return str_format(arena, "%04d-%02d-%02d", (int)c.year, (int)c.month, (int)c.day);
}

/* Storing --------------------------------------------------------------------------------------------------------- */

static const DbStmt STORED = {"holiday_stored", "SELECT day, name FROM holiday WHERE calendar_id = $1 ORDER BY day",
                              NULL};
static const DbStmt CLEAR = {"holiday_clear", "DELETE FROM holiday WHERE calendar_id = $1 AND day >= $2", NULL};
static const DbStmt PUT = {"holiday_put",
                           "INSERT INTO holiday (calendar_id, org_id, day, name) VALUES ($1, $2, $3, $4) ON CONFLICT "
                           "(calendar_id, day) DO NOTHING",
                           NULL};
static const DbStmt GOOD = {
    "holiday_good", "UPDATE holiday_calendar SET fetched_at = $2, tried_at = $2, error = NULL WHERE id = $1", NULL};
static const DbStmt BAD = {"holiday_bad", "UPDATE holiday_calendar SET tried_at = $2, error = $3 WHERE id = $1", NULL};

typedef struct Stored {
  Arena *arena;
  DayList days;
} Stored;

static bool read_stored(const DbRow *row, void *ctx) {
  Stored *stored = ctx;
  *VEC_PUSH(stored->arena, &stored->days) = (Holiday){db_row_int(row, 0), db_row_text(row, 1, stored->arena)};
  return true;
}

/* From this day on: the same? */
static bool same_days(const DayList *stored, const HolidayList *days, i64 from) {
  size_t a = 0, b = 0;
  while (a < stored->count && stored->items[a].day < from) a++;
  while (b < days->count && days->items[b].day < from) b++;
  if (stored->count - a != days->count - b) return false;
  for (; a < stored->count; a++, b++)
    if (stored->items[a].day != days->items[b].day || !str_equal(stored->items[a].name, days->items[b].name))
      return false;
  return true;
}

/* The schedules that name it show other shifts now: calendars' readers, notices and running pages look again. */
static bool tell(Cycle *cycle, i64 org_id, i64 calendar_id, Error *err) {
  static const DbStmt CHANGED = {"holiday_schedules",
                                 "UPDATE schedule SET shifts_at = $2 WHERE id IN (SELECT owner_id FROM ref WHERE "
                                 "owner_kind = 'schedule' AND target_kind = 'holiday_calendar' AND target_id = $1)",
                                 NULL};
  cycle_publish(cycle, org_id, "holiday_calendar", calendar_id, 0);
  return db_run(cycle->db, &CHANGED, err, db_int(calendar_id), db_int(cycle->now_ms)) &&
         page_shifts_changed(cycle, org_id, err) && duty_changed(cycle, org_id, 0, err);
}

/* The first file may name days that are over; after that what is over stays. */
static bool store(Cycle *cycle, i64 org_id, i64 calendar_id, const HolidayList *days, Error *err) {
  Stored stored = {.arena = cycle->arena};
  if (!db_query(cycle->db, &STORED, DB_ARGS(db_int(calendar_id)), read_stored, &stored, err)) return false;
  i64 from = stored.days.count ? cycle->now_ms / DAY_MS - 1 : INT32_MIN;
  if (!db_run(cycle->db, &GOOD, err, db_int(calendar_id), db_int(cycle->now_ms))) return false;
  if (same_days(&stored.days, days, from)) return true;
  if (!shift_record_keep(cycle, org_id, 0, err) || !db_run(cycle->db, &CLEAR, err, db_int(calendar_id), db_int(from)))
    return false;
  for (size_t i = 0; i < days->count; i++)
    if (days->items[i].day >= from && !db_run(cycle->db, &PUT, err, db_int(calendar_id), db_int(org_id),
                                              db_int(days->items[i].day), db_text(days->items[i].name)))
      return false;
  return tell(cycle, org_id, calendar_id, err);
}

/* Its row --------------------------------------------------------------------------------------------------------- */

typedef struct Row {
  Arena *arena;
  i64 id, org_id, fetched_ms, tried_ms, created_ms;
  Str name, url, zone;
} Row;

static bool read_row(const DbRow *row, void *ctx) {
  Row *r = ctx;
  r->id = db_row_int(row, 0);
  r->org_id = db_row_int(row, 1);
  r->name = db_row_text(row, 2, r->arena);
  r->url = db_row_text(row, 3, r->arena);
  r->zone = db_row_text(row, 4, r->arena);
  r->fetched_ms = db_row_int(row, 5);
  r->tried_ms = db_row_int(row, 6);
  r->created_ms = db_row_int(row, 7);
  return true;
}

static bool load(Cycle *cycle, i64 id, Row *out, bool *out_found, Error *err) {
  static const DbStmt LOAD = {"holiday_load",
                              "SELECT id, org_id, name, url, time_zone, fetched_at, tried_at, created_at FROM "
                              "holiday_calendar WHERE id = $1",
                              NULL};
  *out = (Row){.arena = cycle->arena};
  return db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(id)), read_row, out, out_found, err);
}

/* A file that was good yesterday still holds; that nobody could read it since is told once, when a day has passed. */
static bool failed(Cycle *cycle, const Row *row, Str why, Error *err) {
  const SetupOrg *org = setup_org(setup_current(cycle_app(cycle)->setup), row->org_id);
  i64 good = row->fetched_ms ? row->fetched_ms : row->created_ms, stale_at = good + STALE_MS;
  if (!db_run(cycle->db, &BAD, err, db_int(row->id), db_int(cycle->now_ms), db_text(utf8_cut(why, 500)))) return false;
  cycle_publish(cycle, row->org_id, "holiday_calendar", row->id, 0);
  if (!org || cycle->now_ms < stale_at || row->tried_ms >= stale_at) return true;
  i64 *owners = ARENA_ARRAY(cycle->arena, i64, org->owner_count + 1);
  for (size_t i = 0; i < org->owner_count; i++) owners[i] = org->owner_ids[i];
  PageAnnouncement news = {
      .org_id = row->org_id,
      .title = str_format(cycle->arena,
                          "The holidays \"%.*s\" could not be read for a day (%.*s): schedules go on with what they "
                          "said last",
                          STR_ARG(row->name), STR_ARG(utf8_cut(why, 200))),
      .user_ids = owners,
      .user_count = org->owner_count};
  return org->owner_count == 0 || page_announce(cycle, &news, err);
}

static bool take_file(Cycle *cycle, const Row *row, Str ics, bool *out_good, Error *err) {
  const Zone *zone = zone_utc();
  HolidayList days;
  Error why = {0};
  if (!zone_find(cycle_app(cycle)->zones, row->zone, &zone, &why)) zone = zone_utc();
  *out_good = holidays_read(cycle->arena, ics, cycle_app(cycle)->zones, zone, cycle->now_ms, &days, &why);
  if (!*out_good) return failed(cycle, row, str_from_c(why.message), err);
  return store(cycle, row->org_id, row->id, &days, err);
}

static bool fetch_soon(Cycle *cycle, i64 org_id, i64 id, Error *err) {
  JobNew job = {.kind = "holidays.fetch", .org_id = org_id, .subject_id = id, .due_ms = cycle->now_ms};
  return job_cancel(cycle, "holidays.fetch", id, err) && job_add(cycle, &job, err);
}

bool holidays_changed(Cycle *cycle, i64 org_id, i64 calendar_id, const Value *ics, Error *err) {
  Row row;
  bool found = false, good = false;
  if (!ics) return fetch_soon(cycle, org_id, calendar_id, err);
  return job_cancel(cycle, "holidays.fetch", calendar_id, err) && load(cycle, calendar_id, &row, &found, err) &&
         (!found || take_file(cycle, &row, value_text(ics), &good, err));
}

/* What is to come is nobody's any more: a calendar that a schedule names is not deleted. */
bool holidays_dropped(Cycle *cycle, i64 calendar_id, Error *err) {
  return job_cancel(cycle, "holidays.fetch", calendar_id, err) &&
         db_run(cycle->db, &CLEAR, err, db_int(calendar_id), db_int(cycle->now_ms / DAY_MS));
}

/* The job --------------------------------------------------------------------------------------------------------- */

typedef struct Fetch {
  App *app;
  i64 job_id, token;
  Arena *arena;
  Str url;
} Fetch;

typedef struct Fetched {
  Arena *arena;
  Str body, error; /* error empty: the body is whole */
} Fetched;

static bool claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Row row;
  bool found = false;
  *out_verdict = JOB_DONE;
  if (!load(cycle, job->subject_id, &row, &found, err)) return false;
  if (!found || row.url.len == 0) return true;
  Arena *arena = arena_new();
  Fetch *fetch = ARENA_NEW(arena, Fetch);
  *fetch = (Fetch){.app = cycle_app(cycle), .arena = arena, .url = str_copy(arena, row.url)};
  *out_work = fetch;
  *out_verdict = JOB_OUTSIDE;
  return true;
}

static Str trouble(Arena *arena, const OutboundResult *result) {
  if (result->outcome != OUTBOUND_ANSWERED) return str_copy(arena, str_from_c(result->error));
  if (result->status >= 300 && result->status < 400)
    return str_format(arena, "its address answered %ld: redirects are not followed, give the address that it leads to",
                      result->status);
  if (result->status != 200) return str_format(arena, "its address answered %ld", result->status);
  if (result->body.len > ICAL_FILE_BYTES_MAX) return S("the file is longer than 1 MiB");
  return STR_NONE;
}

static void answered(void *ctx, const OutboundResult *result) {
  Fetch *fetch = ctx;
  Arena *arena = arena_new();
  Fetched *fetched = ARENA_NEW(arena, Fetched);
  *fetched = (Fetched){.arena = arena, .error = trouble(arena, result)};
  if (fetched->error.len == 0) fetched->body = str_copy(arena, result->body);
  engine_job_result(fetch->app->engine, &HOLIDAY_JOBS[0], fetch->job_id, fetch->token, fetched);
  arena_free(fetch->arena);
}

static void outside(Engine *engine, const Job *job, void *work) {
  static const Str HEADERS[] = {STR("Accept: text/calendar")};
  Fetch *fetch = work;
  (void)engine;
  fetch->job_id = job->id;
  fetch->token = job->token;
  HttpCall call = {.method = S("GET"),
                   .url = fetch->url,
                   .headers = HEADERS,
                   .header_count = COUNT(HEADERS),
                   .timeout_ms = TIMEOUT_MS,
                   .body_bytes_max = ICAL_FILE_BYTES_MAX + 1,
                   .done = answered,
                   .ctx = fetch};
  http_client_call(fetch->app->outbound, &call);
}

static bool finish(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err) {
  const Fetched *fetched = result;
  Row row;
  bool found = false, good = false;
  *out_verdict = JOB_DONE;
  if (!load(cycle, job->subject_id, &row, &found, err)) return false;
  if (!found || row.url.len == 0) return true;
  bool ok =
      fetched->error.len ? failed(cycle, &row, fetched->error, err) : take_file(cycle, &row, fetched->body, &good, err);
  *out_verdict = JOB_AGAIN;
  job->due_ms = cycle->now_ms + (good ? EVERY_MS : FAILED_MS);
  return ok;
}

static void free_result(void *result) {
  arena_free(((Fetched *)result)->arena);
}

const JobKind HOLIDAY_JOBS[] = {
    {.name = "holidays.fetch",
     .lease_ms = 90000,
     .claim = claim,
     .outside = outside,
     .finish = finish,
     .free_result = free_result},
    {.name = NULL},
};

/* /calendar/{secret}.ics: the final result as iCalendar, for whoever holds the secret: names, no addresses of people.
 * The months are whole ones, and nothing in the file depends on the time of the request, so that the same shifts are
 * the same bytes and most requests are answered with 304. */
#include "core/duty/duty.h"
#include "core/identity/sight.h"
#include "core/server/server.h"
#include "lang/ical.h"

enum { MONTHS_BACK = 1, MONTHS = 8, REFRESH_S = 900, SECRET_MAX = 100 };

typedef struct Feed {
  App *app;
  HttpRequest *request;
  Arena *arena;
  const Setup *setup;
  Db *db;
  Str secret;
  i64 org_id, user_id, schedule_id, alarm_minutes;
  VEC(IcalEvent) events;
} Feed;

static bool read_feed(const DbRow *row, void *ctx) {
  Feed *feed = ctx;
  feed->org_id = db_row_int(row, 0);
  feed->user_id = db_row_int(row, 1);
  feed->schedule_id = db_row_int(row, 2);
  feed->alarm_minutes = db_row_is_null(row, 3) ? -1 : db_row_int(row, 3);
  return true;
}

/* Events ---------------------------------------------------------------------------------------------------------- */

static Str name_of(const Feed *feed, i64 user_id) {
  const SetupUser *user = setup_user(feed->setup, user_id);
  return user ? user->name : S("somebody who is gone");
}

/* A shift that began before the calendar does keeps its UID when the months move on. */
static void add_event(Feed *feed, const SetupSchedule *schedule, const Shift *shift, i64 user_id, size_t seat,
                      i64 from_ms, i64 changed_s) {
  Arena *arena = feed->arena;
  i64 slot_s = shift->starts_ms <= from_ms ? 0 : shift->starts_ms / 1000;
  Str named = str_format(arena, "%lld %lld %lld %zu", (long long)schedule->id,
                         (long long)(feed->schedule_id ? 0 : feed->user_id), (long long)slot_s, seat);
  Str name = name_of(feed, user_id);
  IcalEvent event = {.uid = str_format(arena, "%.*s@tocsin", 32, sha256_hex(arena, named).ptr),
                     .summary = feed->schedule_id
                                    ? str_format(arena, "%.*s (%.*s)", STR_ARG(name), STR_ARG(schedule->name))
                                    : str_format(arena, "On call: %.*s", STR_ARG(schedule->name)),
                     .description = str_format(arena, "%.*s is on call. From: %.*s", STR_ARG(name),
                                               STR_ARG(shift->source.len ? shift->source : schedule->name)),
                     .url = str_format(arena, "%s/schedules/%.*s", feed->app->public_url, STR_ARG(schedule->slug)),
                     .start = {.at_s = shift->starts_ms / 1000},
                     .end = {.at_s = shift->ends_ms / 1000},
                     .sequence = MAX(0, changed_s - 1735689600), /* seconds of 2025 and later */
                     .modified_s = changed_s,
                     .alarm_minutes = feed->alarm_minutes};
  event.has_alarm = feed->alarm_minutes >= 0;
  *VEC_PUSH(arena, &feed->events) = event;
}

static i64 month_ms(i64 now_ms, i32 months) {
  Civil c = civil_from_seconds(now_ms / 1000);
  i32 month = c.year * 12 + c.month - 1 + months;
  return civil_to_seconds((Civil){.year = month / 12, .month = month % 12 + 1, .day = 1}) * 1000;
}

static bool changed_at(Feed *feed, i64 schedule_id, i64 *out_s, Error *err) {
  static const DbStmt CHANGED = {"feed_changed", "SELECT COALESCE(shifts_at, created_at) FROM schedule WHERE id = $1",
                                 NULL};
  i64 ms = 0;
  bool found = false;
  if (!db_query_int(feed->db, &CHANGED, DB_ARGS(db_int(schedule_id)), &ms, &found, err)) return false;
  *out_s = ms / 1000;
  return true;
}

static bool add_schedule(Feed *feed, const SetupSchedule *schedule, i64 *latest_s, Error *err) {
  i64 now = clock_now(&feed->app->clock), from = month_ms(now, -MONTHS_BACK), changed_s = 0;
  Rendered rendered;
  ShiftList own = {0};
  if (!oncall_range(feed->db, feed->arena, feed->app, schedule, from, month_ms(now, MONTHS - MONTHS_BACK), &rendered,
                    err) ||
      !changed_at(feed, schedule->id, &changed_s, err))
    return false;
  if (feed->schedule_id) {
    for (size_t i = 0; i < rendered.final.count; i++)
      for (size_t k = 0; k < rendered.final.items[i].user_count; k++)
        add_event(feed, schedule, &rendered.final.items[i], rendered.final.items[i].user_ids[k], k, from, changed_s);
  } else {
    duty_shifts_of(feed->arena, &rendered.final, feed->user_id, &own);
    for (size_t i = 0; i < own.count; i++) add_event(feed, schedule, &own.items[i], feed->user_id, 0, from, changed_s);
    if (!own.count) return true;
  }
  *latest_s = MAX(*latest_s, changed_s);
  return true;
}

/* Is the schedule still one that the person sees? */
static bool sees(Feed *feed, const SetupUser *user, bool *out, Error *err) {
  ResourceCtx ctx = {.db = feed->db,
                     .arena = feed->arena,
                     .org_id = feed->org_id,
                     .registry = feed->app->registry,
                     .sight = sight_new(feed->arena, feed->app->access, user, user->grants)};
  return resource_seen(&ctx, registry_find(feed->app->registry, S("schedule")), feed->schedule_id, out, err);
}

static bool make(Feed *feed, Str *out, Error *err) {
  static const DbStmt BY_HASH = {
      "feed_by_hash", "SELECT org_id, user_id, schedule_id, alarm_minutes FROM calendar_feed WHERE hash = $1", NULL};
  bool found = false, seen = true;
  i64 latest_s = 0;
  if (!db_query_one(feed->db, &BY_HASH, DB_ARGS(db_text(sha256_hex(feed->arena, feed->secret))), read_feed, feed,
                    &found, err))
    return false;
  const SetupUser *user = found ? setup_user(feed->setup, feed->user_id) : NULL;
  const SetupSchedule *only = found ? setup_schedule(feed->setup, feed->schedule_id) : NULL;
  if (user && only && !sees(feed, user, &seen, err)) return false;
  if (!user || str_equal_c(user->status, "deactivated") || (feed->schedule_id && !only) || !seen)
    return fail(err, ERR_NOT_FOUND, "there is no such calendar; it may have been revoked");
  if (only && !add_schedule(feed, only, &latest_s, err)) return false;
  for (size_t i = 0; !only && i < setup_schedule_count(feed->setup); i++) {
    const SetupSchedule *schedule = setup_schedule_at(feed->setup, i);
    if (schedule->org_id == feed->org_id && !add_schedule(feed, schedule, &latest_s, err)) return false;
  }
  IcalFile file = {.name = only ? str_format(feed->arena, "On call: %.*s", STR_ARG(only->name))
                                : str_format(feed->arena, "On call: %.*s", STR_ARG(user->name)),
                   .refresh_s = REFRESH_S,
                   .stamp_s = latest_s};
  return ical_write(feed->arena, &file, feed->events.items, feed->events.count, out, err);
}

/* The door -------------------------------------------------------------------------------------------------------- */

static void answer(Feed *feed, Str text) {
  Str etag = str_format(feed->arena, "\"%.*s\"", 32, sha256_hex(feed->arena, text).ptr);
  HttpHeader headers[] = {{S("ETag"), etag},
                          {S("Cache-Control"), S("private, no-cache")},
                          {S("X-Robots-Tag"), S("noindex")},
                          {S("X-Content-Type-Options"), S("nosniff")},
                          {S("Content-Disposition"), S("inline; filename=\"on-call.ics\"")}};
  bool same = str_find(http_header(feed->request, "If-None-Match"), etag, 0) != SIZE_MAX;
  HttpResponse response = {.status = same ? 304 : 200,
                           .content_type = same ? NULL : "text/calendar; charset=utf-8",
                           .headers = headers,
                           .header_count = COUNT(headers),
                           .body = same ? STR_NONE : text};
  http_respond(feed->app->http, feed->request, &response);
}

static void run(void *ctx) {
  Feed *feed = ctx;
  Error err = {0};
  Str text = STR_NONE;
  feed->setup = setup_take(feed->app->setup);
  bool ok = db_pool_take(feed->app->readers, &feed->db, &err) && make(feed, &text, &err);
  if (feed->db) db_pool_give(feed->app->readers, feed->db);
  setup_give(feed->setup);
  if (ok)
    answer(feed, text);
  else
    http_respond_error(feed->app->http, feed->request, &err);
}

static void head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  verdict->body_bytes_max = 1024;
  if (request->method == HTTP_GET || request->method == HTTP_HEAD) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 405};
}

static void handle(App *app, HttpRequest *request) {
  Feed *feed = ARENA_NEW(request->arena, Feed);
  Str secret = str_slice(request->path, 10, request->path.len);
  Error err = {0};
  if (str_ends_with(secret, S(".ics"))) secret = str_slice(secret, 0, secret.len - 4);
  *feed = (Feed){.app = app, .request = request, .arena = request->arena, .secret = secret};
  if (secret.len == 0 || secret.len > SECRET_MAX)
    fail(&err, ERR_NOT_FOUND, "there is no such calendar; it may have been revoked");
  else if (!workers_do(app->workers, run, feed))
    fail(&err, ERR_UNAVAILABLE, "too many reads are waiting; try again");
  if (err.code) http_respond_error(app->http, request, &err);
}

const Door CALENDAR_DOORS[] = {
    {.prefix = "/calendar/", .head = head, .request = handle},
    {.prefix = NULL},
};

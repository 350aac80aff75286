/* The weekly test page, for whoever wants one: at their weekday and time, by the first method that an urgent page would
 * take, so that a phone that went silent is noticed on a Monday morning. It is a message like any other and kept like
 * one, but of low urgency: nobody is alarmed. What became of it stands at the method, as of a test sent by hand, and
 * readiness reads it there. Nobody who did not ask has a job. */
#include "core/duty/duty.h"
#include "core/paging/notify.h"
#include "core/resources.h"
#include "lang/json.h"

enum { LATE_MS = 3600 * 1000, WEEK = 7 };

typedef struct Wanted {
  Arena *arena;
  Value json; /* null: nothing is */
} Wanted;

static bool read_wanted(const DbRow *row, void *ctx) {
  Wanted *w = ctx;
  Error ignored = {0};
  Str text = db_row_text(row, 0, w->arena);
  if (!text.len || !json_parse(w->arena, text, NULL, &w->json, &ignored)) w->json = value_null();
  return true;
}

static bool load_wanted(Cycle *cycle, i64 user_id, Wanted *out, Error *err) {
  static const DbStmt WANTED = {"test_page_wanted",
                                "SELECT test_page FROM account WHERE id = $1 AND status <> 'deactivated'", NULL};
  bool found = false;
  *out = (Wanted){.arena = cycle->arena, .json = value_null()};
  return db_query_one(cycle->db, &WANTED, DB_ARGS(db_int(user_id)), read_wanted, out, &found, err);
}

static const Zone *zone_of(Cycle *cycle, const Setup *setup, const SetupUser *user, const Value *wanted) {
  const SetupOrg *org = setup_org(setup, user->org_id);
  const Zone *zone = user->zone ? user->zone : org ? org->zone : zone_utc();
  Str name = value_text_or(value_get_c(wanted, "time_zone"), STR_NONE);
  Error ignored = {0};
  if (name.len && !zone_find(cycle_app(cycle)->zones, name, &zone, &ignored))
    return user->zone ? user->zone : zone_utc();
  return zone;
}

static i32 day_number(Str day) {
  for (i32 i = 0; WEEKDAYS[i].text; i++)
    if (str_equal_c(day, WEEKDAYS[i].text)) return i;
  return 0;
}

/* The first one after now. */
static i64 next_ms(const Zone *zone, const Value *wanted, i64 now_ms) {
  Str at = value_text_or(value_get_c(wanted, "at"), S("10:00"));
  i64 hour = 10, minute = 0;
  if (at.len == 5 &&
      !(str_to_i64(str_slice(at, 0, 2), 0, 24, &hour) && str_to_i64(str_slice(at, 3, 5), 0, 59, &minute)))
    hour = 10, minute = 0;
  Civil local = zone_to_local(zone, now_ms / 1000);
  i32 today = civil_weekday(civil_days(local.year, local.month, local.day));
  i32 ahead = (day_number(value_text_or(value_get_c(wanted, "day"), STR_NONE)) - today + WEEK) % WEEK;
  for (;; ahead += WEEK) {
    Civil then = civil_from_seconds(civil_to_seconds((Civil){
        .year = local.year, .month = local.month, .day = local.day + ahead, .hour = (i32)hour, .minute = (i32)minute}));
    i64 due_ms = zone_to_utc(zone, then) * 1000;
    if (due_ms > now_ms) return due_ms;
  }
}

/* By what an urgent page would take first; without any that works, the one that ought to: it fails, and says why. */
static const SetupContact *first_method(Cycle *cycle, const SetupUser *user) {
  Finding f = finding_of(cycle);
  StepPlan plan = {0};
  const PlannedStep *first = NULL;
  steps_plan(&f, user, false, &plan);
  for (size_t i = 0; i < plan.items.count; i++) {
    const PlannedStep *step = &plan.items.items[i];
    bool better =
        !first || (first->error && !step->error) || (!first->error == !step->error && step->delay_s < first->delay_s);
    if (step->contact && better) first = step;
  }
  return first ? first->contact : NULL;
}

static bool send_test(Cycle *cycle, const SetupUser *user, Error *err) {
  Finding f = finding_of(cycle);
  const SetupContact *method = first_method(cycle, user);
  size_t queued = 0;
  NotifyText what = {
      .org_id = user->org_id,
      .user_id = user->id,
      .contact_id = method ? method->id : 0,
      .purpose = TEST_PAGE_PURPOSE,
      .low = true,
      .title = S("Your weekly test page"),
      .text =
          str_format(cycle->arena,
                     "This is the way by which an urgent page tells you first. There is nothing to do. Your contact "
                     "methods and rules, and when this comes: %s/me",
                     cycle_app(cycle)->public_url)};
  if (!method) return true; /* readiness says that there is none */
  if (!notify_text(cycle, &what, &queued, err)) return false;
  if (queued) return true;
  const char *why = contact_why_not(&f, user->org_id, method);
  Notification lost = {.org_id = user->org_id, .contact_id = method->id, .purpose = S(TEST_PAGE_PURPOSE)};
  return notify_tested(cycle, &lost, "failed", str_from_c(why ? why : "it could not be sent"), err);
}

/* One that is late by more than an hour (the server was down) is left out: it would come in the night. */
bool duty_test_page_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupUser *user = setup_user(setup, job->subject_id);
  Wanted wanted;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!load_wanted(cycle, job->subject_id, &wanted, err)) return false;
  if (!user || !value_is(&wanted.json, VALUE_MAP)) return true;
  bool planned = value_bool_or(value_get_c(&job->data, "planned"), false);
  if (planned && cycle->now_ms - job->due_ms < LATE_MS && !send_test(cycle, user, err)) return false;
  JobNew next = {.kind = "duty.test_page",
                 .org_id = user->org_id,
                 .subject_id = user->id,
                 .due_ms = next_ms(zone_of(cycle, setup, user, &wanted.json), &wanted.json, cycle->now_ms),
                 .data = S("{\"planned\":true}")};
  return job_add(cycle, &next, err);
}

bool duty_test_page_changed(Cycle *cycle, i64 org_id, i64 user_id, Error *err) {
  JobNew job = {.kind = "duty.test_page", .org_id = org_id, .subject_id = user_id, .due_ms = cycle->now_ms};
  return job_cancel(cycle, "duty.test_page", user_id, err) && job_add(cycle, &job, err);
}

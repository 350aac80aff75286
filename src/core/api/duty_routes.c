/* What follows from who is on call. */
#include "core/api/internal.h"
#include "core/duty/duty.h"

static bool coverage(Call *c, Db *db, Error *err) {
  CoverageAsk ask = {.org_id = c->org_id,
                     .team_id = api_query_ref(c, "team_id"),
                     .schedule_id = api_query_ref(c, "schedule_id"),
                     .from_ms = api_query_time(c, "from", clock_now(&c->app->clock))};
  ask.to_ms = api_query_time(c, "to", ask.from_ms + GAP_DAYS * DAY_MS);
  return duty_coverage(db, c->arena, c->app, c->setup, &ask, &c->answer, err) &&
         api_only_seen(c, db, "schedule_id", err);
}

/* Only pages that the caller sees. */
static bool keep_pages(Call *c, Db *db, const char *member, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Value list = *value_get_c(&c->answer, member);
  if (!api_keep_seen(c, db, "id", &list, err)) return false;
  resource_put(&ctx.rc, &c->answer, member, list);
  return true;
}

static bool handoff(Call *c, Db *db, Error *err) {
  DutyCtx d = {c->app, db, c->arena, c->setup};
  i64 id = 0;
  if (!api_resolve(c, db, "schedule", 0, &id, err)) return false;
  const SetupSchedule *schedule = setup_schedule(c->setup, id);
  if (!schedule) return fail(err, ERR_NOT_FOUND, "there is no such schedule");
  return duty_handoff(&d, schedule, api_query_time(c, "at", clock_now(&c->app->clock)), &c->answer, err) &&
         keep_pages(c, db, "pages", err) && keep_pages(c, db, "open", err);
}

static const Field HANDOFF_QUERY[] = {
    {.name = "at", .kind = F_TIME, .doc = "Of the shift that holds then; now when not given."}};
static const Field WHO_FIELDS[] = {{.name = "id", .kind = F_REF, .ref = "user", .required = true, .doc = "Id."},
                                   {.name = "name", .kind = F_TEXT, .doc = "Name."}};
static const Field WHO_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(WHO_FIELDS), .doc = "A person."};
static const Field PAGED_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "page", .required = true, .doc = "Of the page."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What it was about."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "As it is now."},
    {.name = "urgency", .kind = F_TEXT, .required = true, .doc = "high or low."},
    {.name = "alert_id", .kind = F_TEXT, .doc = "Of the alert; null: of an incident declared by hand."},
    {.name = "incident_id", .kind = F_TEXT, .doc = "Of the incident; null: none."},
    {.name = "created_at", .kind = F_TIME, .required = true, .doc = "When it began."},
    {.name = "acknowledged_at", .kind = F_TIME, .doc = "When somebody answered."},
    {.name = "acknowledged_by", .kind = F_TEXT, .doc = "Their name."},
    {.name = "ended_at", .kind = F_TIME, .doc = "When it ended."}};
static const Field PAGED_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(PAGED_FIELDS), .doc = "One page."};
static const Field HANDOFF[] = {
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Of which schedule."},
    {.name = "schedule", .kind = F_TEXT, .required = true, .doc = "Its name."},
    {.name = "from", .kind = F_TIME, .required = true, .doc = "When the shift began, at most 60 days back."},
    {.name = "to", .kind = F_TIME, .required = true, .doc = "Its end, or now."},
    {.name = "ends_at", .kind = F_TIME, .doc = "When the shift ends, at most 60 days ahead."},
    {.name = "hands_over_at", .kind = F_TIME, .doc = "When the next begin; later than ends_at: nobody in between."},
    {.name = "on_call", .kind = F_LIST, .of = &WHO_ITEM, .required = true, .doc = "Whose shift it is."},
    {.name = "next", .kind = F_LIST, .of = &WHO_ITEM, .required = true, .doc = "Who comes next; none: nobody known."},
    {.name = "pages",
     .kind = F_LIST,
     .of = &PAGED_ITEM,
     .required = true,
     .doc = "That began in the shift, by a policy that names the schedule or to these people. None that is private."},
    {.name = "open",
     .kind = F_LIST,
     .of = &PAGED_ITEM,
     .required = true,
     .doc = "Those of 30 days that have not ended."}};

static const Field COVERAGE_QUERY[] = {
    {.name = "from",
     .kind = F_TIME,
     .doc = "Gaps from then on; now when not given.",
     .example = "2026-03-01T00:00:00Z"},
    {.name = "to", .kind = F_TIME, .doc = "Until then, at most 400 days later; 14 days later when not given."},
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .doc = "Only this schedule."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Only the schedules of this team."}};
static const EnumValue STATES[] = {{"answered", 0, "Somebody is on call now and can be told."},
                                   {"nobody", 0, "Nobody is on call now."},
                                   {"unreachable", 0, "Nobody of those on call now has a contact method that works."},
                                   {NULL}};
static const Field GAP_FIELDS[] = {
    {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on."},
    {.name = "ends_at", .kind = F_TIME, .required = true, .doc = "Until then, exclusive."}};
static const Field GAP_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(GAP_FIELDS), .doc = "Nobody is on call."};
static const Field COVERED_FIELDS[] = {
    {.name = "schedule_id", .kind = F_REF, .ref = "schedule", .required = true, .doc = "Of which schedule."},
    {.name = "schedule", .kind = F_TEXT, .required = true, .doc = "Its name."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Whose it is."},
    {.name = "coverage", .kind = F_TEXT, .required = true, .doc = "Which stretches with nobody are gaps."},
    {.name = "state", .kind = F_ENUM, .values = STATES, .required = true, .doc = "Does somebody answer for it now?"},
    {.name = "until", .kind = F_TIME, .doc = "When that changes; null: not in the next 14 days."},
    {.name = "gaps", .kind = F_LIST, .of = &GAP_ITEM, .required = true, .doc = "In the range, by its coverage."},
    {.name = "gap_s", .kind = F_INT, .required = true, .doc = "Their length together, in seconds."},
    {.name = "covered", .kind = F_JSON, .required = true, .doc = "1 less the share of the range that is gaps."}};
static const Field COVERED_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(COVERED_FIELDS), .doc = "One schedule."};
static const Field COVERAGE[] = {
    {.name = "from", .kind = F_TIME, .required = true, .doc = "Of the range."},
    {.name = "to", .kind = F_TIME, .required = true, .doc = "Of the range, exclusive."},
    {.name = "items", .kind = F_LIST, .of = &COVERED_ITEM, .required = true, .doc = "One per schedule."}};

const Route DUTY_ROUTES[] = {
    {HTTP_GET, "on-call/coverage", "schedules:read", .read = coverage, QUERY(COVERAGE_QUERY), ANSWER(COVERAGE),
     .doc = "Which schedules nobody answers for now, and where the next gaps are."},
    {HTTP_GET, "schedules/{id}/handoff", "pages:read", .read = handoff, QUERY(HANDOFF_QUERY), ANSWER(HANDOFF),
     .doc = "What happened in a shift, what is open, who is next."},
    {.path = NULL},
};

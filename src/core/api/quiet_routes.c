/* Silences: their end, and what one would hide. */
#include "core/alerts/quiet_because.h"
#include "core/alerts/quiet_preview.h"
#include "core/alerts/quiet_report.h"
#include "core/api/internal.h"
#include "core/quiet/silence.h"
#include "core/quiet/window.h"
#include "core/resources.h"

static bool end(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  bool changed = false;
  return api_resolve(c, cycle->db, "silence", 0, &id, err) &&
         silence_end(cycle, c->org_id, id, &c->who, "by hand", &changed, err) &&
         api_answer_with(c, cycle->db, "silence", id, err);
}

static bool end_window(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  bool changed = false;
  return api_resolve(c, cycle->db, "maintenance_window", 0, &id, err) &&
         window_end(cycle, c->org_id, id, &c->who, &changed, err) &&
         api_answer_with(c, cycle->db, "maintenance_window", id, err);
}

static bool calendar(Call *c, Db *db, Error *err) {
  i64 from = api_query_time(c, "from", clock_now(&c->app->clock));
  WindowRange range = {from, api_query_time(c, "to", from + 28 * DAY_MS)};
  ApiCtx ctx = api_ctx(c, db, NULL);
  if (range.to_ms <= range.from_ms || range.to_ms - range.from_ms > WINDOW_CALENDAR_DAYS_MAX * DAY_MS)
    return fail_at(err, ERR_INVALID, "/to", "to must be after from, and at most %d days later",
                   WINDOW_CALENDAR_DAYS_MAX);
  if (!window_calendar(db, c->arena, c->app->zones, c->org_id, range, &c->answer, err)) return false;
  Value items = *value_get_c(&c->answer, "items");
  if (!api_keep_seen(c, db, "id", &items, err)) return false;
  return resource_put(&ctx.rc, &c->answer, "items", items), true;
}

/* What is held ---------------------------------------------------------------------------------------------------- */

static bool held(Call *c, Db *db, Error *err) {
  const SetupOrg *org = setup_org(c->setup, c->org_id);
  const Zone *zone = c->user && c->user->zone ? c->user->zone : org ? org->zone : zone_utc();
  ApiCtx ctx = api_ctx(c, db, NULL);
  QuietAsk ask = {.org_id = c->org_id,
                  .now_ms = clock_now(&c->app->clock),
                  .reason = value_text_or(value_get_c(&c->query, "reason"), STR_NONE),
                  .limit = (size_t)value_int_or(value_get_c(&c->query, "limit"), 200),
                  .zone = zone};
  if (!quiet_list(db, c->arena, c->setup, &ask, &c->answer, err)) return false;
  Value items = *value_get_c(&c->answer, "items");
  if (!api_keep_seen(c, db, "id", &items, err)) return false;
  return resource_put(&ctx.rc, &c->answer, "items", items), true;
}

static bool report(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 days = value_int_or(value_get_c(&c->query, "days"), 30);
  i64 since = clock_now(&c->app->clock) - days * DAY_MS;
  if (!quiet_report(db, c->arena, c->setup, c->org_id, since, &c->answer, err)) return false;
  Value items = *value_get_c(&c->answer, "items");
  if (!api_keep_seen(c, db, "alert_id", &items, err) || !api_keep_seen(c, db, "incident_id", &items, err)) return false;
  resource_put(&ctx.rc, &c->answer, "items", items);
  resource_put(&ctx.rc, &c->answer, "causes", quiet_report_causes(c->arena, &items));
  return resource_put(&ctx.rc, &c->answer, "since", value_string(time_text_ms(c->arena, since))), true;
}

static bool muting(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  if (!inhibition_view(db, c->arena, c->setup, c->org_id, &c->answer, err)) return false;
  Value alerts = *value_get_c(&c->answer, "alerts"), edges = *value_get_c(&c->answer, "edges");
  if (!api_keep_seen(c, db, "id", &alerts, err)) return false;
  resource_put(&ctx.rc, &c->answer, "alerts", alerts);
  return resource_put(&ctx.rc, &c->answer, "edges", inhibition_view_edges(c->arena, &alerts, &edges)), true;
}

/* Preview --------------------------------------------------------------------------------------------------------- */

/* matchers[], or the same as text; *out is the list in the API form. */
static bool read_matchers(Call *c, Value *out, const char **out_warning, Error *err) {
  Str text = api_text(c, "text"), dialect = api_text(c, "dialect");
  const Value *given = value_get_c(&c->body, "matchers");
  Matchers read = {0};
  *out = given ? *given : (Value){.kind = VALUE_LIST};
  *out_warning = NULL;
  if (!text.ptr) return true;
  MatcherDialect as = str_equal_c(dialect, "classic")  ? MATCHER_CLASSIC
                      : str_equal_c(dialect, "either") ? MATCHER_EITHER
                                                       : MATCHER_UTF8;
  Error why = {0};
  if (!matchers_parse(c->arena, text, as, &read, &why)) return fail_at(err, ERR_INVALID, "/text", "%s", why.message);
  *out = quiet_matchers_value(c->arena, read.items, read.count);
  *out_warning = read.warning;
  return true;
}

/* What would be refused of the silence is refused here, too. */
static bool compile(Call *c, const Value *matchers, QuietMatch *out, Error *err) {
  Str when = api_text(c, "when");
  if (value_is(matchers, VALUE_LIST) && matchers->size == 0 && when.len == 0)
    return fail_at(err, ERR_INVALID, "/matchers", "say what it silences: matchers, text, or when");
  if (!quiet_compile(c->app, c->arena, matchers, when, out, err)) return false;
  out->integration_id = resource_ref_id(c->app->registry, value_get_c(&c->body, "integration_id"));
  return !quiet_matches_everything(out) ||
         fail_at(err, ERR_INVALID, out->when ? "/when" : "/matchers",
                 "%s, so that it would silence everything; ask for something that only some have, such as "
                 "severity=\"warning\"",
                 out->when ? "this is true of every alert"
                           : "every one of these also holds for an alert without the label");
}

static bool only_seen(Call *c, Db *db, const char *member, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Value part = *value_get_c(&c->answer, member), items = *value_get_c(&part, "items");
  if (!api_keep_seen(c, db, "id", &items, err)) return false;
  resource_put(&ctx.rc, &part, "items", items);
  resource_put(&ctx.rc, &c->answer, member, part);
  return true;
}

static bool preview(Call *c, Db *db, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  QuietMatch match;
  Value matchers = value_null();
  const char *warning = NULL;
  if (!read_matchers(c, &matchers, &warning, err) || !compile(c, &matchers, &match, err) ||
      !quiet_preview(db, c->arena, c->setup, c->org_id, &match, clock_now(&c->app->clock), &c->answer, err) ||
      !only_seen(c, db, "now", err) || !only_seen(c, db, "last_7_days", err))
    return false;
  Buf text = buf_new(c->arena, MATCHER_TEXT_MAX * 2);
  matchers_put(&text, match.matchers, match.matcher_count);
  resource_put(&ctx.rc, &c->answer, "matchers", matchers);
  resource_put(&ctx.rc, &c->answer, "text", match.matcher_count ? value_string(buf_str(&text)) : value_null());
  resource_put(&ctx.rc, &c->answer, "warning", warning ? value_c(warning) : value_null());
  return true;
}

static const EnumValue DIALECTS[] = {{"utf8", 0, "Alertmanager's UTF-8 grammar."},
                                     {"classic", 0, "Its older grammar, as amtool before 0.27."},
                                     {"either", 0, "The first that takes it, with a warning when they differ."},
                                     {NULL}};
static const Field PREVIEW[] = {
    {.name = "matchers",
     .kind = F_LIST,
     .of = &QUIET_MATCHER_ITEM,
     .max = MATCHERS_MAX,
     .doc = "As of a silence.",
     .example = "[{\"name\": \"severity\", \"op\": \"=\", \"value\": \"warning\"}]"},
    {.name = "text",
     .kind = F_TEXT,
     .max = MATCHER_TEXT_MAX,
     .doc = "Instead: the matchers as Alertmanager writes them, {severity=\"warning\", pod=~\"db-.*\"}."},
    {.name = "dialect", .kind = F_ENUM, .values = DIALECTS, .def = "utf8", .doc = "Of the text."},
    {.name = "when", .kind = F_CEL, .cel = "condition", .doc = "Instead: an expression over the alert."},
    {.name = "integration_id", .kind = F_REF, .ref = "integration", .doc = "Only alerts of this integration."}};
static const Field ALERT_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "alert", .required = true, .doc = "Its id."},
    {.name = "number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What is wrong."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "As it is now."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "p1 is most urgent; null: nobody said."}};
static const Field ALERT_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(ALERT_FIELDS), .doc = "One alert."};
#define COUNTED                                                                                                        \
  {.name = "count", .kind = F_INT, .required = true, .doc = "How many."}, {                                            \
    .name = "items", .kind = F_LIST, .of = &ALERT_ITEM, .required = true, .doc = "The newest 50 that you may see."     \
  }
static const Field NOW_FIELDS[] = {COUNTED};
static const Field RECENT_FIELDS[] = {
    COUNTED, {.name = "paged", .kind = F_INT, .required = true, .doc = "How many of the newest 2,000 paged somebody."}};
static const Field PREVIEWED[] = {
    {.name = "now", .kind = F_OBJECT, FIELDS(NOW_FIELDS), .required = true, .doc = "Open alerts that it hides now."},
    {.name = "last_7_days",
     .kind = F_OBJECT,
     FIELDS(RECENT_FIELDS),
     .required = true,
     .doc = "Those of the last 7 days that it would have hidden."},
    {.name = "complete",
     .kind = F_BOOL,
     .required = true,
     .doc = "False: only the newest 50,000 alerts were looked at."},
    {.name = "matchers", .kind = F_LIST, .of = &QUIET_MATCHER_ITEM, .required = true, .doc = "As they were read."},
    {.name = "text", .kind = F_TEXT, .doc = "The same as Alertmanager writes them; null: by expression."},
    {.name = "warning", .kind = F_TEXT, .doc = "What is doubtful about the text; null: nothing."}};

static const EnumValue HOLD_REASONS[] = {{"silence"}, {"maintenance"}, {"inhibition"}, {"flapping"}, {"suppressed"},
                                         {"snooze"},  {"own_snooze"},  {"pause"},      {"quiet"},    {NULL}};
static const Field HELD_QUERY[] = {
    {.name = "reason", .kind = F_ENUM, .values = HOLD_REASONS, .doc = "Only what is held for this."},
    {.name = "limit", .kind = F_INT, .min = 1, .max = QUIET_LIST_MAX, .doc = "At most so many; 200 when not given."}};
static const Field HOLD_FIELDS[] = {
    {.name = "reason", .kind = F_TEXT, .required = true, .doc = "Why."},
    {.name = "id", .kind = F_TEXT, .doc = "Of the silence, window, rule or person; null: none."},
    {.name = "until", .kind = F_TIME, .doc = "Null: open end."},
    {.name = "since", .kind = F_TIME, .doc = "When it began to hold."}};
static const Field HOLD_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(HOLD_FIELDS), .doc = "One hold."};
static const Field HELD_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "alert", .required = true, .doc = "Of the alert."},
    {.name = "number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What is wrong."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "triggered or acknowledged."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "p1 is most urgent; null: nobody said."},
    {.name = "since", .kind = F_TIME, .required = true, .doc = "When the first of its holds began."},
    {.name = "holds", .kind = F_LIST, .of = &HOLD_ITEM, .required = true, .doc = "All that hold it."},
    {.name = "quiet_because", .kind = F_TEXT, .required = true, .doc = "The same in a sentence."}};
static const Field HELD_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(HELD_FIELDS), .doc = "One alert."};
static const Field REASON_FIELDS[] = {
    {.name = "reason", .kind = F_TEXT, .required = true, .doc = "Why."},
    {.name = "count", .kind = F_INT, .required = true, .doc = "How many holds."},
    {.name = "urgent", .kind = F_INT, .required = true, .doc = "How many of them hold p1, p2 or what has no priority."},
    {.name = "oldest_at", .kind = F_TIME, .required = true, .doc = "When the oldest of them began."}};
static const Field REASON_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(REASON_FIELDS), .doc = "One reason."};
static const Field HELD[] = {
    {.name = "items", .kind = F_LIST, .of = &HELD_ITEM, .required = true, .doc = "By reason, oldest first."},
    {.name = "reasons", .kind = F_LIST, .of = &REASON_ITEM, .required = true, .doc = "Of the first 10,000 alerts."},
    {.name = "total", .kind = F_INT, .required = true, .doc = "Open alerts that are held; of the first 10,000."},
    {.name = "more", .kind = F_BOOL, .required = true, .doc = "There are more than were asked for."}};

static const Field REPORT_QUERY[] = {{.name = "days",
                                      .kind = F_INT,
                                      .min = 1,
                                      .max = 400,
                                      .doc = "Incidents opened in so many days; 30 when not given."}};
#define OF_CAUSE                                                                                                       \
  {.name = "reason", .kind = F_TEXT, .required = true, .doc = "Why it was held."},                                     \
      {.name = "id", .kind = F_TEXT, .doc = "Of the silence, window or rule; null: none."}, {                          \
    .name = "name", .kind = F_TEXT, .doc = "What it is called; null: it has no name."                                  \
  }
static const Field PAST_HOLD_FIELDS[] = {
    OF_CAUSE,
    {.name = "since", .kind = F_TIME, .required = true, .doc = "When it began to hold."},
    {.name = "ended_at", .kind = F_TIME, .doc = "When it let go; null: it holds still."}};
static const Field PAST_HOLD = {.kind = F_OBJECT, .required = true, FIELDS(PAST_HOLD_FIELDS), .doc = "One hold."};
static const Field MISSED_FIELDS[] = {
    {.name = "incident_id", .kind = F_REF, .ref = "incident", .required = true, .doc = "The incident."},
    {.name = "incident_number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "incident_title", .kind = F_TEXT, .required = true, .doc = "What went wrong."},
    {.name = "severity", .kind = F_INT, .required = true, .doc = "0 is worst."},
    {.name = "incident_at", .kind = F_TIME, .required = true, .doc = "When it was opened."},
    {.name = "alert_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "The alert that was held before."},
    {.name = "alert_number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "alert_title", .kind = F_TEXT, .required = true, .doc = "What it says."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "p1 is most urgent; null: nobody said."},
    {.name = "late_s",
     .kind = F_INT,
     .required = true,
     .doc = "Seconds between the first of its holds and the incident: so much earlier somebody could have known."},
    {.name = "holds", .kind = F_LIST, .of = &PAST_HOLD, .required = true, .doc = "What had held it until then."}};
static const Field MISSED = {.kind = F_OBJECT, .required = true, FIELDS(MISSED_FIELDS), .doc = "One alert."};
static const Field CAUSE_FIELDS[] = {
    OF_CAUSE,
    {.name = "alerts", .kind = F_INT, .required = true, .doc = "How many alerts it had held."},
    {.name = "late_s_max", .kind = F_INT, .required = true, .doc = "The longest of their late_s."}};
static const Field CAUSE = {.kind = F_OBJECT, .required = true, FIELDS(CAUSE_FIELDS), .doc = "One silence, rule ..."};
static const Field REPORT[] = {
    {.name = "since", .kind = F_TIME, .required = true, .doc = "Of incidents opened since then."},
    {.name = "items", .kind = F_LIST, .of = &MISSED, .required = true, .doc = "The newest incident first."},
    {.name = "causes", .kind = F_LIST, .of = &CAUSE, .required = true, .doc = "By what held them, most first."},
    {.name = "more", .kind = F_BOOL, .required = true, .doc = "Only the newest 1,000 incidents were looked at."}};

static const Field NODE_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "alert", .required = true, .doc = "Of the alert."},
    {.name = "number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What is wrong."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "triggered or acknowledged."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "p1 is most urgent; null: nobody said."},
    {.name = "muted", .kind = F_BOOL, .required = true, .doc = "It is quiet because of another."}};
static const Field NODE = {.kind = F_OBJECT, .required = true, FIELDS(NODE_FIELDS), .doc = "One alert."};
static const Field EDGE_FIELDS[] = {
    {.name = "rule_id", .kind = F_REF, .ref = "inhibition_rule", .required = true, .doc = "By this rule ..."},
    {.name = "rule_name", .kind = F_TEXT, .required = true, .doc = "What it is called."},
    {.name = "source_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "... this alert ..."},
    {.name = "target_id", .kind = F_REF, .ref = "alert", .required = true, .doc = "... mutes this one."}};
static const Field EDGE = {.kind = F_OBJECT, .required = true, FIELDS(EDGE_FIELDS), .doc = "One mutes one."};
static const Field MUTING[] = {
    {.name = "alerts", .kind = F_LIST, .of = &NODE, .required = true, .doc = "Open alerts that a rule connects."},
    {.name = "edges", .kind = F_LIST, .of = &EDGE, .required = true, .doc = "Who mutes whom."},
    {.name = "more", .kind = F_BOOL, .required = true, .doc = "There are more than the 2,000 edges that are told."}};

static const Field CALENDAR_QUERY[] = {
    {.name = "from", .kind = F_TIME, .doc = "From then on; now when not given.", .example = "2030-01-01T00:00:00Z"},
    {.name = "to", .kind = F_TIME, .doc = "Until then, at most 400 days later; 28 days later when not given."}};
static const Field OCCURRENCE_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "maintenance_window", .required = true, .doc = "Of the window."},
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "What people call it."},
    {.name = "team_id", .kind = F_REF, .ref = "team", .doc = "Whose it is."},
    {.name = "starts_at", .kind = F_TIME, .required = true, .doc = "From then on."},
    {.name = "ends_at", .kind = F_TIME, .required = true, .doc = "Until then, inclusive."}};
static const Field OCCURRENCE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(OCCURRENCE_FIELDS), .doc = "One occurrence."};
static const Field CALENDAR[] = {
    {.name = "items", .kind = F_LIST, .of = &OCCURRENCE_ITEM, .required = true, .doc = "By their start."},
    {.name = "more", .kind = F_BOOL, .required = true, .doc = "There are more than 2,000; ask for less."}};

const Route QUIET_ROUTES[] = {
    {HTTP_GET, "maintenance-calendar", "maintenance-windows:read", .read = calendar, QUERY(CALENDAR_QUERY),
     ANSWER(CALENDAR), .doc = "When which windows are, also those that recur; without those that are over."},
    {HTTP_GET, "quiet", "alerts:read", .read = held, QUERY(HELD_QUERY), ANSWER(HELD),
     .doc = "Everything that is quiet now, by reason, oldest first."},
    {HTTP_GET, "quiet/report", "alerts:read", .read = report, QUERY(REPORT_QUERY), ANSWER(REPORT),
     .doc = "What was held and later turned out to be an incident."},
    {HTTP_GET, "quiet/inhibition", "alerts:read", .read = muting, ANSWER(MUTING),
     .doc = "Who mutes whom now, by which inhibition rule."},
    {HTTP_POST, "silences/preview", "silences:read", .read = preview, BODY(PREVIEW), ANSWER(PREVIEWED),
     .doc = "What a silence would hide now, and would have hidden in the last 7 days; changes nothing."},
    {HTTP_POST, "silences/{id}/end", "silences:write", .write = end, .answers = "silence",
     .doc = "Ends it now: what is still triggered and held by nothing else pages once."},
    {HTTP_POST, "maintenance-windows/{id}/end", "maintenance-windows:write", .write = end_window,
     .answers = "maintenance_window", .doc = "Ends the present occurrence now; one that recurs comes again."},
    {.path = NULL},
};

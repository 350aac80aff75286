/* Silences: their end, and what one would hide. */
#include "core/alerts/quiet_because.h"
#include "core/alerts/quiet_preview.h"
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

/* What is held ---------------------------------------------------------------------------------------------------- */

static bool held(Call *c, Db *db, Error *err) {
  const SetupOrg *org = setup_org(c->setup, c->org_id);
  const Zone *zone = c->user && c->user->zone ? c->user->zone : org ? org->zone : zone_utc();
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 limit = value_int_or(value_get_c(&c->query, "limit"), 200);
  if (!quiet_list(db, c->arena, c->setup, c->org_id, value_text_or(value_get_c(&c->query, "reason"), STR_NONE),
                  (size_t)limit, zone, &c->answer, err))
    return false;
  Value items = *value_get_c(&c->answer, "items");
  if (!api_keep_seen(c, db, "id", &items, err)) return false;
  return resource_put(&ctx.rc, &c->answer, "items", items), true;
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
         fail_at(err, ERR_INVALID, "/matchers",
                 "every one of these also holds for an alert without the label, so that it would silence everything; "
                 "add one that needs a label, such as severity=\"warning\"");
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
                                         {"snooze"},  {"pause"},       {"quiet"},      {NULL}};
static const Field HELD_QUERY[] = {
    {.name = "reason", .kind = F_ENUM, .values = HOLD_REASONS, .doc = "Only what is held for this."},
    {.name = "limit", .kind = F_INT, .min = 1, .max = QUIET_LIST_MAX, .doc = "At most so many; 200 when not given."}};
static const Field HOLD_FIELDS[] = {
    {.name = "reason", .kind = F_TEXT, .required = true, .doc = "Why."},
    {.name = "id", .kind = F_TEXT, .doc = "Of the silence, window or rule; null: none."},
    {.name = "until", .kind = F_TIME, .doc = "Null: open end."},
    {.name = "since", .kind = F_TIME, .doc = "When it began to hold."}};
static const Field HOLD_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(HOLD_FIELDS), .doc = "One hold."};
static const Field HELD_FIELDS[] = {
    {.name = "id", .kind = F_REF, .ref = "alert", .required = true, .doc = "Of the alert."},
    {.name = "number", .kind = F_TEXT, .required = true, .doc = "Its number."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What is wrong."},
    {.name = "status", .kind = F_TEXT, .required = true, .doc = "triggered or acknowledged."},
    {.name = "priority", .kind = F_PRIORITY, .doc = "p1 is most urgent; null: nobody said."},
    {.name = "holds", .kind = F_LIST, .of = &HOLD_ITEM, .required = true, .doc = "All that hold it."},
    {.name = "quiet_because", .kind = F_TEXT, .required = true, .doc = "The same in a sentence."}};
static const Field HELD_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(HELD_FIELDS), .doc = "One alert."};
static const Field REASON_FIELDS[] = {{.name = "reason", .kind = F_TEXT, .required = true, .doc = "Why."},
                                      {.name = "count", .kind = F_INT, .required = true, .doc = "How many holds."}};
static const Field REASON_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(REASON_FIELDS), .doc = "One reason."};
static const Field HELD[] = {
    {.name = "items", .kind = F_LIST, .of = &HELD_ITEM, .required = true, .doc = "By reason, oldest first."},
    {.name = "reasons", .kind = F_LIST, .of = &REASON_ITEM, .required = true, .doc = "Of the first 10,000 alerts."},
    {.name = "more", .kind = F_BOOL, .required = true, .doc = "There are more than were asked for."}};

const Route QUIET_ROUTES[] = {
    {HTTP_GET, "quiet", "alerts:read", .read = held, QUERY(HELD_QUERY), ANSWER(HELD),
     .doc = "Everything that is quiet now, by reason, oldest first."},
    {HTTP_POST, "silences/preview", "silences:read", .read = preview, BODY(PREVIEW), ANSWER(PREVIEWED),
     .doc = "What a silence would hide now, and would have hidden in the last 7 days; changes nothing."},
    {HTTP_POST, "silences/{id}/end", "silences:write", .write = end, .answers = "silence",
     .doc = "Ends it now: what is still triggered and held by nothing else pages once."},
    {HTTP_POST, "maintenance-windows/{id}/end", "maintenance-windows:write", .write = end_window,
     .answers = "maintenance_window", .doc = "Ends the present occurrence now; one that recurs comes again."},
    {.path = NULL},
};

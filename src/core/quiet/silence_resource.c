/* Silences: what they are, and what is refused. */
#include "core/quiet/quiet.h"
#include "core/resources.h"

const EnumValue MATCHER_OPS[] = {{"=", 0, "It is this text."},
                                 {"!=", 0, "It is not; a label that is missing is not, too."},
                                 {"=~", 0, "The whole of it matches this regular expression (RE2)."},
                                 {"!~", 0, "It does not."},
                                 {NULL}};

static const Field MATCHER_FIELDS[] = {
    {.name = "name",
     .kind = F_TEXT,
     .required = true,
     .max = 1024,
     .doc = "A label; else service, team, integration (slugs), priority, source or title.",
     .example = "severity"},
    {.name = "op", .kind = F_ENUM, .values = MATCHER_OPS, .def = "=", .doc = "How to compare."},
    {.name = "value",
     .kind = F_TEXT,
     .def = "",
     .max = 2000,
     .doc = "With what; a label that is missing is the empty text.",
     .example = "warning"},
};
const Field QUIET_MATCHER_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(MATCHER_FIELDS), .doc = "One condition."};

static const EnumValue STATES[] = {
    {"pending", 0, "It has not begun."}, {"active", 0, "It silences."}, {"ended", 0, "It is over."}, {NULL}};

static const Field SILENCE_FIELDS[] = {
    {.name = "state",
     .kind = F_ENUM,
     .values = STATES,
     .read_only = true,
     .def = "active",
     .filter = "silence_state",
     .doc = "Moved by the clock, and by the verb end."},
    {.name = "matchers",
     .kind = F_LIST,
     .of = &QUIET_MATCHER_ITEM,
     .max = MATCHERS_MAX,
     .doc = "All of them must hold.",
     .example = "[{\"name\": \"severity\", \"op\": \"=\", \"value\": \"warning\"}]"},
    {.name = "when", .kind = F_CEL, .cel = "condition", .doc = "Instead of matchers: an expression over the alert."},
    {.name = "integration_id",
     .kind = F_REF,
     .ref = "integration",
     .filter = FILTER_SCAN,
     .doc = "Only alerts of this integration; null: of all."},
    {.name = "starts_at", .kind = F_TIME, .required = true, .filled = true, .doc = "From then on; not given: now."},
    {.name = "ends_at",
     .kind = F_TIME,
     .doc = "Until then, inclusive. Null only with until_resolved or expires_when_idle.",
     .example = "2030-01-05T18:00:00Z"},
    {.name = "for_s",
     .kind = F_INT,
     .computed = true,
     .immutable = true,
     .min = 1,
     .max = 31536000,
     .doc = "Only when it is made, instead of ends_at: so many seconds from its start, by the server's clock.",
     .example = "7200"},
    {.name = "until_resolved",
     .kind = F_BOOL,
     .def = "false",
     .doc = "It ends, too, when no open alert that it held is left."},
    {.name = "expires_when_idle",
     .kind = F_BOOL,
     .def = "false",
     .doc = "It ends, too, when for an hour no open alert matches."},
    {.name = "comment", .kind = F_TEXT, .def = "", .max = 2000, .doc = "Why; shown on every alert that it holds."},
    {.name = "created_by", .kind = F_ACTOR, .read_only = true, .doc = "Who made it."},
    {.name = "ended_by", .kind = F_ACTOR, .read_only = true, .doc = "Who ended it."},
    {.name = "end_reason", .kind = F_TEXT, .read_only = true, .doc = "time, by hand, resolved, or idle."},
    {.name = "stamp", .kind = F_INT, .hidden = true, .def = "0", .doc = "Of this writing of the row."},
    {.name = "holding",
     .kind = F_INT,
     .computed = true,
     .read_only = true,
     .doc = "How many open alerts it holds now; only when one silence is read. Null: what is open is just being "
            "asked, as when it was made or edited a moment ago."},
};

static i64 time_of(const Value *row, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(row, name), STR_NONE), &ms) ? ms : 0;
}

/* for_s: a length says what is meant although the caller's clock is wrong. */
void length_to_end(ResourceCtx *ctx, Value *draft, i64 seconds_max) {
  const Value *length = value_get_c(draft, "for_s"), *ends = value_get_c(draft, "ends_at");
  i64 seconds = value_int_or(length, 0);
  if (!length || length->kind == VALUE_NULL) return;
  if (seconds < 1 || seconds > seconds_max)
    field_error(ctx, "/for_s", "range", "for_s is a number of seconds, 1 to %lld", (long long)seconds_max);
  else if (ends && ends->kind != VALUE_NULL)
    field_error(ctx, "/for_s", "choice", "give ends_at or for_s, not both");
  else
    resource_put(ctx, draft, "ends_at",
                 value_string(time_text_ms(ctx->arena, time_of(draft, "starts_at") + seconds * 1000)));
}

Value actor_value(ResourceCtx *ctx) {
  MapBuilder who = map_builder(ctx->arena);
  map_put_c(&who, "kind", value_c(ctx->actor.kind ? ctx->actor.kind : "system"));
  map_put_c(&who, "id", ctx->actor.id.len ? value_string(ctx->actor.id) : value_null());
  map_put_c(&who, "name", value_string(ctx->actor.name.ptr ? ctx->actor.name : S("")));
  return map_done(&who);
}

static bool silence_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  const Value *starts = value_get_c(draft, "starts_at");
  if (old && str_equal_c(value_text_or(value_get_c(old, "state"), STR_NONE), "ended"))
    return fail(err, ERR_CONFLICT, "this silence has ended and stays as it was; make a new one");
  if (old) return true;
  if (!starts || starts->kind == VALUE_NULL)
    resource_put(ctx, draft, "starts_at", value_string(time_text_ms(ctx->arena, ctx->now_ms)));
  length_to_end(ctx, draft, 31536000);
  resource_put(ctx, draft, "created_by", actor_value(ctx));
  return true;
}

/* p5, P1: no alert has such a priority, so that it would never match. Another word may be that of a label "priority".
 */
static bool no_priority(const Matcher *m) {
  bool letter = m->value.len >= 2 && (m->value.ptr[0] == 'p' || m->value.ptr[0] == 'P');
  if (!str_equal_c(m->name, "priority") || m->op != MATCHER_EQUAL || !letter) return false;
  for (size_t i = 1; i < m->value.len; i++)
    if (m->value.ptr[i] < '0' || m->value.ptr[i] > '9') return false;
  return m->value.len != 2 || m->value.ptr[0] == 'P' || m->value.ptr[1] < '1' || m->value.ptr[1] > '4';
}

static void check_priorities(ResourceCtx *ctx, const char *member, const Matcher *items, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (no_priority(&items[i]))
      field_error(
          ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/%s/%zu/value", member, i)), "choice",
          "no alert has the priority \"%.*s\", so that this would never match: it is p1 (most urgent), p2, p3 or "
          "p4",
          STR_ARG(utf8_cut(items[i].value, 100)));
}

void matchers_check(ResourceCtx *ctx, const Value *row, const char *member, const char *what) {
  Matcher *items = NULL;
  size_t count = 0;
  Error why = {0};
  if (!quiet_matchers_read(ctx->arena, value_get_c(row, member), &items, &count, &why)) {
    Str tail = str_from_c(why.pointer[0] ? why.pointer + sizeof "/matchers" - 1 : "");
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/%s%.*s", member, STR_ARG(tail))), "format", "%s",
                why.message);
    return;
  }
  QuietMatch match = {.matchers = items, .matcher_count = count};
  check_priorities(ctx, member, items, count);
  if (count > 0 && quiet_matches_everything(&match))
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/%s", member)), "choice",
                "every one of these also holds for an alert without the label, so that %s everything; add one that "
                "needs a label, such as severity=\"warning\"",
                what);
}

static void check_expression(ResourceCtx *ctx, Str when) {
  Error ignored = {0};
  QuietMatch match;
  bool compiled = quiet_compile(ctx->app, ctx->arena, NULL, when, &match, &ignored); /* else the field says why not */
  if (compiled && quiet_matches_everything(&match))
    field_error(ctx, "/when", "choice",
                "\"%.*s\" is true of every alert, so that it would silence everything; ask for something, such as "
                "labels.severity == 'warning'",
                STR_ARG(utf8_cut(when, 100)));
}

static void check_what(ResourceCtx *ctx, const Value *fresh) {
  const Value *matchers = value_get_c(fresh, "matchers"), *when = value_get_c(fresh, "when");
  bool any = value_is(matchers, VALUE_LIST) && matchers->size > 0, cel = value_is(when, VALUE_STRING) && when->size > 0;
  if (any && cel)
    field_error(ctx, "/when", "choice",
                "give matchers or when, not both; an expression can say labels.severity == "
                "'warning'");
  if (!any && !cel)
    field_error(ctx, "/matchers", "required",
                "say what it silences: matchers such as [{\"name\": \"severity\", \"value\": \"warning\"}], or an "
                "expression in when");
  matchers_check(ctx, fresh, "matchers", "it would silence");
  if (cel && !any) check_expression(ctx, value_text(when));
}

static void check_span(ResourceCtx *ctx, const Value *old, const Value *fresh) {
  i64 starts = time_of(fresh, "starts_at"), ends = time_of(fresh, "ends_at");
  bool by_itself = value_bool_or(value_get_c(fresh, "until_resolved"), false) ||
                   value_bool_or(value_get_c(fresh, "expires_when_idle"), false);
  if (ends == 0 && !by_itself)
    field_error(ctx, "/ends_at", "required",
                "say when it ends: ends_at, or until_resolved, or expires_when_idle; a silence without an end is "
                "forgotten");
  if (ends && ends <= starts) field_error(ctx, "/ends_at", "range", "ends_at must be after starts_at");
  if (ends && ends > starts && ends <= ctx->now_ms && !old)
    field_error(ctx, "/ends_at", "range", "ends_at lies in the past: it would silence nothing");
}

static bool too_many_expressions(ResourceCtx *ctx, const Value *old, const Value *fresh, bool *out, Error *err) {
  static const DbStmt COUNT_CEL = {"silence_count_cel",
                                   "SELECT COUNT(*) FROM silence WHERE org_id = $1 AND state IN ('pending', 'active') "
                                   "AND \"when\" IS NOT NULL",
                                   NULL};
  i64 count = 0;
  bool found = false;
  *out = false;
  if (old || !value_is(value_get_c(fresh, "when"), VALUE_STRING)) return true;
  if (!db_query_int(ctx->db, &COUNT_CEL, DB_ARGS(db_int(ctx->org_id)), &count, &found, err)) return false;
  return *out = count >= SILENCE_CEL_MAX, true;
}

/* An update leaves what the server keeps as it is, and the answer to it shows the row: so it is moved first. */
static bool move_state(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err) {
  static const DbStmt MOVE = {"silence_move", "UPDATE silence SET state = $2 WHERE id = $1", NULL};
  const Value *before = old ? value_get_c(old, "state") : NULL, *after = value_get_c(fresh, "state");
  if (!before || ctx->errors.count || value_equal(before, after)) return true;
  return db_run(ctx->db, &MOVE, err, db_int(resource_ref_id(ctx->registry, value_get_c(old, "id"))),
                db_text(value_text(after)));
}

static bool silence_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  bool many = false;
  check_what(ctx, fresh);
  check_span(ctx, old, fresh);
  if (!too_many_expressions(ctx, old, fresh, &many, err)) return false;
  if (many)
    field_error(ctx, "/when", "range",
                "there are %d silences by expression already; each is asked about every alert. Use matchers, which are "
                "looked up, or end some",
                SILENCE_CEL_MAX);
  resource_put(ctx, fresh, "state", value_c(time_of(fresh, "starts_at") <= ctx->now_ms ? "active" : "pending"));
  return move_state(ctx, old, fresh, err);
}

static void silence_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  static const DbStmt HOLDING = {"silence_holding",
                                 "SELECT COUNT(*) FROM alert WHERE org_id = $1 AND holds > 0 AND status IN "
                                 "('triggered', 'acknowledged') AND hold_list LIKE $2",
                                 NULL};
  static const DbStmt LOOKING = {"silence_looking",
                                 "SELECT id FROM job WHERE subject_id = $1 AND kind = 'quiet.sweep' LIMIT 1", NULL};
  i64 count = 0, id = resource_ref_id(ctx->registry, value_get_c(row, "id")), job = 0;
  bool found = false, looking = false;
  Error ignored = {0};
  if (ctx->listing) return;
  if (!db_query_int(ctx->db, &LOOKING, DB_ARGS(db_int(id)), &job, &looking, &ignored) || looking) {
    map_put_c(out, "holding", value_null());
    return;
  }
  Str like = str_format(ctx->arena, "%%%.*s%%", STR_ARG(value_text_or(value_get_c(row, "id"), STR_NONE)));
  if (db_query_int(ctx->db, &HOLDING, DB_ARGS(db_int(ctx->org_id), db_text(like)), &count, &found, &ignored))
    map_put_c(out, "holding", value_int(count));
}

const Resource SILENCE = {
    .name = "silence",
    .plural = "silences",
    .prefix = "sil",
    .table = "silence",
    .doc = "Keeps the alerts that it matches quiet for a while.",
    FIELDS(SILENCE_FIELDS),
    .verbs = VERBS_ALL,
    .default_sort = "-id",
    .prepare = silence_prepare,
    .before_write = silence_before_write,
    .after_write = quiet_after_write,
    .after_delete = quiet_after_delete,
    .render = silence_render,
};

/* What a rule says must be able to come true: rows about fields that alerts have, compared in a way that can hold, and
 * actions that do something. Only what a write changes is looked at, so that a rule from before can still be renamed or
 * switched off. Whether expressions and templates compile is alert_rule_check's. */
#include <string.h>

#include "core/alerts/rule.h"
#include "lang/cel/regex.h"
#include "resource/resource.h"

/* Words ----------------------------------------------------------------------------------------------------------- */

static const char *const STATUS_WORDS[] = {"triggered", "acknowledged", "resolved", "dismissed"};
static const char *const PRIORITY_WORDS[] = {"p1", "p2", "p3", "p4"};
static const char *const TIER_WORDS[] = {"tier1", "tier2", "tier3", "tier4"};
enum { WORDS = RULE_WORDS };

/* The nearest of our words: "p1_critical" is p1, "firing" is triggered, else by spelling. */
Str rule_word_suggested(Arena *arena, Str wrong, const char *const *words) {
  static const char *const OTHERS[][2] = {{"firing", "triggered"}, {"open", "triggered"}, {"pending", "triggered"},
                                          {"closed", "resolved"},  {"ok", "resolved"},    {"critical", "p1"},
                                          {"error", "p2"},         {"high", "p2"},        {"warning", "p3"},
                                          {"info", "p4"},          {"low", "p4"}};
  for (size_t i = 0; i < WORDS; i++)
    if (str_starts_with(str_lower(arena, wrong), str_format(arena, "%s_", words[i])))
      return str_format(arena, "; did you mean \"%s\"?", words[i]);
  for (size_t i = 0; i < COUNT(OTHERS); i++)
    for (size_t k = 0; k < WORDS; k++)
      if (str_equal_nocase(wrong, str_from_c(OTHERS[i][0])) && strcmp(words[k], OTHERS[i][1]) == 0)
        return str_format(arena, "; did you mean \"%s\"?", words[k]);
  return resource_suggest(arena, wrong, words, WORDS);
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

typedef enum RowKind { ROW_TEXT, ROW_NUMBER, ROW_STATUS, ROW_PRIORITY, ROW_TIER, ROW_TIME, ROW_LIST } RowKind;

/* Of the alert; beside them labels.NAME. */
static const struct {
  const char *name;
  RowKind kind;
} ROW_FIELDS[] = {{"title", ROW_TEXT},
                  {"description", ROW_TEXT},
                  {"status", ROW_STATUS},
                  {"priority", ROW_PRIORITY},
                  {"source_priority", ROW_TEXT},
                  {"severity", ROW_TEXT},
                  {"dedup_key", ROW_TEXT},
                  {"fingerprint", ROW_TEXT},
                  {"source", ROW_TEXT},
                  {"count", ROW_NUMBER},
                  {"episode", ROW_NUMBER},
                  {"service", ROW_TEXT},
                  {"service_id", ROW_TEXT},
                  {"service.id", ROW_TEXT},
                  {"service.slug", ROW_TEXT},
                  {"service.name", ROW_TEXT},
                  {"service.tier", ROW_TIER},
                  {"team", ROW_TEXT},
                  {"integration.id", ROW_TEXT},
                  {"integration.slug", ROW_TEXT},
                  {"integration.name", ROW_TEXT},
                  {"integration.template", ROW_TEXT},
                  {"links", ROW_LIST},
                  {"url", ROW_TEXT},
                  {"environment", ROW_TEXT},
                  {"id", ROW_TEXT},
                  {"number", ROW_TEXT},
                  {"starts_at", ROW_TIME},
                  {"timestamp", ROW_NUMBER}};

typedef struct Row {
  ResourceCtx *ctx;
  size_t index;
  Str field, op;
  const Value *value; /* never NULL */
  RowKind kind;
} Row;

static void row_wrong(const Row *row, const char *member, const char *code, Str sentence) {
  Str pointer = str_format(row->ctx->arena, "/conditions/%zu/%s", row->index, member);
  field_error(row->ctx, str_to_c(row->ctx->arena, pointer), code, "%.*s", STR_ARG(sentence));
}

#define ROW_WRONG(row, member, code, ...) row_wrong(row, member, code, str_format((row)->ctx->arena, __VA_ARGS__))

static bool op_is(const Row *row, const char *const *ops) {
  for (; *ops; ops++)
    if (str_equal_c(row->op, *ops)) return true;
  return false;
}

static const char *const PRESENCE[] = {"exists", "not_exists", NULL};
static const char *const AMONG[] = {"in", "not_in", NULL};
static const char *const ORDER[] = {">", ">=", "<", "<=", NULL};
static const char *const EQUAL[] = {"=", "!=", "equals", "not_equals", NULL};
static const char *const PARTS[] = {"contains", "not_contains", "starts_with", "ends_with", NULL};
static const char *const PATTERN[] = {"matches", "not_matches", "=~", "!~", NULL};

static bool unknown_field(const Row *row) {
  const char *names[COUNT(ROW_FIELDS) + 1];
  for (size_t i = 0; i < COUNT(ROW_FIELDS); i++) names[i] = ROW_FIELDS[i].name;
  names[COUNT(ROW_FIELDS)] = "labels.NAME";
  Str given = utf8_cut(row->field, 80);
  if (str_equal_c(row->field, "labels"))
    ROW_WRONG(row, "field", "unknown", "name one label, such as labels.severity; \"labels\" are all of them");
  else if (str_equal_c(row->field, "payload") || str_starts_with(row->field, S("payload.")))
    ROW_WRONG(row, "field", "unknown",
              "rules see the alert, not the body it came in; let the integration's overrides make a label of %.*s and "
              "ask for labels.x",
              STR_ARG(given));
  else if (str_equal_c(row->field, "integration"))
    ROW_WRONG(row, "field", "unknown", "ask for integration.slug, integration.name, integration.template or its id");
  else
    ROW_WRONG(row, "field", "unknown", "alerts have no field \"%.*s\"%.*s", STR_ARG(given),
              STR_ARG(resource_suggest(row->ctx->arena, row->field, names, COUNT(names))));
  return false;
}

static bool find_kind(Row *row) {
  if (str_starts_with(row->field, S("alert."))) row->field = str_slice(row->field, 6, row->field.len);
  row->kind = ROW_TEXT;
  if (str_starts_with(row->field, S("labels.")) && row->field.len > 7) return true;
  for (size_t i = 0; i < COUNT(ROW_FIELDS); i++)
    if (str_equal_c(row->field, ROW_FIELDS[i].name)) {
      row->kind = ROW_FIELDS[i].kind;
      return true;
    }
  return unknown_field(row);
}

static bool is_scalar(const Value *v) {
  return v->kind == VALUE_STRING || v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE ||
         v->kind == VALUE_BOOL;
}

static bool is_number(const Value *v) {
  double ignored = 0;
  return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_DOUBLE ||
         (v->kind == VALUE_STRING && str_to_double(value_text(v), &ignored));
}

/* One value that the field is to be equal to, or be among. */
static void check_word(const Row *row, const Value *v) {
  Str shown = utf8_cut(value_display(row->ctx->arena, v), 60), text = value_text_or(v, shown);
  if (row->kind == ROW_NUMBER && !is_number(v))
    ROW_WRONG(row, "value", "type", "%.*s is a number; \"%.*s\" is none", STR_ARG(row->field), STR_ARG(shown));
  const char *const *words = row->kind == ROW_STATUS     ? STATUS_WORDS
                             : row->kind == ROW_PRIORITY ? PRIORITY_WORDS
                             : row->kind == ROW_TIER     ? TIER_WORDS
                                                         : NULL;
  if (!words) return;
  for (size_t i = 0; i < WORDS; i++)
    if (str_equal_c(text, words[i])) return;
  ROW_WRONG(row, "value", "choice", "no alert has the %.*s \"%.*s\"%.*s", STR_ARG(row->field), STR_ARG(shown),
            STR_ARG(rule_word_suggested(row->ctx->arena, text, words)));
}

static void check_among(const Row *row) {
  if (row->value->kind != VALUE_LIST || row->value->size == 0) {
    ROW_WRONG(row, "value", "type", "%.*s takes a list with at least one value, such as [\"a\", \"b\"]",
              STR_ARG(row->op));
    return;
  }
  for (size_t i = 0; i < row->value->size; i++) {
    const Value *v = value_at(row->value, i);
    if (is_scalar(v))
      check_word(row, v);
    else
      ROW_WRONG(row, "value", "type", "%.*s takes a list of texts and numbers; item %zu is %s %s", STR_ARG(row->op),
                i + 1, str_article(value_kind_name(v->kind)), value_kind_name(v->kind));
  }
}

static void check_order(const Row *row) {
  if (row->kind == ROW_PRIORITY)
    ROW_WRONG(row, "op", "choice", "priorities are words, not numbers; use in with a list, such as [\"p1\", \"p2\"]");
  else if (row->kind == ROW_STATUS || row->kind == ROW_TIER || row->kind == ROW_LIST)
    ROW_WRONG(row, "op", "choice", "%.*s cannot be more or less than something", STR_ARG(row->field));
  else if (!is_number(row->value))
    ROW_WRONG(row, "value", "type", "%.*s compares numbers; give one, not %s", STR_ARG(row->op),
              row->value->kind == VALUE_STRING ? "a text" : value_kind_name(row->value->kind));
}

static void check_pattern(const Row *row) {
  const Regex *ignored = NULL;
  Error why = {0};
  if (!regex_new(row->ctx->arena, value_text(row->value), false, &ignored, &why))
    ROW_WRONG(row, "value", "expression", "%s%s%s", why.message, why.detail[0] ? "\n" : "", why.detail);
}

static void check_value(const Row *row) {
  const Value *v = row->value;
  bool blank = v->kind == VALUE_NULL || (v->kind == VALUE_STRING && v->size == 0);
  if (op_is(row, PRESENCE)) {
    if (!blank)
      ROW_WRONG(row, "value", "unknown", "%.*s takes no value; leave it out%s", STR_ARG(row->op),
                str_equal_c(row->op, "exists") ? " (for what is not there: not_exists)" : "");
  } else if (row->kind == ROW_TIME) {
    ROW_WRONG(row, "op", "choice",
              "rows only ask whether %.*s exists; for times write when, such as now - "
              "alert.starts_at > duration(\"1h\")",
              STR_ARG(row->field));
  } else if (v->kind == VALUE_NULL) {
    ROW_WRONG(row, "value", "required", "%.*s needs a value; for fields that are empty there is not_exists",
              STR_ARG(row->op));
  } else if (op_is(row, AMONG)) {
    check_among(row);
  } else if (!is_scalar(v)) {
    ROW_WRONG(row, "value", "type", "%.*s takes one text or number, not %s %s%s", STR_ARG(row->op),
              str_article(value_kind_name(v->kind)), value_kind_name(v->kind),
              v->kind == VALUE_LIST ? "; a list is for in and not_in" : "");
  } else if (op_is(row, ORDER)) {
    check_order(row);
  } else if (op_is(row, EQUAL)) {
    check_word(row, v);
  } else if (blank && (op_is(row, PARTS) || op_is(row, PATTERN))) {
    ROW_WRONG(row, "value", "required",
              "%.*s with an empty text holds for every alert or for none; give what to look for", STR_ARG(row->op));
  } else if (op_is(row, PATTERN) && v->kind != VALUE_STRING) {
    ROW_WRONG(row, "value", "type", "a pattern is a text, not %s %s", str_article(value_kind_name(v->kind)),
              value_kind_name(v->kind));
  } else if (op_is(row, PATTERN)) {
    check_pattern(row);
  }
}

static void check_rows(ResourceCtx *ctx, const Value *conditions) {
  Value none = value_null();
  for (size_t i = 0; value_is(conditions, VALUE_LIST) && i < conditions->size; i++) {
    const Value *json = value_at(conditions, i), *value = value_get_c(json, "value");
    Row row = {.ctx = ctx,
               .index = i,
               .field = value_text_or(value_get_c(json, "field"), STR_NONE),
               .op = value_text_or(value_get_c(json, "op"), S("=")),
               .value = value ? value : &none};
    if (find_kind(&row)) check_value(&row);
  }
}

/* Actions --------------------------------------------------------------------------------------------------------- */

static bool sets_nothing(const Value *action) {
  static const char *const WHAT[] = {"priority", "service_id", "title"};
  const Value *labels = value_get_c(action, "labels");
  for (size_t i = 0; i < COUNT(WHAT); i++)
    if (value_text_or(value_get_c(action, WHAT[i]), STR_NONE).len) return false;
  return !value_is(labels, VALUE_MAP) || labels->size == 0;
}

static Str type_of(const Value *actions, size_t i) {
  return value_text_or(value_get_c(value_at(actions, i), "type"), STR_NONE);
}

/* Below its number a threshold holds the whole alert, so a page before it would be held, too; and with nothing after
 * it there is nothing that it counts for. */
static void check_threshold(ResourceCtx *ctx, const Value *actions, size_t at) {
  const char *pointer = str_to_c(ctx->arena, str_format(ctx->arena, "/actions/%zu/type", at));
  bool waits = false;
  for (size_t i = 0; i < at; i++) {
    Str type = type_of(actions, i);
    if (!str_equal_c(type, "page") && !str_equal_c(type, "create_incident")) continue;
    field_error(
        ctx, pointer, "choice",
        "until it is reached, a threshold holds the alert and with it the %.*s of action %zu; put the threshold "
        "before it",
        STR_ARG(type), i + 1);
    return;
  }
  for (size_t i = at + 1; i < actions->size; i++)
    waits = waits || (!str_equal_c(type_of(actions, i), "set") && !str_equal_c(type_of(actions, i), "threshold"));
  if (!waits)
    field_error(ctx, pointer, "choice",
                "no action after this threshold waits for it, so it would only hold the alert; put what is to happen "
                "at that many after it, such as {\"type\": \"page\"}");
}

/* What suppresses voids what would page: its own page could never come. */
static void check_suppress(ResourceCtx *ctx, const Value *actions, size_t at) {
  for (size_t i = at + 1; i < actions->size; i++)
    if (str_equal_c(type_of(actions, i), "unsuppress")) return;
  for (size_t i = 0; i < actions->size; i++) {
    Str type = type_of(actions, i);
    if (!str_equal_c(type, "page") && !str_equal_c(type, "create_incident")) continue;
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/actions/%zu/type", i)), "choice",
                "action %zu suppresses the alert, so this %.*s could never come; leave out one of the two, or put the "
                "%.*s into a rule of its own with another condition",
                at + 1, STR_ARG(type), STR_ARG(type));
    return;
  }
}

static void check_actions(ResourceCtx *ctx, const Value *actions) {
  for (size_t i = 0; value_is(actions, VALUE_LIST) && i < actions->size; i++) {
    const Value *action = value_at(actions, i);
    Str type = type_of(actions, i);
    const char *at = str_to_c(ctx->arena, str_format(ctx->arena, "/actions/%zu", i));
    const char *type_at = str_to_c(ctx->arena, str_format(ctx->arena, "%s/type", at));
    if (str_equal_c(type, "notify"))
      field_error(
          ctx, type_at, "choice",
          "this server cannot notify a channel from a rule yet; use page, with a policy that has who is to know");
    if (str_equal_c(type, "run_runbook"))
      field_error(ctx, type_at, "choice", "this server has no runbooks yet; leave the action out");
    if (str_equal_c(type, "threshold")) check_threshold(ctx, actions, i);
    if (str_equal_c(type, "suppress")) check_suppress(ctx, actions, i);
    if (str_equal_c(type, "set") && sets_nothing(action))
      field_error(ctx, at, "required", "this set changes nothing; give priority, service_id, title or labels");
  }
}

static bool does_nothing(const Value *rule) {
  const Value *actions = value_get_c(rule, "actions");
  return value_bool_or(value_get_c(rule, "enabled"), true) && !value_bool_or(value_get_c(rule, "stop"), false) &&
         (!value_is(actions, VALUE_LIST) || actions->size == 0);
}

/* The rule ---------------------------------------------------------------------------------------------------------*/

static bool says_both(const Value *rule) {
  const Value *conditions = value_get_c(rule, "conditions");
  return !str_is_blank(value_text_or(value_get_c(rule, "when"), STR_NONE)) && value_is(conditions, VALUE_LIST) &&
         conditions->size > 0;
}

static bool is_changed(const Value *old, const Value *fresh, const char *name) {
  const Value *before = old ? value_get_c(old, name) : NULL, *after = value_get_c(fresh, name);
  return !before || !after || !value_equal(before, after);
}

void rule_check_meaning(ResourceCtx *ctx, const Value *old, const Value *fresh) {
  bool rows = is_changed(old, fresh, "conditions"), when = is_changed(old, fresh, "when");
  if ((rows || when) && says_both(fresh))
    field_error(ctx, rows ? "/conditions" : "/when", "choice",
                "a rule has when or conditions, not both; %s, or write the rows into when, joined by &&",
                rows ? "set when to null" : "set conditions to []");
  if (rows) check_rows(ctx, value_get_c(fresh, "conditions"));
  if (when) rule_check_when(ctx, value_text_or(value_get_c(fresh, "when"), STR_NONE));
  if (is_changed(old, fresh, "actions")) check_actions(ctx, value_get_c(fresh, "actions"));
  if (does_nothing(fresh) && !(old && does_nothing(old)))
    field_error(
        ctx, "/actions", "required",
        "an enabled rule without actions does nothing; give one, such as {\"type\": \"page\"}, or stop: true to "
        "keep later rules from these alerts, or enabled: false");
}

/* Explanations as bytes: a version, then the parts in the order of the struct. Words that come again and again are one
 * byte, ids are the difference to the one before, times are numbers: a third of the JSON that was kept before. Rows of
 * JSON are still read (explain.c). */
#include "core/alerts/explanation.h"

#include "lang/time.h"
#include "lang/value_pack.h"

enum { EXPLANATION_VERSION = 1, EXPLANATION_BYTES_MAX = MIB(1), ROWS_MAX = 10000 };

static const char *const RESULTS[EXPLAIN_RESULT_COUNT] = {"matched", "not_matched", "error", "skipped"};

/* Append, never reorder: rows name a word by its place. */
static const Str WORDS[] = {
    STR(""),
    STR("new"),
    STR("reopened"),
    STR("raised"),
    STR("changed"),
    STR("released"),
    STR("preview"),
    STR("triggered"),
    STR("acknowledged"),
    STR("resolved"),
    STR("dismissed"),
    STR("disabled"),
    STR("an earlier rule stopped the list"),
    STR("it is for other integrations"),
    STR("silence"),
    STR("maintenance"),
    STR("inhibition"),
    STR("flapping"),
    STR("pause"),
    STR("quiet"),
    STR("suppressed"),
    STR("snooze"),
    STR("paged"),
    STR("a page runs already"),
    STR("paged as part of a storm"),
    STR("joined; its incident's page stands"),
    STR("default chain: the page's own policy"),
    STR("default chain: the service's policy"),
    STR("default chain: the policy of the service's team"),
    STR("default chain: the integration's policy"),
    STR("default chain: the policy of the integration's team"),
    STR("default chain: the organization's policy"),
    STR("held by quiet"),
    STR("held by suppressed"),
    STR("held by pause"),
    STR("held by silence"),
    STR("held by maintenance"),
    STR("unrouted: no policy applies"),
    STR("incident"),
    STR("page"),
    STR("incident; page"),
    STR("it is acknowledged: nothing to do"),
};

/* 0: the text follows; else the place of the word + 1. */
static void pack_word(Buf *buf, Str text) {
  for (size_t i = 0; i < COUNT(WORDS); i++)
    if (str_equal(text, WORDS[i])) {
      pack_u64(buf, i + 1);
      return;
    }
  pack_u64(buf, 0);
  pack_str(buf, text);
}

static bool unpack_word(Str *rest, Str *out) {
  u64 place = 0;
  if (!unpack_u64(rest, &place) || place > COUNT(WORDS)) return false;
  if (place == 0) return unpack_str(rest, out);
  *out = WORDS[place - 1];
  return true;
}

/* Ids made at about the same time differ little. Wraps around: every pair of ids has a difference. */
typedef struct Ids {
  u64 last;
} Ids;

static void pack_id(Buf *buf, Ids *ids, i64 id) {
  pack_i64(buf, (i64)((u64)id - ids->last));
  ids->last = (u64)id;
}

static bool unpack_id(Str *rest, Ids *ids, i64 *out) {
  i64 difference = 0;
  if (!unpack_i64(rest, &difference)) return false;
  ids->last += (u64)difference;
  *out = (i64)ids->last;
  return true;
}

/* Years 1970 to 9999: what can be shown. */
static bool unpack_time(Str *rest, i64 *out) {
  static const i64 LAST_MS = 253402300799999;
  return unpack_i64(rest, out) && *out >= 0 && *out <= LAST_MS;
}

static bool unpack_count(Str *rest, size_t *out) {
  u64 count = 0;
  if (!unpack_u64(rest, &count) || count > ROWS_MAX) return false;
  *out = (size_t)count;
  return true;
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

static void pack_rule(Buf *buf, Ids *ids, const ExplainRule *rule) {
  u64 parts = (u64)rule->result | (rule->error.len ? 4u : 0u) | (rule->done.len ? 8u : 0u);
  pack_u64(buf, parts);
  pack_id(buf, ids, rule->rule_id);
  pack_str(buf, rule->name);
  pack_word(buf, rule->text);
  if (rule->error.len) pack_word(buf, rule->error);
  if (rule->done.len) pack_word(buf, rule->done);
}

static bool unpack_rule(Str *rest, Ids *ids, ExplainRule *out) {
  u64 parts = 0;
  if (!unpack_u64(rest, &parts) || parts > 15) return false;
  out->result = (ExplainResult)(parts & 3);
  return unpack_id(rest, ids, &out->rule_id) && unpack_str(rest, &out->name) && unpack_word(rest, &out->text) &&
         (!(parts & 4) || unpack_word(rest, &out->error)) && (!(parts & 8) || unpack_word(rest, &out->done));
}

static bool unpack_rules(Arena *arena, Str *rest, Ids *ids, Explanation *out) {
  if (!unpack_count(rest, &out->rule_count)) return false;
  out->rules = ARENA_ARRAY(arena, ExplainRule, out->rule_count + 1);
  for (size_t i = 0; i < out->rule_count; i++)
    if (!unpack_rule(rest, ids, &out->rules[i])) return false;
  return true;
}

/* Pages and holds ------------------------------------------------------------------------------------------------- */

static void pack_page(Buf *buf, Ids *ids, const ExplainPage *page) {
  pack_id(buf, ids, page->policy_id);
  pack_str(buf, page->policy);
  pack_word(buf, page->why);
  pack_u64(buf, page->page_id != 0);
  if (page->page_id) pack_id(buf, ids, page->page_id);
}

static bool unpack_pages(Arena *arena, Str *rest, Ids *ids, Explanation *out) {
  if (!unpack_count(rest, &out->page_count)) return false;
  out->pages = ARENA_ARRAY(arena, ExplainPage, out->page_count + 1);
  for (size_t i = 0; i < out->page_count; i++) {
    ExplainPage *page = &out->pages[i];
    u64 has_page = 0;
    if (!unpack_id(rest, ids, &page->policy_id) || !unpack_str(rest, &page->policy) || !unpack_word(rest, &page->why) ||
        !unpack_u64(rest, &has_page) || has_page > 1)
      return false;
    if (has_page && !unpack_id(rest, ids, &page->page_id)) return false;
  }
  return true;
}

static void pack_hold(Buf *buf, const ExplainHold *hold) {
  pack_word(buf, hold->reason);
  pack_i64(buf, hold->id);
  pack_i64(buf, hold->until_ms);
}

static bool unpack_holds(Arena *arena, Str *rest, Explanation *out) {
  if (!unpack_count(rest, &out->hold_count)) return false;
  out->holds = ARENA_ARRAY(arena, ExplainHold, out->hold_count + 1);
  for (size_t i = 0; i < out->hold_count; i++) {
    ExplainHold *hold = &out->holds[i];
    if (!unpack_word(rest, &hold->reason) || !unpack_i64(rest, &hold->id) || !unpack_time(rest, &hold->until_ms))
      return false;
  }
  return true;
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static bool pack(Arena *arena, const Explanation *e, Str *out) {
  Buf buf = buf_new(arena, EXPLANATION_BYTES_MAX);
  Ids ids = {0};
  buf_putc(&buf, EXPLANATION_VERSION);
  pack_i64(&buf, e->run);
  pack_i64(&buf, e->at_ms);
  pack_word(&buf, e->why);
  pack_word(&buf, e->status);
  pack_word(&buf, e->outcome);
  pack_u64(&buf, e->rule_count);
  for (size_t i = 0; i < e->rule_count; i++) pack_rule(&buf, &ids, &e->rules[i]);
  pack_u64(&buf, e->page_count);
  for (size_t i = 0; i < e->page_count; i++) pack_page(&buf, &ids, &e->pages[i]);
  pack_u64(&buf, e->hold_count);
  for (size_t i = 0; i < e->hold_count; i++) pack_hold(&buf, &e->holds[i]);
  pack_u64(&buf, e->unrouted);
  pack_i64(&buf, e->incident_rule_id);
  pack_i64(&buf, e->incident_id);
  *out = buf_str(&buf);
  return !buf.overflow;
}

/* What is too long is kept without its rules: an alert is worth more than its story. */
Str explanation_pack(Arena *arena, const Explanation *e) {
  Str bytes = STR_NONE;
  Explanation less = *e;
  if (e->rule_count <= ROWS_MAX && pack(arena, e, &bytes)) return bytes;
  less.rule_count = 0;
  less.outcome = utf8_cut(e->outcome, KIB(64));
  return pack(arena, &less, &bytes) ? bytes : S("");
}

bool explanation_unpack(Arena *arena, Str bytes, Explanation *out) {
  Explanation e = {0};
  Ids ids = {0};
  u64 unrouted = 0;
  if (bytes.len == 0 || bytes.ptr[0] != EXPLANATION_VERSION) return false;
  Str rest = str_slice(bytes, 1, bytes.len);
  if (!unpack_i64(&rest, &e.run) || !unpack_time(&rest, &e.at_ms) || !unpack_word(&rest, &e.why) ||
      !unpack_word(&rest, &e.status) || !unpack_word(&rest, &e.outcome) || !unpack_rules(arena, &rest, &ids, &e) ||
      !unpack_pages(arena, &rest, &ids, &e) || !unpack_holds(arena, &rest, &e) || !unpack_u64(&rest, &unrouted) ||
      unrouted > 1 || !unpack_i64(&rest, &e.incident_rule_id) || !unpack_i64(&rest, &e.incident_id) || rest.len > 0)
    return false;
  e.unrouted = unrouted == 1;
  *out = e;
  return true;
}

/* As people see it ------------------------------------------------------------------------------------------------ */

static Value id_or_null(Arena *arena, const char *prefix, i64 id) {
  return id ? value_string(id_text(arena, prefix, id)) : value_null();
}

static Value rule_value(Arena *arena, const ExplainRule *rule) {
  MapBuilder map = map_builder(arena);
  bool skipped = rule->result == EXPLAIN_SKIPPED;
  map_put_c(&map, "rule_id", value_string(id_text(arena, "rul", rule->rule_id)));
  map_put_c(&map, "name", value_string(rule->name));
  map_put_c(&map, "result", value_c(RESULTS[rule->result]));
  map_put_c(&map, skipped ? "reason" : "decided_by", value_string(rule->text));
  if (rule->error.len) map_put_c(&map, "error", value_string(rule->error));
  if (rule->done.len) map_put_c(&map, "done", value_string(rule->done));
  return map_done(&map);
}

static Value page_value(Arena *arena, const ExplainPage *page) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "policy_id", value_string(id_text(arena, "pol", page->policy_id)));
  map_put_c(&map, "policy", value_string(page->policy));
  map_put_c(&map, "why", value_string(page->why));
  if (page->page_id) map_put_c(&map, "page_id", value_string(id_text(arena, "pag", page->page_id)));
  return map_done(&map);
}

const char *hold_id_prefix(Str reason) {
  if (str_equal_c(reason, "silence")) return "sil";
  if (str_equal_c(reason, "maintenance")) return "mnt";
  if (str_equal_c(reason, "inhibition")) return "inh";
  return "rul";
}

static Value hold_value(Arena *arena, const ExplainHold *hold) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "reason", value_string(hold->reason));
  map_put_c(&map, "id", id_or_null(arena, hold_id_prefix(hold->reason), hold->id));
  map_put_c(&map, "until", hold->until_ms ? value_string(time_text_ms(arena, hold->until_ms)) : value_null());
  return map_done(&map);
}

Value explanation_value(Arena *arena, const Explanation *e) {
  ValueVec rules = {0}, pages = {0}, holds = {0};
  for (size_t i = 0; i < e->rule_count; i++) *VEC_PUSH(arena, &rules) = rule_value(arena, &e->rules[i]);
  for (size_t i = 0; i < e->page_count; i++) *VEC_PUSH(arena, &pages) = page_value(arena, &e->pages[i]);
  for (size_t i = 0; i < e->hold_count; i++) *VEC_PUSH(arena, &holds) = hold_value(arena, &e->holds[i]);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "run", value_int(e->run));
  map_put_c(&map, "at", value_string(time_text_ms(arena, e->at_ms)));
  map_put_c(&map, "why", value_string(e->why));
  map_put_c(&map, "status", value_string(e->status));
  map_put_c(&map, "rules", list_done(&rules));
  map_put_c(&map, "pages", list_done(&pages));
  map_put_c(&map, "holds", list_done(&holds));
  map_put_c(&map, "unrouted", value_bool(e->unrouted));
  if (e->incident_rule_id) map_put_c(&map, "incident_rule_id", id_or_null(arena, "rul", e->incident_rule_id));
  if (e->incident_id) map_put_c(&map, "incident_id", id_or_null(arena, "inc", e->incident_id));
  map_put_c(&map, "outcome", value_string(e->outcome));
  return map_done(&map);
}

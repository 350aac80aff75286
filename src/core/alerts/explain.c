/* Why did this page me, why not: what the rules decided, kept with the alert (the last 10 runs). */
#include "core/alerts/batch.h"
#include "lang/json.h"

static const DbStmt EXPLANATION_PUT = {
    "explanation_put",
    "INSERT INTO explanation (alert_id, slot, run, org_id, at, body) VALUES ($1,$2,$3,$4,$5,$6) "
    "ON CONFLICT (alert_id, slot) DO UPDATE SET run = excluded.run, at = excluded.at, body = excluded.body",
    NULL};
static const DbStmt EXPLANATIONS = {"explanations",
                                    "SELECT body FROM explanation WHERE alert_id = $1 ORDER BY run DESC", NULL};

static const char *const MATCH_NAMES[] = {"matched", "not_matched", "error"};

static void put_text(Buf *buf, const char *name, Str text) {
  buf_format(buf, ",\"%s\":", name);
  json_write_string(buf, text);
}

/* Words are collected as "a; b; ": without the end. */
static Str words(Str text) {
  return str_ends_with(text, S("; ")) ? str_slice(text, 0, text.len - 2) : text;
}

static void write_trace(Buf *buf, Arena *arena, const RuleTrace *trace) {
  buf_puts(buf, "{\"rule_id\":");
  json_write_string(buf, id_text(arena, "rul", trace->rule->id));
  put_text(buf, "name", trace->rule->name);
  if (trace->skipped) {
    buf_puts(buf, ",\"result\":\"skipped\"");
    put_text(buf, "reason", str_from_c(trace->skipped));
  } else {
    put_text(buf, "result", str_from_c(MATCH_NAMES[trace->result.match]));
    put_text(buf, "decided_by", trace->result.decided);
    if (trace->result.error.len) put_text(buf, "error", trace->result.error);
    if (trace->done.len) put_text(buf, "done", words(trace->done));
  }
  buf_putc(buf, '}');
}

static void write_page(Buf *buf, Arena *arena, const Setup *setup, const WantedPage *page, i64 page_id) {
  const SetupPolicy *policy = setup_policy(setup, page->policy_id);
  buf_puts(buf, "{\"policy_id\":");
  json_write_string(buf, id_text(arena, "pol", page->policy_id));
  put_text(buf, "policy", policy ? policy->name : S(""));
  put_text(buf, "why", page->why);
  if (page_id) put_text(buf, "page_id", id_text(arena, "pag", page_id));
  buf_putc(buf, '}');
}

Str plan_json(Arena *arena, const Setup *setup, const Alert *alert, const Plan *plan, i64 now_ms) {
  Buf buf = buf_new(arena, MIB(1));
  buf_format(&buf, "{\"run\":%lld", (long long)alert->explanations);
  put_text(&buf, "at", time_text_ms(arena, now_ms));
  put_text(&buf, "why", str_from_c(alert->why ? alert->why : "changed"));
  put_text(&buf, "status", str_from_c(alert_status_name(alert->status)));
  buf_puts(&buf, ",\"rules\":[");
  for (size_t i = 0; i < plan->trace_count; i++) {
    if (i) buf_putc(&buf, ',');
    write_trace(&buf, arena, &plan->traces[i]);
  }
  buf_puts(&buf, "],\"pages\":[");
  for (size_t i = 0; i < plan->page_count; i++) {
    if (i) buf_putc(&buf, ',');
    write_page(&buf, arena, setup, &plan->pages[i], plan->page_ids[i]);
  }
  buf_puts(&buf, "],\"holds\":");
  buf_put(&buf, hold_list_json(arena, alert));
  buf_format(&buf, ",\"unrouted\":%s", plan->unrouted ? "true" : "false");
  if (plan->incident_rule) put_text(&buf, "incident_rule_id", id_text(arena, "rul", plan->incident_rule->id));
  if (plan->incident_id) put_text(&buf, "incident_id", id_text(arena, "inc", plan->incident_id));
  put_text(&buf, "outcome", words(plan->outcome));
  buf_putc(&buf, '}');
  return buf_str(&buf);
}

bool plan_keep(Cycle *cycle, const Setup *setup, Alert *alert, const Plan *plan, Error *err) {
  Str body = plan_json(cycle->arena, setup, alert, plan, cycle->now_ms);
  i64 run = alert->explanations++;
  return db_run(cycle->db, &EXPLANATION_PUT, err, db_int(alert->id), db_int(run % EXPLANATIONS_KEPT), db_int(run),
                db_int(alert->org_id), db_int(cycle->now_ms), db_blob(body));
}

typedef struct Rows {
  Arena *arena;
  ValueVec items;
} Rows;

static bool read_explanation(const DbRow *row, void *ctx) {
  Rows *rows = ctx;
  Value value = value_null();
  Error ignored = {0};
  if (json_parse(rows->arena, db_row_text(row, 0, rows->arena), NULL, &value, &ignored))
    *VEC_PUSH(rows->arena, &rows->items) = value;
  return true;
}

bool alert_explanations(Db *db, Arena *arena, i64 alert_id, Value *out, Error *err) {
  Rows rows = {.arena = arena};
  if (!db_query(db, &EXPLANATIONS, DB_ARGS(db_int(alert_id)), read_explanation, &rows, err)) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&rows.items));
  *out = map_done(&map);
  return true;
}

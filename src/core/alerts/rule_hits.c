/* How often each rule matched, and when last: counted in memory over a batch and written once with it, so that a batch
 * that is undone counts for nothing, and an alert of a storm costs no statement of its own. */
#include "core/alerts/batch.h"

static const DbStmt ADD = {
    "rule_hits_add",
    "INSERT INTO alert_rule_hit (rule_id, node, org_id, hits, last_at) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (rule_id, "
    "node) DO UPDATE SET hits = alert_rule_hit.hits + excluded.hits, last_at = excluded.last_at",
    NULL};
static const DbStmt FORGET = {"rule_hits_forget", "DELETE FROM alert_rule_hit WHERE rule_id = $1 AND org_id = $2",
                              NULL};
static const DbStmt SUM = {"rule_hits", "SELECT SUM(hits), MAX(last_at) FROM alert_rule_hit WHERE rule_id = $1", NULL};

static void count_one(Batch *batch, i64 rule_id, i64 org_id) {
  for (size_t i = batch->hits.count; i-- > 0;)
    if (batch->hits.items[i].rule_id == rule_id) {
      batch->hits.items[i].count++;
      return;
    }
  *VEC_PUSH(batch->arena, &batch->hits) = (RuleHits){rule_id, org_id, 1};
}

void rule_hits_count(Batch *batch, const Alert *alert, const Plan *plan) {
  for (size_t i = 0; i < plan->trace_count; i++) {
    const RuleTrace *trace = &plan->traces[i];
    if (!trace->skipped && trace->result.match == RULE_MATCHED) count_one(batch, trace->rule->id, alert->org_id);
  }
}

bool rule_hits_write(Batch *batch, Error *err) {
  for (size_t i = 0; i < batch->hits.count; i++) {
    const RuleHits *h = &batch->hits.items[i];
    if (!db_run_later(batch->cycle->db, &ADD, err, db_int(h->rule_id), db_int(batch->cycle->ids->node),
                      db_int(h->org_id), db_int(h->count), db_int(batch->now_ms)))
      return false;
  }
  return true;
}

bool rule_hits_forget(Db *db, i64 org_id, i64 rule_id, Error *err) {
  return db_run(db, &FORGET, err, db_int(rule_id), db_int(org_id));
}

typedef struct Sum {
  i64 hits, last_ms;
} Sum;

static bool read_sum(const DbRow *row, void *ctx) {
  *(Sum *)ctx = (Sum){db_row_int(row, 0), db_row_int(row, 1)};
  return true;
}

void rule_hits_facts(Db *db, Arena *arena, i64 rule_id, MapBuilder *out) {
  Sum sum = {0};
  bool found = false;
  Error ignored = {0};
  if (!db_query_one(db, &SUM, DB_ARGS(db_int(rule_id)), read_sum, &sum, &found, &ignored)) return;
  map_put_c(out, "hits", value_int(sum.hits));
  map_put_c(out, "last_hit_at", sum.last_ms ? value_string(time_text_ms(arena, sum.last_ms)) : value_null());
}

/* The last word of inhibition. Nearly always the first source has nobody above it and that is all; else its sources are
 * followed up, at most NODES_MAX alerts: beyond that nobody is muted, because a wrong page is better than none. */
#include "core/alerts/inhibition_graph.h"

enum { NODES_MAX = 500, EDGES_MAX = 5000 };

/* Sources of an alert by all rules of which it is a target. What matches both sides is not muted by what does, too. */
static const DbStmt ABOVE = {
    "inhibition_above",
    "SELECT s.rule_id, s.alert_id, s.rank FROM inhibition_member AS m JOIN inhibition_member AS s ON s.rule_id = "
    "m.rule_id AND s.value = m.value WHERE m.alert_id = $1 AND m.target = 1 AND s.source = 1 AND s.live = 1 AND "
    "s.alert_id <> m.alert_id AND NOT (m.source = 1 AND s.target = 1) LIMIT 200",
    NULL};

typedef struct Node {
  i64 id, rank;
  bool reached; /* from the alert that was asked about, downwards */
  bool has_above;
} Node;

typedef struct Graph {
  Node nodes[NODES_MAX];
  size_t node_count, at; /* at: whose sources are being read */
  struct {
    size_t from, to;
  } edges[EDGES_MAX]; /* from mutes to */
  size_t edge_count;
  Muted *out;
  bool full;
} Graph;

static size_t node_of(Graph *g, i64 id, i64 rank) {
  for (size_t i = 0; i < g->node_count; i++)
    if (g->nodes[i].id == id) return i;
  if (g->node_count == NODES_MAX) return g->full = true, 0;
  g->nodes[g->node_count] = (Node){.id = id, .rank = rank};
  return g->node_count++;
}

static void note_rule(Muted *out, i64 rule_id) {
  for (size_t i = 0; i < out->count; i++)
    if (out->rule_ids[i] == rule_id) return;
  if (out->count < INHIBITION_RULES_SHOWN) out->rule_ids[out->count++] = rule_id;
}

static bool read_above(const DbRow *row, void *ctx) {
  Graph *g = ctx;
  size_t from = node_of(g, db_row_int(row, 1), db_row_int(row, 2));
  g->nodes[g->at].has_above = true;
  if (g->at == 0) note_rule(g->out, db_row_int(row, 0));
  if (g->edge_count == EDGES_MAX) g->full = true;
  if (g->full) return false;
  g->edges[g->edge_count].from = from;
  g->edges[g->edge_count++].to = g->at;
  return true;
}

/* *out_root: somebody above has nobody above. */
static bool follow_up(Cycle *cycle, Graph *g, bool *out_root, Error *err) {
  *out_root = false;
  for (g->at = 0; g->at < g->node_count && !*out_root && !g->full; g->at++) {
    if (!db_query(cycle->db, &ABOVE, DB_ARGS(db_int(g->nodes[g->at].id)), read_above, g, err)) return false;
    *out_root = g->at > 0 && !g->nodes[g->at].has_above;
  }
  return true;
}

/* Is everybody above also below? Then they are one circle, and nobody outside mutes it. */
static bool is_circle(Graph *g) {
  size_t reached = 1;
  g->nodes[0].reached = true;
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < g->edge_count; i++) {
      Node *to = &g->nodes[g->edges[i].to];
      if (!g->nodes[g->edges[i].from].reached || to->reached) continue;
      to->reached = more = true;
      reached++;
    }
  }
  return reached == g->node_count;
}

static const Node *loudest(const Graph *g) {
  const Node *best = &g->nodes[0];
  for (size_t i = 1; i < g->node_count; i++) {
    const Node *n = &g->nodes[i];
    if (n->rank < best->rank || (n->rank == best->rank && n->id < best->id)) best = n;
  }
  return best;
}

bool inhibition_muted(Cycle *cycle, i64 alert_id, Muted *out, Error *err) {
  static const DbStmt RANK = {"inhibition_rank", "SELECT rank FROM inhibition_member WHERE alert_id = $1 LIMIT 1",
                              NULL};
  Graph *g = ARENA_NEW(cycle->arena, Graph);
  bool root = false, found = false;
  i64 rank = 0;
  *out = (Muted){0};
  g->out = out;
  if (!db_query_int(cycle->db, &RANK, DB_ARGS(db_int(alert_id)), &rank, &found, err)) return false;
  if (!found) return true;
  (void)node_of(g, alert_id, rank);
  if (!follow_up(cycle, g, &root, err)) return false;
  if (root || out->count == 0) return true;
  if (g->full) return out->count = 0, true;
  if (!is_circle(g)) return true;
  const Node *loud = loudest(g);
  if (loud->id == alert_id)
    out->count = 0;
  else
    out->loud_id = loud->id;
  return true;
}

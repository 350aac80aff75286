/* Which alerts belong together, beyond equal fields: by their text, their time and the graph of services. Suggestions
 * only: nothing here groups, pages or holds by itself; people accept or reject, and rules act.
 *
 * score = 0.4 text + 0.3 time + 0.3 graph; shown from 0.6. */
#ifndef TOCSIN_CORE_ALERTS_TOGETHER_H
#define TOCSIN_CORE_ALERTS_TOGETHER_H

#include "core/setup/setup.h"

enum {
  TOGETHER_ALERTS_MAX = 2000,         /* open alerts that changed last, of which pairs are looked for */
  TOGETHER_WALK_MAX = 10000,          /* alerts that changed last, open or not, among which those are looked for */
  TOGETHER_APART_MS = 15 * 60 * 1000, /* further apart nothing belongs together: alerts that return do not, either */
  TOGETHER_PAST_MS = 24 * 60 * 60 * 1000, /* pairs of what changed longer ago are told of the alert alone */
  TOGETHER_SHOWN = 50,                    /* suggestions */
  TOGETHER_DAYS = 90,                     /* of the acceptance rate */
};
#define TOGETHER_SHOWN_FROM 0.6

/* together.c: pure ------------------------------------------------------------------------------------------------ */

/* Words and shingles of 3 characters of the title and the labels, digits and runs of hex digits replaced by #: their
 * hashes, sorted, each once. In `arena`. */
typedef struct Shingles {
  u64 *items;
  size_t count;
} Shingles;
Shingles together_shingles(Arena *arena, Str title, const Value *labels);
double together_text(const Shingles *a, const Shingles *b); /* Jaccard, 0 to 1 */
double together_time(i64 a_ms, i64 b_ms);                   /* exp(-dt / 5 min) */
double together_graph(int hops);                            /* 1, 0.5, 0.25 for 0, 1, 2; else 0 (-1: no way) */

typedef struct TogetherScore {
  double text, time, graph, score;
  int hops; /* between their services; -1: further than 2, or a service is missing */
  i64 apart_ms;
} TogetherScore;
TogetherScore together_score(const Shingles *a, const Shingles *b, i64 a_ms, i64 b_ms, int hops);
/* "Nearly the same text; 40 s apart; payments needs database." */
Str together_because(Arena *arena, const TogetherScore *score, Str service_a, Str service_b);

/* together_pairs.c: pure ------------------------------------------------------------------------------------------ */

typedef struct TogetherItem {
  i64 at_ms, service_id; /* 0: none */
  Shingles shingles;
} TogetherItem;
typedef struct TogetherLook {
  void *ctx;
  void (*pair)(void *ctx, size_t a, size_t b);                      /* a came before b; each pair once */
  size_t (*near)(void *ctx, i64 service_id, const i64 **out_items); /* services one or two hops from it */
} TogetherLook;
/* The pairs that could score TOGETHER_SHOWN_FROM, and some that do not. Items by time. Of many that are alike only the
 * last 50 before each are looked at. */
void together_pairs(Arena *arena, const TogetherItem *items, size_t count, const TogetherLook *look);

/* together_find.c ------------------------------------------------------------------------------------------------- */

/* Pairs of open alerts that seem to belong together and that nobody has answered, best first; alert_id 0: all, else
 * those with this one. [{alert_id, ..., other_id, ..., score, text, time, graph, because}] */
typedef struct TogetherAsk {
  i64 org_id, alert_id, now_ms;
} TogetherAsk;
MUST_CHECK bool together_suggest(Db *db, Arena *arena, const Setup *setup, const TogetherAsk *ask, Value *out,
                                 Error *err);
/* Of two alerts, whatever they reach. False in out_found: one of them is gone. */
MUST_CHECK bool together_of(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 a, i64 b, TogetherScore *out,
                            bool *out_found, Error *err);

/* together_answer.c ----------------------------------------------------------------------------------------------- */

/* A person's word: accepted writes the relation `correlates_with`, rejected takes it away; a later word replaces an
 * earlier one. Both alerts' timelines say so. */
MUST_CHECK bool together_answer(Cycle *cycle, i64 org_id, i64 a, i64 b, bool accepted, const Who *who, Error *err);
/* Those that people put together with it: [{alert_id, number, title, status, by, at}]. */
MUST_CHECK bool together_accepted(Db *db, Arena *arena, i64 org_id, i64 alert_id, Value *out, Error *err);
/* {accepted, rejected, rate (percent)} of the last TOGETHER_DAYS; rate null: nobody has answered. */
MUST_CHECK bool together_rate(Db *db, Arena *arena, i64 org_id, i64 now_ms, Value *out, Error *err);
/* A draft of an alert rule that would put such two into one incident, in the form POST /alert-rules takes. */
MUST_CHECK bool together_rule(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 a, i64 b, Value *out,
                              Error *err);

#endif

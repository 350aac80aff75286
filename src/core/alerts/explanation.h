/* One run of the rules over an alert, as it is kept: which rules matched and why not, what is held, who is paged, what
 * came of it. Plain data; texts point into an arena. explanation.c writes it as compact bytes and reads it again. */
#ifndef TOCSIN_CORE_ALERTS_EXPLANATION_H
#define TOCSIN_CORE_ALERTS_EXPLANATION_H

#include "lang/value.h"

typedef enum ExplainResult {
  EXPLAIN_MATCHED,
  EXPLAIN_NOT_MATCHED,
  EXPLAIN_ERROR,
  EXPLAIN_SKIPPED,
  EXPLAIN_RESULT_COUNT
} ExplainResult;

typedef struct ExplainRule {
  i64 rule_id;
  Str name;
  ExplainResult result;
  Str text;        /* what decided; of a skipped one why */
  Str error, done; /* empty: none */
} ExplainRule;

typedef struct ExplainPage {
  i64 policy_id, page_id; /* page_id 0: none yet */
  Str policy, why;
} ExplainPage;

typedef struct ExplainHold {
  Str reason;
  i64 id, until_ms; /* 0: none */
} ExplainHold;

typedef struct Explanation {
  i64 run, at_ms;
  Str why, status, outcome;
  ExplainRule *rules;
  size_t rule_count;
  ExplainPage *pages;
  size_t page_count;
  ExplainHold *holds;
  size_t hold_count;
  bool unrouted;
  i64 incident_rule_id, incident_id; /* 0: none */
} Explanation;

/* As the API shows it. */
Value explanation_value(Arena *arena, const Explanation *e);
Str explanation_pack(Arena *arena, const Explanation *e);
/* False: these are not bytes of explanation_pack. Texts point into `bytes`. */
MUST_CHECK bool explanation_unpack(Arena *arena, Str bytes, Explanation *out);
/* "sil", "rul", ...: of the id that a hold with this reason carries. */
const char *hold_id_prefix(Str reason);

#endif

/* Quiet: what keeps an alert from making a noise. Silences, maintenance windows and inhibition rules, compiled into one
 * immutable set that hangs on the picture of the setup (setup_quiet), and indexed by label, so that an alert is only
 * held against those that could match it.
 *
 * Index: of each list of matchers the rarest is its anchor: a `name="value"`, a regular expression that is a list of
 * words (it counts as several), or the letters that an expression begins with; without one, a label that must be there;
 * else it is asked about every alert of its organization. Cost of a question: a lookup for each label that is some
 * anchor's, one more for each length of its prefixes, plus the candidates, of which the expressions are asked last.
 *
 * Life: what did not change since the set before (by the row's `stamp`) is taken over compiled. Everything here is
 * pure; who is held and who is let go is decided in core/alerts (quieting.c), by asking this set anew. */
#ifndef TOCSIN_CORE_QUIET_H
#define TOCSIN_CORE_QUIET_H

#include "core/app.h"
#include "lang/cel/cel.h"
#include "lang/matcher.h"

enum {
  QUIET_FOUND_MAX = 32,  /* of one kind, for one alert */
  SILENCE_CEL_MAX = 100, /* silences by expression that are active or to come, in one organization */
  WINDOW_DAYS_MAX = 30,
  SILENCE_IDLE_MS = 3600000, /* expires_when_idle: so long without an open alert that it matches */
};

/* One way to match: all of what it says must hold. */
typedef struct QuietMatch {
  const Matcher *matchers;
  size_t matcher_count;
  const CelProgram *when;
  i64 service_id, integration_id; /* 0: any */
} QuietMatch;

typedef struct QuietPart QuietPart;

typedef struct Silence {
  i64 id, org_id, stamp;
  i64 starts_ms, ends_ms; /* inclusive; ends_ms 0: open end */
  bool until_resolved, expires_when_idle;
  Str comment, who; /* who: the maker's name */
  i64 user_id;      /* the maker; 0: a key's */
  QuietMatch match;
} Silence;

typedef struct MaintenanceWindow {
  i64 id, org_id, stamp, team_id, user_id; /* user_id: the maker; 0: a key's */
  i64 starts_ms, ends_ms;                  /* of the present or next occurrence; 0: none is left */
  Str name;
  QuietMatch *matches; /* any of them */
  size_t match_count;
} MaintenanceWindow;

typedef struct InhibitionRule {
  i64 id, org_id, stamp;
  Str name;
  QuietMatch source, target;
  Str *equal;
  size_t equal_count;
  bool missing_equal, everything; /* everything: scope all, no label need be equal */
  i64 wait_ms, release_ms;
} InhibitionRule;

/* An alert as matchers see it: a label of that name, else one of these (the label always wins):
 * service, team, integration (their slugs), priority, source, title. */
typedef struct QuietSubject {
  i64 org_id, service_id, integration_id;
  const Value *labels; /* a map, or not */
  Str service, team, integration, priority, source, title;
  /* for expressions; made when the first one is asked */
  Value (*facts)(void *ctx);
  void *facts_ctx;
  Arena *arena;
  i64 now_ms;
} QuietSubject;

/* Empty when there is none. */
Str quiet_label(const QuietSubject *subject, Str name);
bool quiet_match(const QuietMatch *match, const QuietSubject *subject);
/* A label that an alert must have, with this very value, to match: none of the names that every alert has. NULL: it
 * asks for none. */
const Matcher *quiet_wanted_label(const QuietMatch *match);

typedef struct QuietFound {
  const Silence *silences[QUIET_FOUND_MAX];
  const MaintenanceWindow *windows[QUIET_FOUND_MAX];
  const InhibitionRule *sources[QUIET_FOUND_MAX], *targets[QUIET_FOUND_MAX];
  size_t silence_count, window_count, source_count, target_count;
} QuietFound;

typedef struct Quiet Quiet;

/* What is in force at subject->now_ms and matches. More than QUIET_FOUND_MAX of a kind are not told. */
void quiet_find(const Quiet *quiet, const QuietSubject *subject, QuietFound *out);
const Silence *quiet_silence(const Quiet *quiet, i64 id); /* NULL when it has ended */
const MaintenanceWindow *quiet_window(const Quiet *quiet, i64 id);
const InhibitionRule *quiet_rule(const Quiet *quiet, i64 id);
bool silence_active(const Silence *silence, i64 now_ms);
bool window_active(const MaintenanceWindow *window, i64 now_ms);
/* The inhibition rules of an organization, at most `max`; in `arena`. */
void quiet_rules_of(const Quiet *quiet, i64 org_id, size_t max, Arena *arena, const InhibitionRule ***out,
                    size_t *out_count);
bool quiet_has_rules(const Quiet *quiet, i64 org_id); /* inhibition rules */
size_t quiet_size(const Quiet *quiet);

/* Loads what changed; takes the rest from `before` (NULL: nothing). *out is `before` itself when nothing changed at
 * all. Give back what was taken. */
MUST_CHECK bool quiet_load(App *app, Db *db, const Quiet *before, const Quiet **out, Error *err);
const Quiet *quiet_take(const Quiet *quiet);
void quiet_give(const Quiet *quiet);
/* Does it know all that this transaction sees? */
MUST_CHECK bool quiet_is_fresh(const Quiet *quiet, Db *db, bool *out, Error *err);
/* In the transaction of a write that changes what quiet_load would find. */
MUST_CHECK bool quiet_changed(Db *db, IdGen *ids, Error *err);

/* quiet_compile.c: from the API form (matchers[] or when) to what can be asked. err->pointer names the member. */
MUST_CHECK bool quiet_compile(const App *app, Arena *arena, const Value *matchers, Str when, QuietMatch *out,
                              Error *err);
/* [{name, op, value}] from a list of matchers. */
Value quiet_matchers_value(Arena *arena, const Matcher *items, size_t count);
MUST_CHECK bool quiet_matchers_read(Arena *arena, const Value *list, Matcher **out, size_t *out_count, Error *err);
/* Would it match an alert without any label; an expression: one of which nothing is known? */
bool quiet_matches_everything(const QuietMatch *match);

#endif

/* The set: its index, and the question who holds an alert. */
#include "core/quiet/quiet.h"

#include <stdlib.h>

#include "core/quiet/internal.h"

static const char *const VIRTUAL[] = {"service", "team", "integration", "priority", "source", "title"};

static Str virtual_label(const QuietSubject *s, size_t i) {
  const Str values[COUNT(VIRTUAL)] = {s->service, s->team, s->integration, s->priority, s->source, s->title};
  return values[i].ptr ? values[i] : S("");
}

Str quiet_label(const QuietSubject *s, Str name) {
  const Value *found = value_get(s->labels, name);
  if (value_is(found, VALUE_STRING)) return value_text(found);
  for (size_t i = 0; i < COUNT(VIRTUAL); i++)
    if (str_equal_c(name, VIRTUAL[i])) return virtual_label(s, i);
  return S("");
}

static bool expression_holds(const CelProgram *when, const QuietSubject *s) {
  static const char *const NAMES[] = {"alert", "labels", "service", "integration", "now"};
  Value facts = s->facts(s->facts_ctx), vars[64] = {value_null()}, result = value_null();
  for (size_t i = 0; i < COUNT(NAMES); i++) {
    const Value *v = value_get_c(&facts, NAMES[i]);
    vars[i] = v ? *v : value_null();
  }
  CelRun run = {.vars = vars, .now_ms = s->now_ms};
  Error ignored = {0};
  return cel_eval(when, s->arena, &run, &result, &ignored) && value_bool_or(&result, false);
}

/* Those that compare texts, or those that try an expression. */
static bool matchers_hold(const QuietMatch *m, const QuietSubject *s, bool expressions) {
  for (size_t i = 0; i < m->matcher_count; i++) {
    const Matcher *one = &m->matchers[i];
    if ((one->regex != NULL) == expressions && !matcher_holds(one, quiet_label(s, one->name))) return false;
  }
  return true;
}

bool quiet_match(const QuietMatch *m, const QuietSubject *s) {
  if (m->service_id && m->service_id != s->service_id) return false;
  if (m->integration_id && m->integration_id != s->integration_id) return false;
  if (!matchers_hold(m, s, false) || !matchers_hold(m, s, true)) return false;
  return !m->when || (s->facts && expression_holds(m->when, s));
}

static bool is_virtual(Str name) {
  for (size_t i = 0; i < COUNT(VIRTUAL); i++)
    if (str_equal_c(name, VIRTUAL[i])) return true;
  return false;
}

const Matcher *quiet_wanted_label(const QuietMatch *match) {
  for (size_t i = 0; i < match->matcher_count; i++) {
    const Matcher *m = &match->matchers[i];
    if (m->op == MATCHER_EQUAL && m->value.len > 0 && !is_virtual(m->name)) return m;
  }
  return NULL;
}

bool silence_active(const Silence *s, i64 now_ms) {
  return s->starts_ms <= now_ms && (s->ends_ms == 0 || now_ms <= s->ends_ms);
}

bool window_active(const MaintenanceWindow *w, i64 now_ms) {
  return w->starts_ms > 0 && w->starts_ms <= now_ms && now_ms <= w->ends_ms;
}

/* Asking ---------------------------------------------------------------------------------------------------------- */

static void add_once(const void **list, size_t *count, const void *item) {
  for (size_t i = 0; i < *count; i++)
    if (list[i] == item) return;
  if (*count < QUIET_FOUND_MAX) list[(*count)++] = item;
}

static void add_found(const QuietEntry *e, QuietFound *out) {
  switch (e->kind) {
  case QUIET_SILENCE: add_once((const void **)out->silences, &out->silence_count, e->owner); break;
  case QUIET_WINDOW: add_once((const void **)out->windows, &out->window_count, e->owner); break;
  case QUIET_SOURCE: add_once((const void **)out->sources, &out->source_count, e->owner); break;
  case QUIET_TARGET: add_once((const void **)out->targets, &out->target_count, e->owner); break;
  }
}

static bool in_force(const QuietEntry *e, i64 now_ms) {
  if (e->kind == QUIET_SILENCE) return silence_active(e->owner, now_ms);
  return e->kind != QUIET_WINDOW || window_active(e->owner, now_ms);
}

static void ask(const QuietEntries *list, const QuietSubject *s, QuietFound *out) {
  for (size_t i = 0; list && i < list->count; i++)
    if (in_force(list->items[i], s->now_ms) && quiet_match(list->items[i]->match, s)) add_found(list->items[i], out);
}

static void ask_prefixes(const QuietName *slot, const QuietSubject *s, Str value, QuietFound *out) {
  for (u64 left = slot->prefix_lengths; left; left &= left - 1) {
    size_t len = (size_t)__builtin_ctzll(left) + 1;
    if (len > value.len) return;
    ask(map_get(slot->prefixes, (Str){value.ptr, len}), s, out);
  }
}

static void ask_name(const QuietIndex *index, const QuietSubject *s, Str name, Str value, QuietFound *out) {
  const QuietName *slot = map_get(index->names, name);
  if (!slot || value.len == 0) return;
  ask(slot->values ? map_get(slot->values, value) : NULL, s, out);
  ask_prefixes(slot, s, value, out);
  ask(&slot->present, s, out);
}

static Str id_key(char room[24], i64 id) {
  size_t at = 24;
  for (u64 n = (u64)id; at > 0 && (n || at == 24); n /= 10) room[--at] = (char)('0' + n % 10);
  return (Str){room + at, 24 - at};
}

static const QuietIndex *index_of(const Quiet *quiet, i64 org_id) {
  for (size_t i = 0; quiet && i < quiet->orgs.count; i++)
    if (quiet->orgs.items[i]->org_id == org_id) return quiet->orgs.items[i];
  return NULL;
}

void quiet_find(const Quiet *quiet, const QuietSubject *s, QuietFound *out) {
  const QuietIndex *index = index_of(quiet, s->org_id);
  char room[24];
  out->silence_count = out->window_count = out->source_count = out->target_count = 0;
  if (!index) return;
  bool labelled = value_is(s->labels, VALUE_MAP) && map_count(index->names) > 0;
  for (size_t i = 0; labelled && i < s->labels->size; i++) {
    const Member *m = &s->labels->members[i];
    if (m->value.kind == VALUE_STRING) ask_name(index, s, value_text(&m->key), value_text(&m->value), out);
  }
  for (size_t i = 0; index->virtual_names && i < COUNT(VIRTUAL); i++)
    if (!value_is(value_get_c(s->labels, VIRTUAL[i]), VALUE_STRING))
      ask_name(index, s, str_from_c(VIRTUAL[i]), virtual_label(s, i), out);
  if (s->service_id && map_count(index->services)) ask(map_get(index->services, id_key(room, s->service_id)), s, out);
  if (s->integration_id && map_count(index->integrations))
    ask(map_get(index->integrations, id_key(room, s->integration_id)), s, out);
  ask(&index->rest, s, out);
}

/* Every kind's struct begins with its id. */
static const void *by_id(const void *const *items, size_t count, i64 id) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    i64 here = *(const i64 *)items[middle];
    if (here == id) return items[middle];
    if (here < id)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const Silence *quiet_silence(const Quiet *q, i64 id) {
  return q ? by_id((const void *const *)q->silences.items, q->silences.count, id) : NULL;
}
const MaintenanceWindow *quiet_window(const Quiet *q, i64 id) {
  return q ? by_id((const void *const *)q->windows.items, q->windows.count, id) : NULL;
}
const InhibitionRule *quiet_rule(const Quiet *q, i64 id) {
  return q ? by_id((const void *const *)q->rules.items, q->rules.count, id) : NULL;
}
void quiet_rules_of(const Quiet *q, i64 org_id, size_t max, Arena *arena, const InhibitionRule ***out,
                    size_t *out_count) {
  *out = ARENA_ARRAY(arena, const InhibitionRule *, (q ? q->rules.count : 0) + 1);
  *out_count = 0;
  for (size_t i = 0; q && i < q->rules.count && *out_count < max; i++)
    if (q->rules.items[i]->org_id == org_id) (*out)[(*out_count)++] = q->rules.items[i];
}
bool quiet_has_rules(const Quiet *quiet, i64 org_id) {
  const QuietIndex *index = index_of(quiet, org_id);
  return index && index->rules > 0;
}
size_t quiet_size(const Quiet *q) {
  return q ? q->silences.count + q->windows.count + q->rules.count : 0;
}

/* Indexing -------------------------------------------------------------------------------------------------------- */

typedef struct Indexing {
  Quiet *quiet;
  QuietIndex *index;
  Map *counts; /* "name\0value", "name\1prefix" -> how many lists could use it as anchor */
} Indexing;

/* By which a list may be found: the label is one of these texts, or begins with this one. */
typedef struct Anchor {
  Str name;
  const Str *texts;
  size_t count; /* 0: none */
  bool prefix;
  Str first; /* of a prefix, the room for its text */
} Anchor;

/* Room for the result, because `texts` may point into it. None when it is not known, or the empty text is among them.
 */
static void anchor_of(const Matcher *m, Anchor *out) {
  *out = (Anchor){.name = m->name};
  if (m->op == MATCHER_EQUAL && m->value.len) {
    out->texts = &m->value, out->count = 1;
  } else if (m->op == MATCHER_REGEX && m->regex && m->prefix.len) {
    out->first = (Str){m->prefix.ptr, MIN(m->prefix.len, QUIET_PREFIX_MAX)};
    out->texts = &out->first, out->count = 1, out->prefix = true;
  } else if (m->op == MATCHER_REGEX && m->choices) {
    for (size_t i = 0; i < m->choice_count; i++)
      if (m->choices[i].len == 0) return;
    out->texts = m->choices, out->count = m->choice_count;
  }
}

static size_t *count_of(Indexing *x, const Anchor *anchor, size_t text) {
  Buf key = buf_new(x->quiet->arena, anchor->name.len + anchor->texts[text].len + 2);
  buf_put(&key, anchor->name);
  buf_putc(&key, anchor->prefix ? '\1' : '\0');
  buf_put(&key, anchor->texts[text]);
  void **slot = map_slot(x->counts, buf_str(&key));
  if (!*slot) *slot = ARENA_NEW(x->quiet->arena, size_t);
  return *slot;
}

static void count_entry(Indexing *x, const QuietMatch *match) {
  for (size_t i = 0; i < match->matcher_count; i++) {
    Anchor anchor;
    anchor_of(&match->matchers[i], &anchor);
    for (size_t k = 0; k < anchor.count; k++) ++*count_of(x, &anchor, k);
  }
}

/* Of equally rare ones a whole text before a prefix, which more labels may have. */
static const Matcher *rarest(Indexing *x, const QuietMatch *match) {
  const Matcher *best = NULL;
  size_t least = SIZE_MAX;
  for (size_t i = 0; i < match->matcher_count; i++) {
    Anchor anchor;
    anchor_of(&match->matchers[i], &anchor);
    size_t weight = anchor.prefix ? 1 : 0;
    for (size_t k = 0; k < anchor.count; k++) weight += 2 * *count_of(x, &anchor, k);
    if (anchor.count && weight < least) least = weight, best = &match->matchers[i];
  }
  return best;
}

static QuietName *name_slot(Indexing *x, Str name) {
  void **slot = map_slot(x->index->names, name);
  if (!*slot) *slot = ARENA_NEW(x->quiet->arena, QuietName);
  for (size_t i = 0; i < COUNT(VIRTUAL); i++)
    if (str_equal_c(name, VIRTUAL[i])) x->index->virtual_names = true;
  return *slot;
}

static void put_under(Indexing *x, Map *map, Str key, const QuietEntry *entry) {
  void **slot = map_slot(map, key);
  if (!*slot) *slot = ARENA_NEW(x->quiet->arena, QuietEntries);
  QuietEntries *list = *slot;
  *VEC_PUSH(x->quiet->arena, list) = entry;
}

static void put_anchored(Indexing *x, const QuietEntry *entry, const Matcher *matcher) {
  Anchor anchor;
  anchor_of(matcher, &anchor);
  QuietName *name = name_slot(x, anchor.name);
  Map **map = anchor.prefix ? &name->prefixes : &name->values;
  if (!*map) *map = map_new(x->quiet->arena);
  for (size_t k = 0; k < anchor.count; k++) put_under(x, *map, anchor.texts[k], entry);
  if (anchor.prefix) name->prefix_lengths |= (u64)1 << (anchor.first.len - 1);
}

static void put_entry(Indexing *x, const QuietEntry *entry) {
  const QuietMatch *match = entry->match;
  Arena *arena = x->quiet->arena;
  const Matcher *anchor = rarest(x, match);
  if (anchor) {
    put_anchored(x, entry, anchor);
    return;
  }
  for (size_t i = 0; i < match->matcher_count; i++)
    if (!matcher_holds_for_missing(&match->matchers[i])) {
      *VEC_PUSH(arena, &name_slot(x, match->matchers[i].name)->present) = entry;
      return;
    }
  if (match->service_id)
    put_under(x, x->index->services, str_format(arena, "%lld", (long long)match->service_id), entry);
  else if (match->integration_id)
    put_under(x, x->index->integrations, str_format(arena, "%lld", (long long)match->integration_id), entry);
  else
    *VEC_PUSH(arena, &x->index->rest) = entry;
}

static QuietIndex *index_for(Quiet *quiet, i64 org_id) {
  const QuietIndex *there = index_of(quiet, org_id);
  if (there) return (QuietIndex *)(uintptr_t)there;
  QuietIndex *index = ARENA_NEW(quiet->arena, QuietIndex);
  *index = (QuietIndex){.org_id = org_id,
                        .names = map_new(quiet->arena),
                        .services = map_new(quiet->arena),
                        .integrations = map_new(quiet->arena)};
  *VEC_PUSH(quiet->arena, &quiet->orgs) = index;
  return index;
}

typedef struct Listed {
  i64 org_id;
  QuietEntry entry;
} Listed;
typedef VEC(Listed *) ListedVec;

static void list_entry(Quiet *quiet, ListedVec *all, i64 org_id, QuietKind kind, const void *owner,
                       const QuietMatch *match) {
  Listed *item = ARENA_NEW(quiet->arena, Listed);
  *item = (Listed){org_id, {kind, owner, match}};
  *VEC_PUSH(quiet->arena, all) = item;
}

static void list_all(Quiet *quiet, ListedVec *all) {
  for (size_t i = 0; i < quiet->silences.count; i++) {
    const Silence *s = quiet->silences.items[i];
    list_entry(quiet, all, s->org_id, QUIET_SILENCE, s, &s->match);
  }
  for (size_t i = 0; i < quiet->windows.count; i++) {
    const MaintenanceWindow *w = quiet->windows.items[i];
    for (size_t k = 0; k < w->match_count; k++) list_entry(quiet, all, w->org_id, QUIET_WINDOW, w, &w->matches[k]);
  }
  for (size_t i = 0; i < quiet->rules.count; i++) {
    const InhibitionRule *r = quiet->rules.items[i];
    list_entry(quiet, all, r->org_id, QUIET_SOURCE, r, &r->source);
    list_entry(quiet, all, r->org_id, QUIET_TARGET, r, &r->target);
    index_for(quiet, r->org_id)->rules++;
  }
}

void quiet_index(Quiet *quiet) {
  ListedVec all = {0};
  Indexing x = {.quiet = quiet, .counts = map_new(quiet->arena)};
  list_all(quiet, &all);
  for (size_t i = 0; i < all.count; i++) count_entry(&x, all.items[i]->entry.match);
  for (size_t i = 0; i < all.count; i++) {
    x.index = index_for(quiet, all.items[i]->org_id);
    put_entry(&x, &all.items[i]->entry);
  }
}

/* The index of what is quiet finds what matching one by one finds. */
#include "core/quiet/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SILENCES = 400, SUBJECTS = 2000 };

static const char *const NAMES[] = {"team", "pod", "service", "zone"};
static const char *const TEXTS[] = {"db", "db-1", "db-12", "web", "w", "a1", "a12-b"};
static const char *const PATTERNS[] = {"db",    "db|web", "db-.*",    "db-1+",    "w.*",
                                       "w?.*b", ".+",     "a12?-?.*", "(db|w).+", ".*"};

static u64 next(u64 *seed) {
  *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return *seed >> 33;
}

static void random_matcher(Arena *arena, u64 *seed, Matcher *out) {
  Error err = {0};
  *out = (Matcher){.name = str_from_c(NAMES[next(seed) % COUNT(NAMES)]), .op = (MatcherOp)(next(seed) % 4)};
  bool expression = out->op == MATCHER_REGEX || out->op == MATCHER_NOT_REGEX;
  out->value = str_from_c(expression ? PATTERNS[next(seed) % COUNT(PATTERNS)] : TEXTS[next(seed) % COUNT(TEXTS)]);
  assert_true(matcher_compile(arena, out, &err));
}

static void add_silence(Quiet *quiet, u64 *seed, i64 id) {
  Silence *s = ARENA_NEW(quiet->arena, Silence);
  Matcher *items = ARENA_ARRAY(quiet->arena, Matcher, 3);
  size_t count = 1 + next(seed) % 3;
  for (size_t i = 0; i < count; i++) random_matcher(quiet->arena, seed, &items[i]);
  *s = (Silence){.id = id, .org_id = 1, .match = {.matchers = items, .matcher_count = count}};
  *VEC_PUSH(quiet->arena, &quiet->silences) = s;
}

static QuietSubject random_subject(Arena *arena, u64 *seed, Value *labels) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < COUNT(NAMES); i++)
    if (next(seed) % 2) map_put_c(&map, NAMES[i], value_c(TEXTS[next(seed) % COUNT(TEXTS)]));
  *labels = map_done(&map);
  return (QuietSubject){
      .org_id = 1, .labels = labels, .service = str_from_c(TEXTS[next(seed) % COUNT(TEXTS)]), .now_ms = 1000};
}

/* One silence at a time in a set of its own would be the same question: each set has few enough for all to be told. */
static void the_index_finds_what_matches(void **state) {
  (void)state;
  u64 seed = 7;
  size_t held = 0;
  for (int round = 0; round < SILENCES / 20; round++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Quiet quiet = {.arena = arena};
    for (i64 id = 1; id <= 20; id++) add_silence(&quiet, &seed, id);
    quiet_index(&quiet);
    for (int n = 0; n < SUBJECTS / 20; n++) {
      Value labels;
      QuietFound found;
      QuietSubject subject = random_subject(arena, &seed, &labels);
      size_t expected = 0;
      quiet_find(&quiet, &subject, &found);
      for (size_t i = 0; i < quiet.silences.count; i++) {
        bool told = false, matches = quiet_match(&quiet.silences.items[i]->match, &subject);
        for (size_t k = 0; k < found.silence_count; k++) told = told || found.silences[k] == quiet.silences.items[i];
        assert_int_equal(told, matches);
        expected += matches;
      }
      assert_int_equal(found.silence_count, expected);
      held += expected;
    }
  }
  assert_true(held > 1000);
}

static size_t slots(const QuietIndex *index, const char *name, bool prefixes, const char *text) {
  const QuietName *slot = map_get(index->names, str_from_c(name));
  const Map *map = slot ? (prefixes ? slot->prefixes : slot->values) : NULL;
  const QuietEntries *list = map ? map_get(map, str_from_c(text)) : NULL;
  return list ? list->count : 0;
}

/* A thousand that share one label are not asked about each alert with it: each lies under what it shares with none. */
static void what_many_share_is_no_anchor(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Quiet quiet = {.arena = arena};
  Error err = {0};
  for (int n = 0; n < 1000; n++) {
    Silence *s = ARENA_NEW(arena, Silence);
    Matcher *items = ARENA_ARRAY(arena, Matcher, 2);
    items[0] = (Matcher){.name = S("job"), .op = MATCHER_EQUAL, .value = S("node")};
    items[1] = (Matcher){.name = S("pod"), .op = n % 2 ? MATCHER_EQUAL : MATCHER_REGEX};
    items[1].value = str_format(arena, n % 2 ? "pod%d" : "pod%d-.*", n);
    assert_true(matcher_compile(arena, &items[1], &err));
    *s = (Silence){.id = n + 1, .org_id = 1, .match = {.matchers = items, .matcher_count = 2}};
    *VEC_PUSH(arena, &quiet.silences) = s;
  }
  quiet_index(&quiet);
  assert_int_equal(slots(quiet.orgs.items[0], "job", false, "node"), 0);
  assert_int_equal(slots(quiet.orgs.items[0], "pod", false, "pod7"), 1);
  assert_int_equal(slots(quiet.orgs.items[0], "pod", true, "pod8-"), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_index_finds_what_matches),
      cmocka_unit_test(what_many_share_is_no_anchor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

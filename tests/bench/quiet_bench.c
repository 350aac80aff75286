/* What silences and inhibition rules cost per alert: quiet_find alone, over alerts that none of them matches. Half of
 * the silences name a team that alerts have beside a pod that they lack (a regular expression), so that some are asked.
 * Prints processor time; stops by itself. */
#include <stdio.h>
#include <time.h>

#include "core/quiet/internal.h"

enum { ALERTS = 200000, KINDS = 1000 };

static double processor_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static Matcher *matcher(Arena *arena, Matcher *at, MatcherOp op, const char *name, Str value) {
  Error err = {0};
  *at = (Matcher){.name = str_from_c(name), .op = op, .value = value};
  if (!matcher_compile(arena, at, &err)) fprintf(stderr, "%s\n", err.message);
  return at + 1;
}

static QuietMatch match_of(Matcher *items, size_t count) {
  return (QuietMatch){.matchers = items, .matcher_count = count};
}

static void add_silence(Quiet *quiet, int n) {
  Arena *arena = quiet->arena;
  Silence *s = ARENA_NEW(arena, Silence);
  Matcher *items = ARENA_ARRAY(arena, Matcher, 2), *end = items;
  if (n % 2) {
    end = matcher(arena, end, MATCHER_EQUAL, "pod", str_format(arena, "gone-%d", n));
  } else {
    end = matcher(arena, end, MATCHER_EQUAL, "team", str_format(arena, "t%d", n / 2 % 50));
    end = matcher(arena, end, MATCHER_REGEX, "pod", str_format(arena, "gone-%d-.*", n));
  }
  *s = (Silence){.id = n + 1, .org_id = 1, .match = match_of(items, (size_t)(end - items))};
  *VEC_PUSH(arena, &quiet->silences) = s;
}

static void add_rule(Quiet *quiet, int n) {
  Arena *arena = quiet->arena;
  InhibitionRule *r = ARENA_NEW(arena, InhibitionRule);
  Matcher *items = ARENA_ARRAY(arena, Matcher, 3);
  (void)matcher(arena, items, MATCHER_EQUAL, "alertname", str_format(arena, "Down%d", n));
  (void)matcher(arena, items + 1, MATCHER_EQUAL, "severity", S("warning"));
  (void)matcher(arena, items + 2, MATCHER_EQUAL, "app", str_format(arena, "app%d", n));
  *r = (InhibitionRule){.id = n + 1, .org_id = 1, .source = match_of(items, 1), .target = match_of(items + 1, 2)};
  *VEC_PUSH(arena, &quiet->rules) = r;
}

static Value labels_of(Arena *arena, int n) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "severity", value_c("warning"));
  map_put_c(&map, "team", value_string(str_format(arena, "t%d", n % 50)));
  map_put_c(&map, "pod", value_string(str_format(arena, "web-%d", n)));
  map_put_c(&map, "cluster", value_c("west"));
  return map_done(&map);
}

static void measure(int silences, int rules) {
  Arena *arena = arena_new(), *alerts = arena_new();
  Quiet quiet = {.arena = arena};
  QuietFound found;
  Value labels[KINDS];
  size_t held = 0;
  for (int n = 0; n < silences; n++) add_silence(&quiet, n);
  for (int n = 0; n < rules; n++) add_rule(&quiet, n);
  double before = processor_us();
  quiet_index(&quiet);
  double indexed = processor_us();
  for (int n = 0; n < KINDS; n++) labels[n] = labels_of(alerts, n);
  double begun = processor_us();
  for (int n = 0; n < ALERTS; n++) {
    QuietSubject subject = {.org_id = 1, .labels = &labels[n % KINDS], .arena = alerts, .now_ms = 1000};
    quiet_find(&quiet, &subject, &found);
    held += found.silence_count + found.source_count + found.target_count;
  }
  printf("%6d silences, %5d inhibition rules: %7.3f us an alert, indexed in %.1f ms%s\n", silences, rules,
         (processor_us() - begun) / ALERTS, (indexed - before) / 1e3, held ? " (some matched!)" : "");
  arena_free(alerts);
  arena_free(arena);
}

int main(void) {
  static const int CASES[][2] = {{0, 0}, {1000, 0}, {10000, 0}, {0, 100}, {0, 1000}, {10000, 1000}};
  for (size_t i = 0; i < COUNT(CASES); i++) measure(CASES[i][0], CASES[i][1]);
  return 0;
}

/* What a schedule of ten layers costs: a year of it (the calendar, reports), and the question of paging, who is it now.
 * Both from memory, as oncall_range asks once the overrides are read. Prints processor time; stops by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/oncall/oncall.h"
#include "lang/json.h"

enum { LAYERS = 10, ROUNDS = 200 };

static double processor_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static Value layers(Arena *arena) {
  static const char LAYER[] =
      "{\"name\":\"L\",\"starts_at\":\"2025-01-06T09:00:00\",\"turn\":{\"every\":1,\"unit\":"
      "\"%s\"},\"members\":[[\"usr_0000000000001\"],[\"usr_0000000000002\"],[]],\"windows\":%s}";
  Buf text = buf_new(arena, KIB(64));
  Value out = value_null();
  Error err = {0};
  for (int i = 0; i < LAYERS; i++) {
    buf_putc(&text, i ? ',' : '[');
    buf_format(&text, LAYER, i % 2 ? "day" : "week",
               i % 2 ? "[{\"days\":[\"mon\",\"fri\"],\"from\":\"18:00\",\"to\":\"09:00\"}]" : "[]");
  }
  buf_putc(&text, ']');
  if (!json_parse(arena, buf_str(&text), NULL, &out, &err)) fprintf(stderr, "%s\n", err.message);
  return out;
}

static void measure(ZoneDb *zones, const RenderSources *in, const char *what, i64 span_ms) {
  const i64 from = 1767225600000; /* 2026-01-01 */
  double begun = processor_us();
  size_t shifts = 0;
  for (i64 i = 0; i < ROUNDS; i++) {
    CLEANUP(arena_freep) Arena *scratch = arena_new();
    Rendered rendered = {0};
    Error err = {0};
    i64 at = from + i * 3600 * 1000;
    if (!oncall_render(scratch, zones, in, at, at + span_ms, &rendered, &err)) fprintf(stderr, "%s\n", err.message);
    shifts += rendered.final.count;
  }
  printf("%-32s %8.0f us   (%d layers, %zu shifts)\n", what, (processor_us() - begun) / ROUNDS, LAYERS,
         shifts / ROUNDS);
}

int main(void) {
  Arena *arena = arena_new();
  ZoneDb *zones = zone_db_new(NULL);
  Error err = {0};
  SchedulePlan plan = {.layers = layers(arena)};
  if (!zone_find(zones, S("Europe/Berlin"), &plan.zone, &err)) return fprintf(stderr, "%s\n", err.message), 1;
  RenderSources in = {.plans = &plan, .plan_count = 1};
  measure(zones, &in, "a year", 365 * DAY_MS);
  measure(zones, &in, "who is it now, and until when", DAY_MS);
  measure(zones, &in, "who is it now, 14 days ahead", 14 * DAY_MS);
  zone_db_free(zones);
  arena_free(arena);
  return 0;
}

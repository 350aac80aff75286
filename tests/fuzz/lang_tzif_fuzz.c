/* Zone files: any bytes are a zone or an error, and a zone answers every instant and every wall clock. */
#include <stdlib.h>

#include "lang/time.h"
#include "lang/zone_file.h"

static void ask(const Zone *zone, i64 seconds) {
  const char *abbreviation = NULL;
  i32 offset = zone_offset(zone, seconds, &abbreviation);
  if (!abbreviation || offset < -ZONE_OFFSET_MAX || offset > ZONE_OFFSET_MAX) abort();
  zone_to_utc(zone, zone_to_local(zone, seconds));
}

static void check_file(Str bytes) {
  Arena *arena = arena_new();
  Zone zone;
  Error err = {0};
  if (tzif_parse(arena, bytes, &zone, &err)) {
    static const i64 INSTANTS[] = {INT64_MIN, -5000000000, 0, 1767600000, 4102444800, 250000000000, INT64_MAX};
    for (size_t i = 0; i < COUNT(INSTANTS); i++) ask(&zone, INSTANTS[i]);
    for (size_t i = 0; i < MIN(zone.count, (size_t)50); i++) ask(&zone, zone.times[i]);
  } else if (err.message[0] == '\0') {
    abort();
  }
  arena_free(arena);
}

/* The span that holds an instant ends after it, and another one begins there. */
static void check_tail(Str text) {
  ZoneTail tail;
  if (!zone_tail_parse(text, &tail)) return;
  i64 seconds = 1767600000;
  for (int i = 0; i < 5 && seconds != INT64_MAX; i++) {
    ZoneSpan span = zone_tail_span(&tail, seconds);
    if (span.until <= seconds) abort();
    seconds = span.until;
  }
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  Str text = {(const char *)bytes, count};
  check_file(text);
  check_tail(text);
  return 0;
}

/* A calendar file (PagerDuty, Opsgenie, Google export a rota as one) as a layer of fixed shifts. Whose an event is, is
 * said by its attendees' addresses, then by its summary: a name, an address, or what is left of it without the words
 * that exports put around it ("On Call - Ann Smith - Primary"). Who is not found is named, and can be mapped. */
#ifndef TOCSIN_CORE_ONCALL_IMPORT_H
#define TOCSIN_CORE_ONCALL_IMPORT_H

#include "core/oncall/oncall.h"

enum { IMPORT_SHIFTS_MAX = 2000, IMPORT_DAYS_BACK = 30, IMPORT_DAYS_AHEAD = 400 };

typedef struct ImportAsk {
  i64 org_id, now_ms;
  Str ics, layer; /* layer: its name */
  const Zone *zone;
  const Value *people; /* a list of {text: what the file calls somebody, user_id: who that is; null: left out} */
} ImportAsk;

typedef struct Imported {
  Value layer;     /* null: nothing is left to import */
  Value matched;   /* a list of {text, user_id, by, shifts} */
  Value unmatched; /* of {text, shifts, first_at} */
  Value warnings;  /* texts: events that were passed over */
  size_t shift_count;
} Imported;

/* Pure but for the picture's people. Cost: events times people of the organization. */
MUST_CHECK bool oncall_import(Arena *arena, ZoneDb *zones, const Setup *setup, const ImportAsk *ask, Imported *out,
                              Error *err);

#endif

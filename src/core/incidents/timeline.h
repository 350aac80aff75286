/* The timeline: append-only entries of any activity: who, when, what changed from what to what. */
#ifndef TOCSIN_CORE_TIMELINE_H
#define TOCSIN_CORE_TIMELINE_H

#include "core/app.h"

typedef struct TimelineEntry {
  i64 org_id;
  const char *subject_kind; /* "alert", "incident", "page" */
  i64 subject_id;
  const char *kind; /* "status", "priority", "acknowledged", "paged", "note", "rule", ...: see TIMELINE_KINDS */
  const Who *who;
  Str data; /* JSON object: {"from":..,"to":..} and what the kind says; STR_NONE: {} */
  bool key_event;
} TimelineEntry;

MUST_CHECK bool timeline_add(Cycle *cycle, const TimelineEntry *entry, Error *err);
/* {"from": a, "to": b} */
Str timeline_change(Arena *arena, Str from, Str to);

#endif

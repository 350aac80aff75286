/* The timeline: entries of any activity: who, when, what changed from what to what. Machines only add; what a person
 * corrects is kept as it was. */
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
/* People's corrections (timeline_edit.c); each keeps what stood there. */
typedef struct TimelineCorrection {
  Str text;  /* empty: stays */
  i64 at_ms; /* 0: stays */
  Str reason;
} TimelineCorrection;
MUST_CHECK bool timeline_correct(Cycle *cycle, i64 id, const TimelineCorrection *to, const Who *who, Error *err);
MUST_CHECK bool timeline_mark(Cycle *cycle, i64 id, bool key_event, const Who *who, Error *err);
/* {items: [{edited_at, actor, reason, at, data, key_event}], next_cursor}, newest first. */
MUST_CHECK bool timeline_history(Db *db, Arena *arena, i64 id, Value *out, Error *err);
/* {"from": a, "to": b} */
Str timeline_change(Arena *arena, Str from, Str to);

#endif

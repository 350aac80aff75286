/* Event: one normalised thing out of a request, made by a catalog spec and applied by the engine's stages.
 * Everything is cleaned (valid UTF-8, no U+0000), cut to its limit and in place; absent texts are empty, absent times
 * 0. */
#ifndef TOCSIN_CATALOG_EVENT_H
#define TOCSIN_CATALOG_EVENT_H

#include "lang/value.h"

typedef enum EventKind { EVENT_ALERT, EVENT_CHANGE } EventKind;
typedef enum EventStatus { EVENT_TRIGGERED, EVENT_ACKNOWLEDGED, EVENT_RESOLVED } EventStatus;

enum {
  EVENT_KEY_BYTES = 1024,
  EVENT_TITLE_BYTES = 1024,
  EVENT_TEXT_BYTES = 65536,
  EVENT_LABELS_MAX = 256,
  EVENT_LABEL_BYTES = 4096,
};

/* An organization may have lower ones. */
typedef struct EventLimits {
  size_t key_bytes, title_bytes, label_bytes, labels_max;
  i64 clock_tolerance_ms; /* a time so far ahead of ours is not believed */
} EventLimits;
extern const EventLimits EVENT_LIMITS; /* the product's own */

typedef struct Event {
  EventKind kind;
  u32 element; /* position in the body's list */
  EventStatus status;
  i32 priority;        /* 1..4; 0: the sender said none */
  Str source_priority; /* the sender's word */
  Str dedup_key;       /* never empty: from the spec, else a hash of identity parts; longer than the limit: hashed */
  Str title, description, source;
  Str service;   /* a name, alias or label to look up */
  i64 starts_ms; /* of the episode */
  i64 ends_ms;
  i64 occurred_ms;     /* of this event itself: decides lateness only */
  i64 deadline_ms;     /* resolved by itself then, unless another event moves it (the Alertmanager API) */
  Value labels;        /* map of strings */
  Value links, images; /* lists of {href, title}; null when none */
  bool truncated;
  bool quiet; /* of our own: recorded, asks no rules */
  bool own;   /* of our own about an integration: never in a shared space, its title is the source's name */
  /* changes */
  Str change_kind, change_status, environment, revision, author, url;
} Event;

const char *event_status_name(EventStatus status);
MUST_CHECK bool event_status_parse(Str text, EventStatus *out);

/* As preview shows it and an integration's overrides see it. */
Value event_to_value(Arena *arena, const Event *event);

/* For rows that wait in the inbox. What is unpacked points into `bytes`. Bytes that do not hold events are refused. */
Str events_pack(Arena *arena, const Event *events, size_t count);
MUST_CHECK bool events_unpack(Arena *arena, Str bytes, Event **out, size_t *out_count, Error *err);

#endif

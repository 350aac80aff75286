/* The members of an Event as a table: event.c makes values of them, event_pack.c bytes. */
#ifndef TOCSIN_CATALOG_EVENT_PARTS_H
#define TOCSIN_CATALOG_EVENT_PARTS_H

#include "catalog/event.h"

typedef enum PartType {
  PART_KIND,
  PART_STATUS,
  PART_U32,
  PART_I32,
  PART_I64,
  PART_BOOL,
  PART_STR,
  PART_VALUE
} PartType;

typedef struct EventPart {
  const char *name;
  PartType type;
  size_t offset;
} EventPart;

extern const EventPart EVENT_PARTS[];
extern const size_t EVENT_PART_COUNT;

#endif

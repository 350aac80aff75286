/* The inside of the set: built by quiet_load.c, asked by quiet.c. */
#ifndef TOCSIN_CORE_QUIET_INTERNAL_H
#define TOCSIN_CORE_QUIET_INTERNAL_H

#include "core/quiet/quiet.h"

typedef enum QuietKind { QUIET_SILENCE, QUIET_WINDOW, QUIET_SOURCE, QUIET_TARGET } QuietKind;

/* One way to match, and what it stands for. */
typedef struct QuietEntry {
  QuietKind kind;
  const void *owner; /* Silence, MaintenanceWindow or InhibitionRule */
  const QuietMatch *match;
} QuietEntry;

typedef VEC(const QuietEntry *) QuietEntries;

enum { QUIET_PREFIX_MAX = 64 }; /* bytes of a prefix that the index knows */

typedef struct QuietName {
  Map *values;          /* value -> QuietEntries */
  Map *prefixes;        /* what the value begins with -> QuietEntries */
  u64 prefix_lengths;   /* bit n: there is a prefix of n + 1 bytes */
  QuietEntries present; /* want a label of this name, whatever its value */
} QuietName;

/* Of one organization. */
typedef struct QuietIndex {
  i64 org_id;
  Map *names; /* name -> QuietName */
  bool virtual_names;
  Map *services, *integrations; /* id as text -> QuietEntries */
  QuietEntries rest;
  size_t rules;
} QuietIndex;

/* What was compiled in one go; parts of it live on in later sets. */
typedef struct QuietChunk {
  Arena *arena;
  _Atomic i64 users;
} QuietChunk;

enum { QUIET_CHUNKS_MAX = 24 };

struct Quiet {
  _Atomic i64 users;
  Arena *arena; /* the index and the lists */
  i64 stamp;    /* of the database when it was loaded */
  QuietChunk *chunks[QUIET_CHUNKS_MAX + 1];
  size_t chunk_count;
  VEC(const Silence *) silences; /* by id */
  VEC(const MaintenanceWindow *) windows;
  VEC(const InhibitionRule *) rules;
  VEC(QuietIndex *) orgs;
};

/* quiet.c: over all that is in the lists. */
void quiet_index(Quiet *quiet);

#endif

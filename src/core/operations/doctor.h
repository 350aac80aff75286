/* tocsin doctor: looks at everything that lets a page get lost, and says one line with the way out for each. */
#ifndef TOCSIN_CORE_DOCTOR_H
#define TOCSIN_CORE_DOCTOR_H

#include "core/app.h"
#include "lang/value.h"

typedef enum FindingLevel {
  FINDING_OK,
  FINDING_NOTE,
  FINDING_WARNING,
  FINDING_ERROR,
  FINDING_LEVEL_COUNT
} FindingLevel;
const char *finding_level_name(FindingLevel level);

/* The web server of a contact method, tried once. */
typedef struct ReachedHost {
  Str origin; /* "https://ntfy.example.org" */
  bool ok;
  Error why;
} ReachedHost;

typedef struct Doctor {
  App *app;
  Arena *arena;
  Db *db; /* a reader */
  ValueVec findings;
  VEC(ReachedHost *) hosts;
} Doctor;

/* Text says what is, then a semicolon and the way out. */
void finding(Doctor *doctor, FindingLevel level, const char *about, const char *format, ...) PRINTF_LIKE(4, 5);

/* A list of {"level", "about", "text"}. Takes some seconds: disk, relay and providers are tried. */
MUST_CHECK bool doctor_run(App *app, Arena *arena, Value *out, Error *err);

/* The web server that a URL leads to, tried at most once and told of then; NULL past the first ten. */
const ReachedHost *doctor_host(Doctor *doctor, Str url);

/* Its parts. */
void doctor_machine(Doctor *doctor);            /* doctor_machine.c: versions, disk, clock, zones, what is unsafe */
void doctor_reach(Doctor *doctor);              /* doctor_reach.c: relay, providers, public URL */
bool doctor_people(Doctor *doctor, Error *err); /* doctor_people.c: organization, users, policies, schedules */

#endif

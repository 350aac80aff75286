/* Print: what the API answers, for people (tables that fit the terminal) or for programs (JSON, YAML). Text from the
 * server is never trusted with the terminal: control characters are shown as dots. */
#ifndef TOCSIN_CLI_PRINT_H
#define TOCSIN_CLI_PRINT_H

#include <stdio.h>

#include "cli/client.h"
#include "resource/resource.h"

typedef enum OutputForm { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_NAME } OutputForm;
MUST_CHECK bool output_form_parse(Str text, OutputForm *out);

typedef enum ColumnForm {
  COLUMN_TEXT,
  COLUMN_AGE,      /* a time as "5m", "3h", "12d"; "in 2h" when it is to come */
  COLUMN_COUNT,    /* how many items a list has */
  COLUMN_REF,      /* the id of another resource, shown by its name */
  COLUMN_STATUS,   /* coloured */
  COLUMN_PRIORITY, /* p1 .. p4, coloured */
  COLUMN_SEVERITY, /* 0 .. 4 as SEV0 .. SEV4, coloured */
  COLUMN_ERROR,    /* a code in words */
  COLUMN_MATCHERS, /* as they are typed: team="db", pod=~"a.*" */
} ColumnForm;

typedef struct Column {
  const char *title; /* NULL ends the table */
  const char *path;  /* JSON pointer into an item, without the first slash */
  ColumnForm form;
  const char *ref; /* COLUMN_REF: the resource's name ("service") */
  bool wide;       /* with --output wide only */
} Column;

typedef struct Screen {
  size_t width; /* 0: no limit */
  bool colour;
} Screen;
/* Of standard output: colour only on a terminal and without NO_COLOR. */
Screen screen_of(void);

enum { PRINT_TIME_BYTES = 16 };
/* Now, as the clock on the wall: "14:03:59". */
void print_time(char out[PRINT_TIME_BYTES]);

/* How long ago, or in how long: "5m", "in 2h". */
Str print_age(Arena *arena, Str time);
/* The colour of a status, priority or severity; NULL: none. */
const char *print_colour(ColumnForm form, Str text);
#define PRINT_PLAIN "\033[0m"
/* What a code of a notification's error means, for people; other texts as they are. */
Str print_code(Arena *arena, Str code);

/* Work that takes a while: a bar on standard error when that is a terminal. All zero: says nothing. */
typedef struct Progress {
  const char *what;
  size_t count, done;
  i64 started_ms, drawn_ms;
  bool shown, wanted;
} Progress;
Progress progress_start(const char *what, size_t count, bool quiet);
void progress_step(Progress *progress);
void progress_to(Progress *progress, size_t done);
void progress_end(Progress *progress); /* takes the bar away */

/* What text may show on a terminal. */
Str print_clean(Arena *arena, Str text);
/* A value in JSON (indented) or YAML; as names: a line for it, or for each of its items. */
void print_value(Arena *arena, const Value *value, OutputForm form);
/* `items` is a list; references are looked up through the client, one list for each kind that occurs. */
void print_table(Client *client, const Screen *screen, const Column *columns, const Value *items, bool wide);
/* One thing, a line for each member that is not null; `kind` (may be NULL) tells times and references. */
void print_members(Client *client, const Screen *screen, const Resource *kind, const Value *thing);

#endif

/* Print: what the API answers, for people (tables that fit the terminal) or for programs (JSON, YAML). Text from the
 * server is never trusted with the terminal: control characters are shown as dots. */
#ifndef TOCSIN_CLI_PRINT_H
#define TOCSIN_CLI_PRINT_H

#include <stdio.h>

#include "cli/client.h"

typedef enum OutputForm { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML } OutputForm;
MUST_CHECK bool output_form_parse(Str text, OutputForm *out);

typedef enum ColumnForm {
  COLUMN_TEXT,
  COLUMN_AGE,    /* a time as "5m", "3h", "12d"; "in 2h" when it is to come */
  COLUMN_COUNT,  /* how many items a list has */
  COLUMN_REF,    /* the id of another resource, shown by its name */
  COLUMN_STATUS, /* coloured */
} ColumnForm;

typedef struct Column {
  const char *title; /* NULL ends the table */
  const char *path;  /* JSON pointer into an item, without the first slash */
  ColumnForm form;
  const char *ref; /* COLUMN_REF: the resource's name ("service") */
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

/* What text may show on a terminal. */
Str print_clean(Arena *arena, Str text);
/* A value in JSON (indented) or YAML. */
void print_value(Arena *arena, const Value *value, OutputForm form);
/* `items` is a list; references are looked up through the client, one list for each kind that occurs. */
void print_table(Client *client, const Screen *screen, const Column *columns, const Value *items);
/* One thing, a line for each member that is not null. */
void print_members(Client *client, const Value *thing);

#endif

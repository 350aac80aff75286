/* Kinds: how a person names a resource on the command line, which columns its table has, and the names behind ids. */
#ifndef TOCSIN_CLI_KINDS_H
#define TOCSIN_CLI_KINDS_H

#include "cli/print.h"
#include "resource/resource.h"

/* "alert", "alerts", "alert-rules", "alert_rule"; the sentence lists the kinds. */
MUST_CHECK bool kind_find(Str text, const Resource **out, Error *err);
const Resource *kind_by_name(const char *name);
/* Ended by a column without title. */
const Column *kind_columns(Arena *arena, const Resource *kind);
/* What people call one row: its number, else slug, else name, title, e-mail, else id. */
Str kind_label(const Value *row);

/* By what it is named on the command line and in files: its number, else slug, else e-mail, else id. */
Str kind_name(const Value *row);

/* Names behind ids, read from the server once for each kind. */
typedef struct Names Names;
Names *names_new(Client *client);
/* Reads the list of `ref` when any item has such an id at `path`. A list that cannot be read leaves the ids. */
void names_load(Names *names, const char *ref, const char *path, const Value *items);
Str names_of(const Names *names, const Value *id);
/* Of one id, asked for by itself; the id when it cannot be read. */
Str names_one(Names *names, const char *ref, Str id);

#endif

/* Stock: what is configured on the server and what files want, by name. A thing is one row of one kind: on the server,
 * in the files, or both. Its name is what files call it: slug, e-mail, or the fields of `Resource.key` joined with "/".
 * Kinds are read from the server when they are first asked for. */
#ifndef TOCSIN_CLI_STOCK_H
#define TOCSIN_CLI_STOCK_H

#include "cli/kinds.h"

/* Where a wanted thing stands. */
typedef struct Place {
  const char *file;
  Str text;    /* of its document */
  u32 line;    /* of the document's first line in the file */
  Str pointer; /* inside the document: "/teams/3" */
} Place;

typedef struct Thing {
  const Resource *kind;
  Str name;
  Str id;           /* empty: not on the server (yet) */
  const Value *row; /* as the server answered it; NULL: not there */
  const Value *doc; /* as the file says; NULL: in no file */
  Place place;
  bool made, doomed; /* in this run */
} Thing;

typedef VEC(Thing *) Things;

typedef struct Stock {
  Client *client;
  Arena *arena;
  Map *by_word; /* "team payments", "team team_01..." -> Thing */
  Map *loaded;  /* kind -> Things */
  int code;     /* of a list that could not be read; then nothing else counts */
} Stock;

Stock *stock_new(Client *client);
/* Every thing of the kind, in the server's order, then those of files. */
const Things *stock_kind(Stock *stock, const Resource *kind);
/* By id, slug, e-mail or name; NULL when nothing is called so. */
Thing *stock_find(Stock *stock, const Resource *kind, Str word);
/* A thing that only files know so far. */
Thing *stock_add(Stock *stock, const Resource *kind, Str name);
/* The server has it now: id and row. */
void stock_settle(Stock *stock, Thing *thing, const Value *row);
/* The name of a row or a file's map, from its members; empty when one of them is missing. */
Str stock_name(Stock *stock, const Resource *kind, const Value *map);
/* "service checkout" for people. */
Str thing_label(Arena *arena, const Thing *thing);
bool thing_managed(const Resource *kind);
/* The set that made it; empty: none. */
Str thing_set(const Thing *thing);

/* Forms --------------------------------------------------------------------------------------------------------- */

/* Is this field part of what files hold? */
bool form_holds(const Field *field);
/* References by name and what is nested without its defaults, so that two ways to write one thing are equal. Names that
 * are unknown stay. `whole`: with what is only taken when a row is made. */
Value form_plain(Stock *stock, const Field *field, const Value *value, bool whole);
/* The same for a member of the row itself. Its maps keep every member: a file that leaves one out leaves it as it is.
 */
Value form_member(Stock *stock, const Field *field, const Value *value, bool whole);
/* For the API: references as ids. */
Value form_wire(Stock *stock, const Field *field, const Value *value);

/* Each reference inside a value. `target` is NULL when nothing is called so. */
typedef void (*FormRefFn)(void *ctx, const Field *field, Str pointer, Str word, Thing *target);
void form_refs(Stock *stock, const Field *field, const Value *value, Str pointer, FormRefFn fn, void *ctx);

/* A row as files write it. brief: without what is at its default. */
Value form_of_row(Stock *stock, const Thing *thing, bool brief);

#endif

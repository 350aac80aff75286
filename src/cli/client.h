/* Client: one server, one key, one request at a time. What a verb of the command line needs between its options and the
 * words it prints. Everything lives in the arena of the verb.
 *
 * A failed call has told its reason on standard error when it returns: a verb hands the exit code on and says nothing.
 */
#ifndef TOCSIN_CLI_CLIENT_H
#define TOCSIN_CLI_CLIENT_H

#include "base/base.h"
#include "cli/cli.h"
#include "lang/value.h"

typedef struct Client Client;

typedef struct ClientOptions {
  const char *data_folder; /* --data: DIR/admin.key and DIR/address; NULL: the environment, then the user's file */
  const char *url;         /* --url: wins over the address; NULL: not given */
  bool keyless;            /* the verb needs no API key (events go in by the integration's own) */
  long patience_s;         /* 0: as long as a call may take */
} ClientOptions;

/* Finds the server and the key. The sentence says what is missing and the three ways to give it. */
MUST_CHECK bool client_open(Arena *arena, const ClientOptions *options, Client **out, Error *err);

/* `path` follows the server's address ("/api/v1/alerts?limit=50"). `body` NULL sends none. Answers without a body give
 * null. The exit code: EXIT_DONE, or what the status means. */
MUST_CHECK int client_call(Client *client, const char *method, Str path, const Value *body, Value *out);
/* As client_call, but a refusal is not told: then *out is the problem (null when there was no answer at all). */
MUST_CHECK int client_ask(Client *client, const char *method, Str path, const Value *body, Value *out);
/* What a status means to the shell. */
int client_exit_code(long status);
/* Says what a problem of client_ask says; where it is about, in the caller's words, may be NULL. */
void client_tell(const Client *client, const Value *problem);
/* As client_call for GET, but a refusal is kept to itself: for what only adornes an answer. */
MUST_CHECK bool client_try(Client *client, Str path, Value *out);
/* A body that is sent as it stands; `header` ("Name: value") may be NULL. */
MUST_CHECK int client_send(Client *client, Str path, Str body, const char *header, Value *out);

/* Opens a stream of server-sent events and hands each on until the connection ends or `event` says false.
 * *out_lost: it ended by itself (come back with the last id), not by a refusal. */
typedef bool (*ClientEventFn)(void *ctx, Str id, Str name, Str data);
MUST_CHECK int client_stream(Client *client, Str path, Str last_id, ClientEventFn event, void *ctx, bool *out_lost);

Arena *client_arena(const Client *client);
const char *client_url(const Client *client);
/* One segment of a path or one value of a query, escaped. */
Str client_escape(Arena *arena, Str text);

#endif

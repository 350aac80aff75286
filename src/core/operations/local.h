/* The socket in the data folder (`DIR/socket`, mode 0600): what only who owns the folder may ask of the running server.
 * A line of JSON, {"do": "backup"}; lines of JSON back, the last one with "ok": true or with "error". The peer must be
 * the server's own user or root. */
#ifndef TOCSIN_CORE_LOCAL_H
#define TOCSIN_CORE_LOCAL_H

#include "core/app.h"

typedef struct Local Local;

/* Server's side. */
MUST_CHECK bool local_start(App *app, Local **out, Error *err);
/* After the engine has stopped, before it is freed. Accepts NULL. */
void local_stop(Local *local);

/* Client's side: the connection, or ERR_NOT_FOUND when no server listens in this folder. */
typedef struct LocalClient LocalClient;
MUST_CHECK bool local_connect(const char *data_folder, LocalClient **out, Error *err);
void local_close(LocalClient *client);
MUST_CHECK bool local_ask(LocalClient *client, const Value *question, Error *err);
/* The next line; a line with "error" becomes err. In `arena`. */
MUST_CHECK bool local_answer(LocalClient *client, Arena *arena, Value *out, Error *err);

/* A connection on the server's side, for the verbs. False: the peer has gone. */
typedef struct LocalCall {
  App *app;
  int fd;
  Arena *arena;
  Value question;
} LocalCall;
bool local_tell(LocalCall *call, const Value *line);
/* Waits for the peer's next line or its end. */
void local_wait(LocalCall *call);

#endif

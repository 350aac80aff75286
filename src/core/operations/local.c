/* A thread accepts, a thread each serves: a backup takes minutes, and resume must not wait for it. A socket's path
 * holds 107 bytes and a folder's may be longer, so it is bound and met through the folder's descriptor. */
#include "core/operations/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/operations/operations.h"
#include "lang/json.h"

enum {
  CALLS_MAX = 8,
  LINE_BYTES_MAX = 64 * 1024,
  ANSWER_BYTES_MAX = 1024 * 1024,
  SILENT_MS = 200,
  FIRST_LINE_MS = 10000
};

struct Local {
  App *app;
  int fd;
  pthread_t thread;
  _Atomic bool stopping;
  _Atomic int calls;
};

static const struct {
  const char *name;
  bool (*run)(LocalCall *call, MapBuilder *answer, Error *err);
} VERBS[] = {
    {"backup", backup_local}, {"held", held_local},     {"resume", resume_local},
    {"status", status_local}, {"doctor", doctor_local},
};

/* Both sides ------------------------------------------------------------------------------------------------------- */

static int open_folder(const char *folder, struct sockaddr_un *out) {
  int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/socket", fd);
  return fd;
}

static bool send_all(int fd, Str text) {
  while (text.len) {
    ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text = str_slice(text, (size_t)sent, text.len);
  }
  return true;
}

static bool send_value(int fd, Arena *arena, const Value *line) {
  Buf out = buf_new(arena, ANSWER_BYTES_MAX);
  json_write(&out, line);
  buf_putc(&out, '\n');
  return !out.overflow && send_all(fd, buf_str(&out));
}

/* One line, without its end; false when the peer is gone or says too much. */
static bool read_line(int fd, Arena *arena, size_t max, Str *out) {
  Buf line = buf_new(arena, max);
  char c = 0;
  while (!line.overflow && recv(fd, &c, 1, 0) == 1) {
    if (c == '\n') return *out = buf_str(&line), true;
    buf_putc(&line, c);
  }
  return false;
}

/* The server's side ------------------------------------------------------------------------------------------------ */

bool local_tell(LocalCall *call, const Value *line) {
  ArenaMark mark = arena_mark(call->arena);
  bool ok = send_value(call->fd, call->arena, line);
  arena_rewind(call->arena, mark);
  return ok;
}

/* False when nothing comes in time, or the server stops. */
static bool wait_readable(const LocalCall *call, i64 limit_ms) {
  struct pollfd wait = {.fd = call->fd, .events = POLLIN};
  for (i64 waited = 0; waited < limit_ms && !atomic_load(&call->app->draining); waited += SILENT_MS)
    if (poll(&wait, 1, SILENT_MS) != 0) return true;
  return false;
}

void local_wait(LocalCall *call) {
  Str line = STR_NONE;
  if (wait_readable(call, DAY_MS)) (void)!read_line(call->fd, call->arena, LINE_BYTES_MAX, &line);
}

static void answer_line(LocalCall *call) {
  Str word = value_text_or(value_get_c(&call->question, "do"), STR_NONE);
  MapBuilder answer = map_builder(call->arena);
  Error err = {0};
  bool ok = false;
  fail(&err, ERR_INVALID, "this server does not know \"%.*s\"; use the same version of the program", STR_ARG(word));
  for (size_t i = 0; i < COUNT(VERBS); i++)
    if (str_equal_c(word, VERBS[i].name)) ok = VERBS[i].run(call, &answer, &err);
  map_put_c(&answer, "ok", value_bool(ok));
  if (!ok) map_put_c(&answer, "error", value_c(err.message));
  if (!ok) map_put_c(&answer, "code", value_c(error_code_name(err.code)));
  Value line = map_done(&answer);
  local_tell(call, &line);
}

typedef struct Serving {
  Local *local;
  int fd;
} Serving;

static void *serve_main(void *ctx) {
  Serving *serving = ctx;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  LocalCall call = {.app = serving->local->app, .fd = serving->fd, .arena = arena};
  Str line = STR_NONE;
  Error err = {0};
  if (wait_readable(&call, FIRST_LINE_MS) && read_line(call.fd, arena, LINE_BYTES_MAX, &line) &&
      json_parse(arena, line, NULL, &call.question, &err))
    answer_line(&call);
  close(serving->fd);
  atomic_fetch_sub(&serving->local->calls, 1);
  free(serving);
  return NULL;
}

static bool peer_may(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void serve(Local *local, int fd) {
  pthread_t thread;
  Serving *serving = xcalloc(1, sizeof *serving);
  *serving = (Serving){local, fd};
  bool room = atomic_fetch_add(&local->calls, 1) < CALLS_MAX;
  if (room && peer_may(fd) && pthread_create(&thread, NULL, serve_main, serving) == 0) {
    pthread_detach(thread);
    return;
  }
  atomic_fetch_sub(&local->calls, 1);
  close(fd);
  free(serving);
}

static void *local_main(void *ctx) {
  Local *local = ctx;
  while (!atomic_load(&local->stopping)) {
    struct pollfd wait = {.fd = local->fd, .events = POLLIN};
    if (poll(&wait, 1, SILENT_MS) <= 0) continue;
    int fd = accept4(local->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) serve(local, fd);
  }
  return NULL;
}

bool local_start(App *app, Local **out, Error *err) {
  struct sockaddr_un address;
  Local *local = xcalloc(1, sizeof *local);
  int folder = open_folder(app->data_folder, &address);
  *local = (Local){.app = app, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  unlink(address.sun_path); /* the folder is locked: it is of a server that is gone */
  mode_t mask = umask(0177);
  bool ok = folder >= 0 && local->fd >= 0 && bind(local->fd, (struct sockaddr *)&address, sizeof address) == 0;
  umask(mask);
  ok = ok && listen(local->fd, CALLS_MAX) == 0 && pthread_create(&local->thread, NULL, local_main, local) == 0;
  if (!ok) fail(err, ERR_INVALID, "cannot listen on %s/socket: %s", app->data_folder, strerror(errno));
  if (folder >= 0) close(folder);
  if (ok) return *out = local, true;
  if (local->fd >= 0) close(local->fd);
  free(local);
  return false;
}

void local_stop(Local *local) {
  if (!local) return;
  atomic_store(&local->stopping, true);
  pthread_join(local->thread, NULL);
  close(local->fd);
  for (int i = 0; atomic_load(&local->calls) > 0 && i < 500; i++) usleep(10000);
  struct sockaddr_un address;
  int folder = open_folder(local->app->data_folder, &address);
  if (folder >= 0) {
    unlink(address.sun_path);
    close(folder);
  }
  free(local);
}

/* The client's side ------------------------------------------------------------------------------------------------ */

struct LocalClient {
  int fd;
};

bool local_connect(const char *data_folder, LocalClient **out, Error *err) {
  struct sockaddr_un address;
  int folder = open_folder(data_folder, &address);
  if (folder < 0) return fail(err, ERR_INVALID, "cannot open the data folder %s: %s", data_folder, strerror(errno));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
  int code = errno;
  close(folder);
  if (ok) {
    *out = xcalloc(1, sizeof **out);
    (*out)->fd = fd;
    return true;
  }
  if (fd >= 0) close(fd);
  if (code == ENOENT || code == ECONNREFUSED)
    return fail(err, ERR_NOT_FOUND, "no server runs on the data folder %s", data_folder);
  return fail(err, ERR_FORBIDDEN,
              "the server's socket %s/socket cannot be opened (%s); run this as its user, or as root", data_folder,
              strerror(code));
}

void local_close(LocalClient *client) {
  if (!client) return;
  close(client->fd);
  free(client);
}

bool local_ask(LocalClient *client, const Value *question, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  return send_value(client->fd, arena, question) || fail(err, ERR_UNAVAILABLE, "the server closed its socket");
}

bool local_answer(LocalClient *client, Arena *arena, Value *out, Error *err) {
  Str line = STR_NONE;
  if (!read_line(client->fd, arena, ANSWER_BYTES_MAX, &line))
    return fail(err, ERR_UNAVAILABLE, "the server ended before it answered, or does not let you ask; see its log");
  if (!json_parse(arena, line, NULL, out, err)) return error_prefix(err, "the server's answer: ");
  const Value *error = value_get_c(out, "error");
  if (!error) return true;
  bool conflict = str_equal_c(value_text_or(value_get_c(out, "code"), STR_NONE), error_code_name(ERR_CONFLICT));
  return fail(err, conflict ? ERR_CONFLICT : ERR_STORAGE, "%.*s", STR_ARG(value_text_or(error, S("?"))));
}

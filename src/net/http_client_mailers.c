/* The threads that carry mail.
 * libcurl's SMTP waits for the reply to the final dot, and for the farewell after QUIT, with its loop standing still:
 * on the loop of the HTTP calls one relay that scans attachments would hold up every page. So each mail is carried by a
 * mailer: a thread with an easy handle that it keeps, and with it the connection. Mailers start when needed and are as
 * many as the slots of mail, so a mail that has a slot never waits. They only carry: `done` stays with the loop. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_client_internal.h"

void mailer_note_socket(Mailer *mailer, int fd) {
  pthread_mutex_lock(&mailer->lock);
  if (mailer->socket_count < MAILER_SOCKET_MAX) mailer->sockets[mailer->socket_count++] = fd;
  pthread_mutex_unlock(&mailer->lock);
}

/* Closes under the lock: a number that was given to somebody else must not be shut down. */
static int on_close_socket(void *ctx, curl_socket_t fd) {
  Mailer *mailer = ctx;
  pthread_mutex_lock(&mailer->lock);
  for (size_t i = 0; i < mailer->socket_count; i++)
    if (mailer->sockets[i] == fd) {
      mailer->sockets[i] = mailer->sockets[--mailer->socket_count];
      break;
    }
  int code = close(fd);
  pthread_mutex_unlock(&mailer->lock);
  return code;
}

void mailer_hang_up(Mailer *mailer) {
  pthread_mutex_lock(&mailer->lock);
  for (size_t i = 0; i < mailer->socket_count; i++) (void)shutdown(mailer->sockets[i], SHUT_RDWR);
  pthread_mutex_unlock(&mailer->lock);
}

/* Asked by curl about once a second, also while it stands still. */
static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  HttpClient *client = ctx;
  (void)a, (void)b, (void)c, (void)d;
  return atomic_load(&client->stopping) ? 1 : 0;
}

void mailer_prepare(Call *call) {
  must(curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket));
  must(curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETDATA, call->mailer));
  must(curl_easy_setopt(call->easy, CURLOPT_XFERINFOFUNCTION, on_progress));
  must(curl_easy_setopt(call->easy, CURLOPT_XFERINFODATA, call->client));
  must(curl_easy_setopt(call->easy, CURLOPT_NOPROGRESS, 0L));
}

/* The handle is cleared at both ends: nothing of a call may be seen after it, since its memory goes. */
static void carry(CURL *easy, Call *call) {
  call->easy = easy;
  curl_easy_reset(easy);
  transfer_prepare(call);
  call->code = curl_easy_perform(easy);
  curl_easy_reset(easy);
  call->easy = NULL;
}

static void *mailer_main(void *ctx) {
  Mailer *mailer = ctx;
  HttpClient *client = mailer->client;
  CURL *easy = curl_easy_init();
  void *item;
  ASSERT(easy);
  while (queue_take(mailer->due, &item, 1, -1) == 1) {
    Call *call = item;
    call->code = CURLE_ABORTED_BY_CALLBACK;
    if (!atomic_load(&client->stopping)) carry(easy, call);
    bool pushed = queue_push_always(client->mail_ended, call, 0);
    ASSERT(pushed);
    client_wake(client);
  }
  mailer_hang_up(mailer);
  curl_easy_cleanup(easy);
  return NULL;
}

static void mailer_free(Mailer *mailer) {
  queue_free(mailer->due);
  pthread_mutex_destroy(&mailer->lock);
  free(mailer);
}

/* Inherits the loop's signal mask: all blocked. */
static Mailer *mailer_start(HttpClient *client) {
  Mailer *mailer = xcalloc(1, sizeof(*mailer));
  mailer->client = client;
  mailer->due = queue_new(1, 1);
  pthread_mutex_init(&mailer->lock, NULL);
  if (pthread_create(&mailer->thread, NULL, mailer_main, mailer) != 0) {
    mailer_free(mailer);
    return NULL;
  }
  pthread_setname_np(mailer->thread, "mail");
  client->mailers[client->mailer_count++] = mailer;
  return mailer;
}

/* The first idle one, so that mails one after the other use one connection. */
static Mailer *mailer_idle(HttpClient *client) {
  for (size_t i = 0; i < client->mailer_count; i++)
    if (!client->mailers[i]->busy) return client->mailers[i];
  ASSERT(client->mailer_count < MAILER_MAX); /* a slot says so */
  return mailer_start(client);
}

bool mailers_send(HttpClient *client, Call *call) {
  Mailer *mailer = mailer_idle(client);
  if (!mailer) return false;
  mailer->busy = true;
  call->mailer = mailer;
  return queue_push_always(mailer->due, call, 0);
}

void mailers_stop(HttpClient *client) {
  ASSERT(atomic_load(&client->stopping));
  for (size_t i = 0; i < client->mailer_count; i++) {
    queue_close(client->mailers[i]->due);
    mailer_hang_up(client->mailers[i]);
  }
  for (size_t i = 0; i < client->mailer_count; i++) pthread_join(client->mailers[i]->thread, NULL);
}

void mailers_free(HttpClient *client) {
  for (size_t i = 0; i < client->mailer_count; i++) mailer_free(client->mailers[i]);
  client->mailer_count = 0;
}

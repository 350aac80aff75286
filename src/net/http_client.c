/* The outbound client's life and its loop.
 * Threads: any thread submits; one thread owns curl's multi handle and the libevent base, and calls `done`; mail is
 * carried by threads of its own, because curl waits for the last reply of SMTP with its loop standing still. Callbacks
 * of libevent and curl only record; each turn of the loop then buries what the turn before has finished, takes what was
 * submitted, finishes what ended and starts what may. A call comes to its `done` exactly once, after at most twice its
 * timeout: once waiting for a slot, once under way. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/http_client_internal.h"

enum {
  PENDING_COUNT_MAX = 4096,
  TAKE_MAX = 64,
  TICK_MS = 100, /* how exactly the end of waiting is kept; runs only while calls wait */
  CONNECTIONS_KEPT = 256,
};
static const size_t PENDING_BYTES_MAX = MIB(64);
static const size_t ANSWER_BYTES_DEFAULT = KIB(64);
static const size_t ANSWER_BYTES_MAX = MIB(16);
static const i64 TIMEOUT_MS_MAX = 10 * MINUTE_MS;

static const char *const OUTCOME_NAMES[OUTBOUND_OUTCOME_COUNT] = {
    [OUTBOUND_ANSWERED] = "answered",
    [OUTBOUND_REFUSED] = "refused",
    [OUTBOUND_UNKNOWN] = "unknown",
    [OUTBOUND_CANCELLED] = "cancelled",
};

/* Ending a call. */

static void call_free(Call *call) {
  if (call->easy) curl_easy_cleanup(call->easy);
  curl_slist_free_all(call->lines);
  arena_free(call->arena);
}

static void count_outcome(HttpClient *client, const OutboundResult *result, bool started) {
  if (client->calls_total) metric_add(client->calls_total, OUTCOME_NAMES[result->outcome], 1);
  if (client->seconds && started) metric_observe(client->seconds, (double)result->elapsed_ms / 1000);
}

/* The one door out: from wherever the call is, to dying. The callback comes last, since it may submit again. */
static void call_end(Call *call, OutboundResult *result) {
  HttpClient *client = call->client;
  bool started = call->started_us > 0;
  if (started) {
    result->elapsed_ms = (clock_monotonic_us() - call->started_us) / 1000;
    if (call->easy) curl_multi_remove_handle(client->multi, call->easy);
    if (call->mailer) call->mailer->busy = false;
    call_list_remove(&client->running, call);
    slots_release(&client->slots, call);
  }
  call_list_push(&client->dying, call);
  atomic_fetch_sub(&client->pending_count, 1);
  atomic_fetch_sub(&client->pending_bytes, call->bytes);
  count_outcome(client, result, started);
  call->done(call->ctx, result);
}

static void call_end_early(Call *call, OutboundOutcome outcome, const char *error) {
  OutboundResult result = {.outcome = outcome, .retry_after_s = -1};
  put_error(&result, str_from_c(error));
  call_end(call, &result);
}

static void call_turn_away(Call *call, const char *error) {
  OutboundResult result = {.outcome = OUTBOUND_REFUSED, .retry_after_s = -1, .not_started = true};
  put_error(&result, str_from_c(error));
  call_end(call, &result);
}

static void call_end_with(Call *call, CURLcode code) {
  OutboundResult result = {.outcome = OUTBOUND_UNKNOWN, .retry_after_s = -1};
  call->kind->judge(call, code, &result);
  result.target_refused =
      result.outcome == OUTBOUND_REFUSED && call->addresses_refused > 0 && call->addresses_tried == 0;
  transfer_explain(call, code, &result);
  call_end(call, &result);
}

/* Watching sockets for curl. */

static void on_socket_ready(evutil_socket_t fd, short events, void *ctx) {
  HttpClient *client = ctx;
  int running, what = (events & EV_READ ? CURL_CSELECT_IN : 0) | (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
  curl_multi_socket_action(client->multi, fd, what, &running);
}

static void on_timer(evutil_socket_t fd, short events, void *ctx) {
  HttpClient *client = ctx;
  int running;
  (void)fd, (void)events;
  curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void watch_end(HttpClient *client, curl_socket_t fd, Watch *watch) {
  curl_multi_assign(client->multi, fd, NULL);
  event_del(watch->event);
  watch->next = client->dying_watches;
  client->dying_watches = watch;
}

static Watch *watch_new(HttpClient *client, curl_socket_t fd) {
  Watch *watch = xcalloc(1, sizeof(*watch));
  watch->event = event_new(client->base, fd, EV_READ | EV_PERSIST, on_socket_ready, client);
  ASSERT(watch->event);
  curl_multi_assign(client->multi, fd, watch);
  return watch;
}

static int on_watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx) {
  HttpClient *client = ctx;
  Watch *watch = socket_ctx;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    if (watch) watch_end(client, fd, watch);
    return 0;
  }
  if (!watch) watch = watch_new(client, fd);
  short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
  event_del(watch->event);
  int assigned = event_assign(watch->event, client->base, fd, events, on_socket_ready, client);
  ASSERT(assigned == 0);
  event_add(watch->event, NULL);
  return 0;
}

static int on_set_timer(CURLM *multi, long timeout_ms, void *ctx) {
  HttpClient *client = ctx;
  (void)multi;
  if (timeout_ms < 0) return event_del(client->timer);
  struct timeval after = {.tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000};
  return event_add(client->timer, &after);
}

/* The turn. */

static void on_wake(evutil_socket_t fd, short events, void *ctx) {
  u64 count;
  (void)events, (void)ctx;
  if (read((int)fd, &count, sizeof(count)) < 0) ASSERT(errno == EAGAIN || errno == EINTR);
}

static void on_tick(evutil_socket_t fd, short events, void *ctx) {
  (void)fd, (void)events, (void)ctx;
}

static void bury(HttpClient *client) {
  for (Call *call; (call = call_list_pop(&client->dying));) call_free(call);
  for (Watch *watch; (watch = client->dying_watches);) {
    client->dying_watches = watch->next;
    event_free(watch->event);
    free(watch);
  }
}

static void admit(HttpClient *client, Call *call) {
  Str host;
  Error err = {0};
  if (call->turned_away)
    call_turn_away(call, "too many outbound calls are waiting; nothing was sent");
  else if (!call->kind->check(call, &host, &err))
    call_end_early(call, OUTBOUND_REFUSED, err.message);
  else
    slots_add(&client->slots, call, host);
}

static void admit_submitted(HttpClient *client) {
  void *items[TAKE_MAX];
  for (size_t count; (count = queue_take(client->submitted, items, TAKE_MAX, 0)) > 0;)
    for (size_t i = 0; i < count; i++) admit(client, items[i]);
}

static void finish_ended(HttpClient *client) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));) {
    Call *call = NULL;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call));
    call_end_with(call, code);
  }
}

static void finish_mail(HttpClient *client) {
  void *items[TAKE_MAX];
  for (size_t count; (count = queue_take(client->mail_ended, items, TAKE_MAX, 0)) > 0;)
    for (size_t i = 0; i < count; i++) {
      Call *call = items[i];
      call_end_with(call, call->code);
    }
}

static void end_overdue(HttpClient *client) {
  i64 now_us = clock_monotonic_us();
  for (Call *call; (call = slots_take_overdue(&client->slots, now_us));)
    call_turn_away(call, "no slot became free in time; nothing was sent");
}

static void start_mail(HttpClient *client, Call *call) {
  if (!mailers_send(client, call)) call_turn_away(call, "no thread could be started for mail");
}

static void start_http(HttpClient *client, Call *call) {
  call->easy = curl_easy_init();
  ASSERT(call->easy);
  transfer_prepare(call);
  CURLMcode code = curl_multi_add_handle(client->multi, call->easy);
  ASSERT(code == CURLM_OK);
}

static void start(HttpClient *client, Call *call) {
  call->started_us = clock_monotonic_us();
  call_list_push(&client->running, call);
  (call->kind == &MAIL_KIND ? start_mail : start_http)(client, call);
}

static void start_waiting(HttpClient *client) {
  static const struct timeval TICK = {.tv_usec = TICK_MS * 1000};
  for (Call *call; (call = slots_next(&client->slots));) start(client, call);
  if (client->slots.waiting > 0) event_add(client->tick, &TICK);
}

/* A mail that the relay took just now is told as such. */
static void end_mail_at_stop(HttpClient *client, const char *why) {
  void *item;
  mailers_stop(client);
  while (queue_take(client->mail_ended, &item, 1, 0) == 1) {
    Call *call = item;
    if (call->code == CURLE_OK)
      call_end_with(call, CURLE_OK);
    else
      call_end_early(call, OUTBOUND_CANCELLED, why);
  }
}

/* All that is left ends as cancelled; what `done` submits now, too. */
static void cancel_all(HttpClient *client) {
  static const char WHY[] = "the server is stopping";
  void *item;
  end_mail_at_stop(client, WHY);
  for (Call *call; (call = client->running.first);) call_end_early(call, OUTBOUND_CANCELLED, WHY);
  for (Call *call; (call = slots_take_any(&client->slots));) call_end_early(call, OUTBOUND_CANCELLED, WHY);
  while (queue_take(client->submitted, &item, 1, 0) == 1) call_end_early(item, OUTBOUND_CANCELLED, WHY);
}

static void *loop_main(void *ctx) {
  HttpClient *client = ctx;
  while (!atomic_load(&client->stopping)) {
    bool owes_burial = client->dying.count > 0 || client->dying_watches;
    event_base_loop(client->base, EVLOOP_ONCE | (owes_burial ? EVLOOP_NONBLOCK : 0));
    bury(client);
    admit_submitted(client);
    finish_ended(client);
    finish_mail(client);
    end_overdue(client);
    start_waiting(client);
  }
  cancel_all(client);
  return NULL;
}

/* Submitting. */

void client_wake(HttpClient *client) {
  u64 one = 1;
  if (write(client->wake_fd, &one, sizeof(one)) < 0) ASSERT(errno == EAGAIN); /* full: awake already */
}

/* Counts first, so that a crowd of submitters cannot pass the ceilings together. What is turned away still costs a
 * small record until its `done`; the loop takes those in its next turn. */
static Call *call_new(HttpClient *client, const CallKind *kind, size_t bytes, i64 timeout_ms) {
  Arena *arena = arena_new();
  Call *call = ARENA_NEW(arena, Call);
  call->arena = arena;
  call->client = client;
  call->kind = kind;
  call->bytes = bytes;
  call->retry_after_s = -1;
  call->submitted_us = clock_monotonic_us();
  call->http.timeout_ms = MIN(timeout_ms > 0 ? timeout_ms : kind->timeout_ms_default, TIMEOUT_MS_MAX);
  size_t count = atomic_fetch_add(&client->pending_count, 1) + 1;
  size_t total = atomic_fetch_add(&client->pending_bytes, bytes) + bytes;
  call->turned_away = count > PENDING_COUNT_MAX || total > PENDING_BYTES_MAX || bytes > PENDING_BYTES_MAX;
  return call;
}

static void submit(Call *call) {
  HttpClient *client = call->client; /* the call may be gone once it is pushed */
  bool pushed = queue_push_always(client->submitted, call, 0);
  ASSERT(pushed);
  client_wake(client);
}

static void copy_http(Call *call, const HttpCall *from) {
  HttpCall *to = &call->http;
  to->method = str_copy(call->arena, from->method);
  to->url = str_copy(call->arena, from->url);
  to->body = str_copy(call->arena, from->body);
  Str *headers = ARENA_ARRAY(call->arena, Str, from->header_count);
  for (size_t i = 0; i < from->header_count; i++) headers[i] = str_copy(call->arena, from->headers[i]);
  to->headers = headers;
  to->header_count = from->header_count;
  to->body_bytes_max = MIN(from->body_bytes_max > 0 ? from->body_bytes_max : ANSWER_BYTES_DEFAULT, ANSWER_BYTES_MAX);
  to->for_page = from->for_page;
  to->trusted_target = from->trusted_target;
}

static size_t http_bytes(const HttpCall *http) {
  size_t bytes = http->method.len + http->url.len + http->body.len;
  for (size_t i = 0; i < http->header_count; i++) bytes += sizeof(Str) + http->headers[i].len;
  return bytes;
}

void http_client_call(HttpClient *client, const HttpCall *http) {
  ASSERT(http->done);
  Call *call = call_new(client, &HTTP_KIND, http_bytes(http), http->timeout_ms);
  call->done = http->done;
  call->ctx = http->ctx;
  if (!call->turned_away) copy_http(call, http);
  submit(call);
}

void http_client_mail(HttpClient *client, const MailCall *mail) {
  ASSERT(mail->done);
  ASSERT(mail->relay);
  size_t bytes = mail->to.len + mail->message.len * 3; /* cleaned into a second copy of at most twice the size */
  Call *call = call_new(client, &MAIL_KIND, bytes, mail->timeout_ms);
  call->done = mail->done;
  call->ctx = mail->ctx;
  call->http.for_page = mail->for_page;
  call->http.trusted_target = true; /* relays come from a start option */
  if (!call->turned_away) {
    call->mail.relay = mail->relay;
    call->mail.to = str_copy(call->arena, mail->to);
    call->mail.message = str_copy(call->arena, mail->message);
  }
  submit(call);
}

/* Life. */

static void make_metrics(HttpClient *client, Metrics *metrics) {
  static const double BOUNDS[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  if (!metrics) return;
  client->calls_total =
      metrics_counter(metrics, "tocsin_outbound_calls_total", "Outbound HTTP calls and mails by outcome.", "outcome");
  client->seconds = metrics_histogram(metrics, "tocsin_outbound_seconds",
                                      "Time from the start of an outbound call to its end.", BOUNDS, COUNT(BOUNDS));
}

static bool make_multi(HttpClient *client) {
  client->multi = curl_multi_init();
  return client->multi && curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_watch_socket) == CURLM_OK &&
         curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
         curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_set_timer) == CURLM_OK &&
         curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) == CURLM_OK &&
         curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT) == CURLM_OK;
}

static bool make_events(HttpClient *client) {
  client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  client->base = event_base_new();
  if (client->wake_fd < 0 || !client->base) return false;
  client->wake = event_new(client->base, client->wake_fd, EV_READ | EV_PERSIST, on_wake, client);
  client->timer = evtimer_new(client->base, on_timer, client);
  client->tick = evtimer_new(client->base, on_tick, client);
  return client->wake && client->timer && client->tick && event_add(client->wake, NULL) == 0;
}

/* No signal is for this thread; a write to a closed socket then fails instead of raising SIGPIPE. */
static bool start_thread(HttpClient *client) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  client->thread_started = pthread_create(&client->thread, NULL, loop_main, client) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (client->thread_started) pthread_setname_np(client->thread, "outbound");
  return client->thread_started;
}

/* Said at start, not by each call that fails. */
static bool take_ca_file(HttpClient *client, const char *path, Error *err) {
  char text[64 * 1024 + 1];
  if (!path) return true;
  FILE *file = fopen(path, "re");
  if (!file) return fail(err, ERR_INVALID, "--outbound-ca: cannot read %s: %s", path, strerror(errno));
  size_t got = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  if (str_find((Str){text, got}, S("-----BEGIN CERTIFICATE-----"), 0) == SIZE_MAX)
    return fail(err, ERR_INVALID, "--outbound-ca: %s holds no certificate in PEM form", path);
  client->ca_file = xstrdup(path);
  return true;
}

bool http_client_new(const HttpClientOptions *options, HttpClient **out, Error *err) {
  HttpClient *client = xcalloc(1, sizeof(*client));
  client->wake_fd = -1;
  client->submitted = queue_new(PENDING_COUNT_MAX, PENDING_BYTES_MAX);
  client->mail_ended = queue_new(MAILER_MAX, PENDING_BYTES_MAX);
  if (!outbound_guard_new(options->outbound_allow, &client->guard, err) || !take_ca_file(client, options->ca_file, err))
    goto failed;
  client->curl_started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  make_metrics(client, options->metrics);
  if (!client->curl_started || !make_events(client) || !make_multi(client) || !start_thread(client)) {
    (void)fail(err, ERR_UNAVAILABLE, "outbound calls cannot be made: out of descriptors, memory or threads");
    goto failed;
  }
  *out = client;
  return true;
failed:
  http_client_free(client);
  return false;
}

static void stop_thread(HttpClient *client) {
  if (!client->thread_started) return;
  ASSERT(!pthread_equal(client->thread, pthread_self()));
  atomic_store(&client->stopping, true);
  client_wake(client);
  pthread_join(client->thread, NULL);
}

static void event_free_any(struct event *event) {
  if (event) event_free(event);
}

bool http_client_permits(const HttpClient *client, const struct sockaddr *address) {
  return outbound_guard_permits(client->guard, address);
}

void http_client_free(HttpClient *client) {
  if (!client) return;
  stop_thread(client);
  for (Call *call; (call = call_list_pop(&client->dying));) call_free(call);
  curl_multi_cleanup(client->multi);
  bury(client);
  event_free_any(client->wake);
  event_free_any(client->timer);
  event_free_any(client->tick);
  if (client->base) event_base_free(client->base);
  if (client->wake_fd >= 0) close(client->wake_fd);
  if (client->curl_started) curl_global_cleanup();
  queue_free(client->submitted);
  mailers_free(client);
  queue_free(client->mail_ended);
  outbound_guard_free(client->guard);
  free(client->ca_file);
  free(client);
}

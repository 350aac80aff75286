/* Slots: which waiting call may start. Each host has a line of pages and a line of other calls; hosts with waiting
 * calls are served in turn, so one slow provider with a thousand calls delays only itself. Cost of a choice: the number
 * of hosts that wait, which the client's ceiling of pending calls bounds. */
#include <stdlib.h>
#include <string.h>

#include "net/http_client_internal.h"

typedef enum Lane { LANE_PAGE, LANE_ORDINARY, LANE_COUNT } Lane;

struct Host {
  char *name;
  size_t name_len;
  Host *bucket_next;
  Host *prev, *next; /* among the hosts that wait */
  CallList waiting[LANE_COUNT];
  size_t running, running_ordinary;
};

void call_list_push(CallList *list, Call *call) {
  call->prev = list->last;
  call->next = NULL;
  *(list->last ? &list->last->next : &list->first) = call;
  list->last = call;
  list->count++;
}

void call_list_remove(CallList *list, Call *call) {
  ASSERT(list->count > 0);
  *(call->prev ? &call->prev->next : &list->first) = call->next;
  *(call->next ? &call->next->prev : &list->last) = call->prev;
  call->prev = call->next = NULL;
  list->count--;
}

Call *call_list_pop(CallList *list) {
  Call *call = list->first;
  if (call) call_list_remove(list, call);
  return call;
}

static Lane lane_of(const Call *call) {
  return call->http.for_page ? LANE_PAGE : LANE_ORDINARY;
}
static size_t host_waiting(const Host *host) {
  return host->waiting[LANE_PAGE].count + host->waiting[LANE_ORDINARY].count;
}

static Host **bucket_of(Slots *slots, Str name) {
  return &slots->buckets[hash_keyed(name) % HOST_BUCKETS];
}

static Host *host_get(Slots *slots, Str name) {
  Host **bucket = bucket_of(slots, name);
  for (Host *host = *bucket; host; host = host->bucket_next)
    if (str_equal((Str){host->name, host->name_len}, name)) return host;
  Host *host = xcalloc(1, sizeof(*host));
  host->name = xmalloc(name.len);
  memcpy(host->name, name.ptr, name.len);
  host->name_len = name.len;
  host->bucket_next = *bucket;
  *bucket = host;
  return host;
}

static void host_forget_if_idle(Slots *slots, Host *host) {
  if (host->running > 0 || host_waiting(host) > 0) return;
  Host **link = bucket_of(slots, (Str){host->name, host->name_len});
  while (*link != host) link = &(*link)->bucket_next;
  *link = host->bucket_next;
  free(host->name);
  free(host);
}

static void line_join(Slots *slots, Host *host) {
  host->prev = slots->last;
  host->next = NULL;
  *(slots->last ? &slots->last->next : &slots->first) = host;
  slots->last = host;
}

static void line_leave(Slots *slots, Host *host) {
  *(host->prev ? &host->prev->next : &slots->first) = host->next;
  *(host->next ? &host->next->prev : &slots->last) = host->prev;
}

void slots_add(Slots *slots, Call *call, Str name) {
  Host *host = host_get(slots, name);
  if (host_waiting(host) == 0) line_join(slots, host);
  call->host = host;
  call_list_push(&host->waiting[lane_of(call)], call);
  slots->waiting++;
}

/* The host goes to the end of the line, or out of it. */
static void take_out(Slots *slots, Host *host, Call *call) {
  call_list_remove(&host->waiting[lane_of(call)], call);
  slots->waiting--;
  line_leave(slots, host);
  if (host_waiting(host) > 0) line_join(slots, host);
}

/* Ten thousand pages in a row by 16 connections take half a minute longer than the provider needs. A mailer is a thread
 * of its own, so of those there are fewer. */
static size_t slots_of_pages(const Call *call) {
  return call->kind == &MAIL_KIND ? SLOTS_HOST : SLOTS_HOST_PAGES;
}

static bool may_start(const Slots *slots, const Host *host, Lane lane) {
  if (host->waiting[lane].count == 0) return false;
  if (lane == LANE_PAGE) return host->running < slots_of_pages(host->waiting[lane].first) && slots->running < SLOTS_ALL;
  return host->running < SLOTS_HOST && host->running_ordinary < SLOTS_HOST - SLOTS_HOST_KEPT &&
         slots->running_ordinary < SLOTS_ALL - SLOTS_ALL_KEPT && slots->running < SLOTS_ALL;
}

static Call *lane_next(Slots *slots, Lane lane) {
  for (Host *host = slots->first; host; host = host->next)
    if (may_start(slots, host, lane)) return host->waiting[lane].first;
  return NULL;
}

Call *slots_next(Slots *slots) {
  if (slots->waiting == 0 || slots->running >= SLOTS_ALL) return NULL;
  Call *call = lane_next(slots, LANE_PAGE);
  if (!call) call = lane_next(slots, LANE_ORDINARY);
  if (!call) return NULL;
  bool ordinary = lane_of(call) == LANE_ORDINARY;
  take_out(slots, call->host, call);
  call->host->running++;
  call->host->running_ordinary += ordinary;
  slots->running++;
  slots->running_ordinary += ordinary;
  return call;
}

/* A call without a slot forgets its host. */
static Call *leave_line(Slots *slots, Call *call) {
  Host *host = call->host;
  take_out(slots, host, call);
  call->host = NULL;
  host_forget_if_idle(slots, host);
  return call;
}

Call *slots_take_overdue(Slots *slots, i64 now_us) {
  for (Host *host = slots->first; host; host = host->next)
    for (int lane = 0; lane < LANE_COUNT; lane++)
      for (Call *call = host->waiting[lane].first; call; call = call->next)
        if (now_us - call->submitted_us > call->http.timeout_ms * 1000) return leave_line(slots, call);
  return NULL;
}

Call *slots_take_any(Slots *slots) {
  if (!slots->first) return NULL;
  CallList *waiting = slots->first->waiting;
  return leave_line(slots, waiting[waiting[LANE_PAGE].count > 0 ? LANE_PAGE : LANE_ORDINARY].first);
}

void slots_release(Slots *slots, Call *call) {
  Host *host = call->host;
  ASSERT(host && host->running > 0 && slots->running > 0);
  bool ordinary = lane_of(call) == LANE_ORDINARY;
  host->running--;
  host->running_ordinary -= ordinary;
  slots->running--;
  slots->running_ordinary -= ordinary;
  call->host = NULL;
  host_forget_if_idle(slots, host);
}

/* Tickets: a request's memory. Each has an arena, which its loop uses again; the bytes of its body are charged to the
 * server's budget from the moment they are allocated until the request is freed. */
#include "net/http_server_internal.h"

Ticket *http_ticket_new(Loop *loop) {
  Arena *arena = loop->arena_count > 0 ? loop->arenas[--loop->arena_count] : arena_new();
  Ticket *ticket = ARENA_NEW(arena, Ticket);
  ticket->home = loop;
  ticket->request.arena = arena;
  ticket->started_us = http_loop_now_us(loop);
  return ticket;
}

Ticket *http_ticket_of(HttpRequest *request) {
  return (Ticket *)(void *)((char *)request - offsetof(Ticket, request));
}

enum { ID_CHARS_MAX = 128 };

/* What may stand in a log line, a header and a URL alike. */
static bool is_sane(Str id) {
  if (id.len == 0 || id.len > ID_CHARS_MAX) return false;
  for (size_t i = 0; i < id.len; i++) {
    char c = id.ptr[i];
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && !(c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=')) return false;
  }
  return true;
}

/* The finaliser of SplitMix64: different numbers stay different. */
static u64 mix(u64 x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void http_ticket_name(Loop *loop, Ticket *ticket, Str wanted) {
  static const char HEX[] = "0123456789abcdef";
  if (is_sane(wanted)) {
    ticket->request.id = wanted;
    return;
  }
  u64 bits = mix(loop->id_seed + loop->ids_made++);
  char *text = arena_alloc(ticket->request.arena, 16);
  for (size_t i = 0; i < 16; i++) text[i] = HEX[(bits >> (60 - 4 * i)) & 15];
  ticket->request.id = (Str){text, 16};
}

void http_answer_with(HttpRequest *request, const char *name, Str value) {
  size_t bytes = request->answer_header_count * sizeof(HttpHeader);
  for (size_t i = 0; i < request->answer_header_count; i++)
    if (str_equal_c(request->answer_headers[i].name, name)) {
      request->answer_headers[i].value = value;
      return;
    }
  request->answer_headers = arena_grow(request->arena, request->answer_headers, bytes, bytes + sizeof(HttpHeader));
  request->answer_headers[request->answer_header_count++] = (HttpHeader){str_from_c(name), value};
}

static void give_back(Ticket *ticket) {
  if (ticket->charged_bytes > 0) atomic_fetch_sub(&ticket->home->server->body_bytes, ticket->charged_bytes);
}

void http_ticket_free(Ticket *ticket) {
  if (!ticket) return;
  give_back(ticket);
  Loop *loop = ticket->home;
  Arena *arena = ticket->request.arena;
  if (loop->arena_count == ARENAS_KEPT_MAX || arena_bytes(arena) > ARENA_KEPT_BYTES_MAX) {
    arena_free(arena);
    return;
  }
  arena_clear(arena);
  loop->arenas[loop->arena_count++] = arena;
}

void http_ticket_free_late(Ticket *ticket) {
  HttpServer *server = ticket->home->server;
  give_back(ticket);
  arena_free(ticket->request.arena);
  http_server_release(server);
}

bool http_ticket_charge(Ticket *ticket, size_t bytes) {
  HttpServer *server = ticket->home->server;
  size_t before = atomic_fetch_add(&server->body_bytes, bytes);
  if (before + bytes > server->options.in_flight_bytes_max) {
    atomic_fetch_sub(&server->body_bytes, bytes);
    return false;
  }
  ticket->charged_bytes += bytes;
  return true;
}

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

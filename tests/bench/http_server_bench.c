/* A server on one loop that answers every request at once, to be measured from outside:
 *   http_server_bench PORT [CERT KEY] &
 *   wrk -t1 -c64 -d10 -s post.lua http://127.0.0.1:PORT/        (post.lua: wrk.method = "POST"; wrk.body = "{}") */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_server.h"

typedef struct Bench {
  HttpServer *server;
} Bench;

static void on_head(void *ctx, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)ctx;
  (void)request;
  verdict->body_bytes_max = MIB(1);
}

static void on_request(void *ctx, HttpRequest *request) {
  Bench *bench = ctx;
  http_respond(
      bench->server, request,
      &(HttpResponse){.status = 202, .content_type = "application/json", .body = STR("{\"status\":\"accepted\"}")});
}

int main(int argc, char **argv) {
  char listen[64];
  Error err = {0};
  Bench bench = {0};
  snprintf(listen, sizeof(listen), "127.0.0.1:%s", argc > 1 ? argv[1] : "8080");
  HttpServerOptions options = {
      .listen = listen, .io_threads = 1, .ctx = &bench, .on_head = on_head, .on_request = on_request};
  if (argc > 3) options.tls_cert = argv[2], options.tls_key = argv[3];
  if (!http_server_start(&options, &bench.server, &err)) {
    fprintf(stderr, "%s\n", err.message);
    return EXIT_FAILURE;
  }
  for (;;) pause();
}

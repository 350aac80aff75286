/* Options of serve, shared with demo. */
#ifndef TOCSIN_CLI_SERVE_H
#define TOCSIN_CLI_SERVE_H

#include "cli/cli.h"
#include "core/server/server.h"

extern const Option SERVE_OPTIONS[];
extern const size_t SERVE_OPTION_COUNT;
MUST_CHECK bool serve_options_read(Arena *arena, int argc, char **argv, ServeOptions *out, bool *out_help, Error *err);

#endif

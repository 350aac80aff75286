/* The client verbs by name: what main lists and runs. */
#include <stddef.h>

#include "cli/cli.h"

const CliCommand CLI_COMMANDS[] = {
    {NULL, NULL, NULL},
};

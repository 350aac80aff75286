/* tocsin: the commands stand in cli/commands.c. */
#include <stdio.h>

#include <sodium.h>

#include "cli/cli.h"

int main(int argc, char **argv) {
  if (sodium_init() < 0) {
    fprintf(stderr, "tocsin: the cryptographic library cannot start\n");
    return EXIT_FAILED;
  }
  return cli_main(argc ? argc - 1 : 0, argv + 1);
}

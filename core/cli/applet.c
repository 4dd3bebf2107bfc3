/* applet - placeholder until the command line layer lands. */
#include "spamgear/cli/applet.h"

int applet_main(const struct applet *const *applets, size_t count, int argc, char **argv)
{
    (void)applets;
    (void)count;
    (void)argc;
    (void)argv;
    return 127;
}

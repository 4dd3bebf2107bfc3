/* check_config - `spamgear check-config`: is the config right, for every applet? */
#include "spamgear/cli/front.h"

static const struct applet_example examples[] = {
    {"spamgear check-config", "Check /etc/spamgear."},
    {"spamgear check-config new.conf", "Check one file before it is put in place."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "The config is right."}, {2, "It is not; every problem is told."}, {0, NULL}};

const struct applet check_config_applet = {
    .name = "check-config",
    .summary = "check the config files and tell every problem",
    .operands = "[FILE]",
    .description =
        "Reads the config as every applet would, and FILE alone when it is given. Each problem is "
        "told with its file and line: lines that cannot be read, sections and keys that nothing "
        "knows, values that their option refuses, files that others may write.",
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL | APPLET_NO_CONFIG,
    .run = front_check_config,
};

/* applet - one command, declared once.
 *
 * From this declaration come: parsing of the command line, keys of the config file
 * (section = applet name, key = long option name), --help, manual page, completion,
 * --list, --install, --sample-config and check-config. Adding an applet touches its .c
 * file, one line in applets/applets.def and its folder of cases.
 */
#ifndef SPAMGEAR_CLI_APPLET_H
#define SPAMGEAR_CLI_APPLET_H

#include "spamgear/cli/config.h"
#include "spamgear/cli/option.h"
#include "spamgear/cli/section.h"

struct applet_example {
    const char *command; /* NULL ends the list */
    const char *meaning;
};

struct applet_status {
    int status;
    const char *meaning; /* NULL ends the list */
};

/* Every applet, sorted by name. */
struct applet_list {
    const struct applet *const *at;
    size_t len;
};

/* One call of an applet. */
struct run {
    const struct applet *applet;
    const char *called; /* the name it was called by: may be an alias */
    int argc;           /* operands only */
    char **argv;
    const struct config *config;      /* whole, for [limits], [allow], [format NAME] */
    const struct option_words *words; /* of the command line; NULL: there was none */
    const char *config_path; /* of --config or SPAMGEAR_CONFIG; NULL: /etc/spamgear counts */
    const struct applet_list *all;
};

/* Called after each applet's run(), for what any run looks after (mail that waits, cases that
 * expire); not after one with --dry-run. main sets it before applet_main. */
void applet_look_after(void (*chores)(const struct run *run));

enum applet_flags {
    APPLET_TOOL = 1,      /* a word after `spamgear` only (why): just old names are links */
    APPLET_NO_CONFIG = 2, /* the config is not read before run(): config is empty */
    APPLET_NO_COMMON = 4, /* without the common options: `spamgear` itself */
    APPLET_NO_CHORES = 8, /* only its own work: wrappers that must be quick */
    APPLET_RAW = 16       /* every word is an operand, for another program; --help alone is ours */
};

#define APPLET_TROUBLE 2 /* exit status of every log applet when something was wrong */

struct applet {
    const char *name;
    const char *const *aliases; /* old names, NULL-terminated; may be NULL */
    const char *summary;        /* one line */
    const char *operands;       /* synopsis of what follows the options; NULL = none allowed */
    const char *description;    /* paragraphs, separated by empty lines */
    const struct option *const
        *options; /* tables, NULL-terminated; their offsets lead into settings */
    size_t settings_size;
    const struct section *const *sections; /* shared ones that it reads; NULL-terminated or NULL */
    const struct applet_example *examples;
    const struct applet_status *statuses;
    /* Of an applet whose output is the answer (runav, a Nagios plugin): the line that is printed
     * when it cannot run, and the status then. Its run() alone decides the status otherwise. */
    const char *refusal;
    int refusal_status;
    const char *files; /* paragraph for the manual's FILES section; may be NULL */
    unsigned flags;
    /* Settings are filled: default < [spamgear] < [applet] < command line. Returns the exit
     * status; diag_error turns 0 and 1 into APPLET_TROUBLE. */
    int (*run)(void *settings, const struct run *run);
};

/* The program: dispatches, handles the options of `spamgear` itself, returns the exit
 * status. applets: every applet, sorted by name. */
int applet_main(const struct applet *const *applets, size_t count, int argc, char **argv);

/* How --now reads a time: the log layer knows, which this one may not include. main sets it
 * before applet_main; without it only @SECONDS is understood. */
void applet_read_times_with(bool (*parse)(const char *text, int64_t now, int64_t *time));

/* The applet of a name or alias; NULL when there is none. *as (may be NULL) gets the name
 * it was found by. */
const struct applet *applet_find(const struct applet_list *list, const char *name, const char **as);

/* Runs one applet: options, config, run(), and what is left to tell. argv[0] is not looked
 * at. Returns the exit status. */
int applet_call(const struct applet_list *list, const struct applet *applet, const char *called,
                int argc, char **argv);

#endif

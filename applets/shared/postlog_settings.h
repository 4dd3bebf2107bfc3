/* postlog_settings - what the daemon is told to do: options, section [postlog], the INI file of
 * postlog-sa, and section [store], put together.
 */
#ifndef SPAMGEAR_APPLETS_POSTLOG_SETTINGS_H
#define SPAMGEAR_APPLETS_POSTLOG_SETTINGS_H

#include "listing_section.h"
#include "policy_section.h"
#include "spamgear/base/addr.h"
#include "spamgear/cli/settings.h"
#include "store_section.h"

#define POSTLOG_RUN    "/run/spamgear"
#define POSTLOG_SOCKET POSTLOG_RUN "/postlog.sock"

struct postlog_settings {
    char *ini, *state, *log, *socket, *listen, *textfile, *journal_dir, *journal_file;
    bool once, check, dry_run, journal;
    uint64_t verbosity, level, threads_max;
    struct texts replay, logs, trusted_logs, own_networks, webmail, filter_relays;
    struct period wait, age, interval;
    int format;
};

extern const struct option postlog_options[];

struct postlog_prefixes {
    struct prefix *at;
    size_t len, cap;
};

/* Everything, ready to be used. What is borrowed lives in settings and config. */
struct postlog_plan {
    const struct postlog_settings *set;
    struct texts logs; /* to follow; empty: the journal */
    struct postlog_prefixes own, relays;
    struct texts relay_names;
    const char *log;
    int level, console;
    struct store_config store;
    struct listing_config listing;
    struct policy_config policy;
    struct section_values react;
    const char *cases; /* their folder */
    struct config ini;
    struct texts remarks; /* to tell; they keep nothing from running */
};

/* Problems, which are told and keep it from running, are added. Clear it in either case. */
void postlog_plan_read(struct postlog_plan *plan, const struct postlog_settings *settings,
                       const struct run *run, struct texts *problems);
void postlog_plan_clear(struct postlog_plan *plan);

/* What the configuration alone says of where the daemon's rows go and who is listed, for applets
 * that look after its tables: store and listing of the plan. ini: the file of --ini, or NULL. */
struct postlog_given {
    struct settings settings; /* must stay where it is */
    struct postlog_plan plan;
};
void postlog_given_read(struct postlog_given *given, const struct run *run, const char *ini,
                        struct texts *problems);
void postlog_given_clear(struct postlog_given *given);
#define POSTLOG_INI_HELP                                                                           \
    "Read the configuration of postlog-sa in FILE, too: [db] is the database, [sql] has the "      \
    "query."

#endif

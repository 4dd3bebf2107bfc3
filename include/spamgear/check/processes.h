/* processes - programs that run where none should: the signs of a break-in, from /proc alone.
 *
 * Nothing is executed, no file of a process is opened but those in /proc; names are the process's
 * own words and believed for nothing but showing. A process that ends while it is looked at is no
 * error; one that could not be read is told.
 */
#ifndef SPAMGEAR_CHECK_PROCESSES_H
#define SPAMGEAR_CHECK_PROCESSES_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdint.h>
#include <sys/types.h>

enum process_sign { /* or-ed */
                    PROCESS_INTERPRETER =
                        1, /* perl, python, sh, nc ... of a script outside system paths */
                    PROCESS_DELETED = 2,    /* its executable was deleted */
                    PROCESS_FROM_TEMP = 4,  /* runs from /tmp, /dev/shm, an upload folder:
                                               executable or script */
                    PROCESS_FAKED_NAME = 8, /* argv[0] names another program than the executable */
                    PROCESS_SENDS_MAIL = 16 /* holds a connection to port 25, 465 or 587 outside */
};
#define PROCESS_SIGNS 5
const char *process_sign_name(unsigned sign); /* "interpreter", "deleted", ... */

struct process_settings {
    const char *proc;              /* "/proc" */
    uid_t uid_low, uid_high;       /* tenants */
    const struct texts *users;     /* web server users by name, whatever their UID */
    const struct texts *temporary; /* globs of further folders nobody should run programs from */
    const struct texts *allow;     /* globs of executable paths; those that hold a blank or do not
                                      begin with a slash also of command lines of the system's
                                      programs */
};

struct process {
    pid_t pid, parent;
    uid_t uid;
    char *user, *executable, *command, *folder; /* raw; owned */
    int64_t started;
    unsigned signs;
    struct texts details; /* "script /home/x/a.pl", "192.0.2.1:25" */
};

/* Sets signs and details of a process from executable, command, folder; raw is the command line as
 * /proc has it, words ended by NUL; input is what its standard input is ("socket:[1]",
 * "/dev/null"). Pure, but that it looks whether a deleted program is there again. */
void process_judge(struct process *process, struct span raw, const char *input,
                   const struct process_settings *settings);

struct processes {
    VEC(struct process) found; /* with signs, and not allowed; by PID */
    unsigned seen;             /* processes of the users looked at */
    unsigned unreadable;       /* of those: could not be read, so that they are not judged */
    unsigned allowed;          /* with signs, but on the list */
};

/* 0; -1 with why when /proc could not be read. */
int processes_look(const struct process_settings *settings, struct processes *processes,
                   struct strbuf *why);
void processes_clear(struct processes *processes);

#endif

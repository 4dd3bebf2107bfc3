/* react_section - the rows of section [react]. */
#include "react_section.h"

#include "spamgear/base/diag.h"

struct react_values {
    struct react_settings react;
    struct period standing, timeout;
};

static const char *const map_types[] = {"sqlite", "lmdb", "hash", "cdb", NULL};

#define TEXT(field, name, metavar, standard, ...)                                                  \
    OPTION_TEXT(struct react_values, react.field, name, 0, metavar, standard, __VA_ARGS__)
#define LIST(field, name, metavar, ...)                                                            \
    OPTION_LIST(struct react_values, react.field, name, 0, metavar, __VA_ARGS__)
#define COUNT(field, name, metavar, standard, low, high, ...)                                      \
    OPTION_COUNT(struct react_values, react.field, name, 0, metavar, standard, low, high,          \
                 __VA_ARGS__)

static const struct option general[] = {
    LIST(methods, "methods", "METHOD",
         "How an account is disabled, in this order; any of local, nis, postfix-map, dovecot, sql, "
         "exim-list, hold-queue, command.",
         .standard = "local"),
    TEXT(names, "names", "CHARACTERS", "A-Za-z0-9._@+=-",
         "The characters that a name may have, as in a bracket of a pattern. An account of any "
         "other name is refused and reported. Names that begin with \"-\", that have control "
         "characters or more than 255 bytes, and root are refused whatever this says."),
    LIST(allow, "allow", "NAME",
         "Accounts that are never touched: names, or patterns with * ? and [..], whatever their "
         "case. \"bob\" is not "
         "bob@example.com."),
    OPTION_FLAG(struct react_values, react.trust_plain, "trust-plain-logs", 0,
                "Act on syslog lines that any local user could have written with logger(1). "
                "Without it an account is disabled only when the journal or a file of trusted-logs "
                "vouches for each of its messages; else the report says what would have been "
                "done."),
    COUNT(actions_max, "max-actions-per-run", "N", "5", 0, 1000000,
          "Disable so many accounts in one run at most. Of the others the report says that they "
          "should be looked at: a rule that has gone wrong must not lock everybody out."),
    OPTION_PERIOD(struct react_values, standing, "for", 0, "PERIOD", NULL,
                  "Let accounts go again after this period (\"2h\", \"1 day\"), at the next run of "
                  "any applet. Without it they stay disabled until `spamgear case undo`."),
    TEXT(state, "state", "DIR", REACT_STATE,
         "The folder of the cases: spamgear.db, and react.lock. Nobody else may write to it."),
    OPTION_PERIOD(struct react_values, timeout, "timeout", 0, "PERIOD", "20sec",
                  "The time that each program and server has that is asked to do something."),
    LIST(notify, "notify", "ADDRESS",
         "Who gets the mail about an account that was disabled; else those of [mail] to."),
    OPTION_END};

static const struct option of_methods[] = {
    COUNT(uid_low, "uid-low", "UID", "1000", 1, UINT32_MAX - 1,
          "local: no user below this UID is touched."),
    COUNT(uid_high, "uid-high", "UID", "59999", 1, UINT32_MAX - 1,
          "local: no user above this UID is touched."),
    TEXT(passwd_root, "passwd-root", "DIR", NULL,
         "local: the accounts are those of DIR/etc/passwd (usermod --prefix)."),
    TEXT(nis_server, "nis-server", "HOST", NULL, "nis: the master server, asked by ssh."),
    TEXT(nis_user, "nis-user", "USER", NULL, "nis: the user to log in as there."),
    TEXT(nis_command, "nis-command", "COMMAND", NULL,
         "nis: the one command that is run there. It gets what to do on its standard input."),
    TEXT(ssh, "ssh", "PROGRAM", NULL, "nis: the ssh program."),
    LIST(ssh_options, "ssh-options", "WORD",
         "nis: further words for ssh, before the host: -i /root/.ssh/nis."),
    TEXT(map_file, "map-file", "FILE", NULL,
         "postfix-map: the map that check_sasl_access and check_sender_access look into."),
    OPTION_CHOICE(struct react_values, react.map_type, "map-type", 0, "sqlite|lmdb|hash|cdb",
                  "sqlite", map_types, "postfix-map: what kind of map it is."),
    TEXT(map_action, "map-action", "ACTION", NULL,
         "postfix-map: what stands in the map for the account: \"REJECT this account is "
         "disabled\"."),
    TEXT(dovecot_deny, "dovecot-deny", "FILE", NULL,
         "dovecot: the passwd-file of a passdb with deny = yes."),
    TEXT(doveadm, "doveadm", "PROGRAM", NULL, "dovecot: the doveadm program."),
    TEXT(dovecot_config, "dovecot-config", "FILE", NULL,
         "dovecot: its configuration, when it is not the usual one."),
    TEXT(sql, "sql", "URL", NULL,
         "sql: sqlite:/FILE, mysql://[USER@]HOST[:PORT]/DATABASE, "
         "mysql:///DATABASE?socket=/PATH, pgsql://[USER@]HOST[:PORT]/DATABASE, or "
         "pgsql:///DATABASE?host=/FOLDER."),
    TEXT(sql_password_file, "sql-password-file", "FILE", NULL,
         "sql: a file with the password, which only its owner may read."),
    TEXT(sql_disable, "sql-disable", "STATEMENT", NULL,
         "sql: disables one account; each ? stands for its name: \"UPDATE mailbox SET active = 0 "
         "WHERE username = ?\"."),
    TEXT(sql_enable, "sql-enable", "STATEMENT", NULL, "sql: enables it again."),
    TEXT(sql_status, "sql-status", "STATEMENT", NULL,
         "sql: tells whether it is disabled: \"SELECT active = 0 FROM mailbox WHERE username = "
         "?\"."),
    TEXT(exim_list, "exim-list", "FILE", NULL,
         "exim-list: a file of names, one a line, that an ACL of Exim looks into."),
    TEXT(mail_server, "mail-server", "postfix|exim", NULL,
         "hold-queue: whose queue; else that of the mail server that is found."),
    TEXT(postfix_config, "postfix-config", "DIR", NULL,
         "hold-queue: Postfix' configuration; else /etc/postfix and its instances."),
    TEXT(postfix_programs, "postfix-programs", "DIR", NULL,
         "hold-queue: where postsuper and postqueue are."),
    TEXT(exim, "exim", "PROGRAM", NULL, "hold-queue: the exim program."),
    TEXT(exim_spool, "exim-spool", "DIR", NULL, "hold-queue: Exim's spool."),
    COUNT(hold_max, "hold-max", "N", "10000", 1, 100000000,
          "hold-queue: hold so many messages of an account at most; that there are more is told."),
    LIST(command_disable, "command-disable", "WORD",
         "command: a program and its arguments, started without a shell. {name}, {case}, {reason} "
         "and {expires} stand for themselves."),
    LIST(command_enable, "command-enable", "WORD", "command: lets the account go again."),
    LIST(command_status, "command-status", "WORD", "command: tells whether it is disabled."),
    OPTION_END};

const struct section react_section = {
    .name = "react",
    .summary = "how accounts are disabled",
    .options = (const struct option *const[]){general, of_methods, NULL},
    .settings_size = sizeof(struct react_values),
};

const struct react_settings *react_section_settings(struct section_values *values,
                                                    const struct config *config,
                                                    struct texts *problems)
{
    section_read(values, &react_section, config, problems);
    struct react_values *own = values->own;
    own->react.for_s = own->standing.seconds;
    own->react.timeout_s = own->timeout.seconds;
    return &own->react;
}

const struct react_settings *react_section_read(struct section_values *values,
                                                const struct config *config)
{
    struct texts problems = {0};
    const struct react_settings *settings = react_section_settings(values, config, &problems);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    if (problems.len > 0)
        settings = NULL;
    texts_clear(&problems);
    return settings;
}

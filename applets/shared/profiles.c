/* profiles - the log checkers as data: which format, which logs, which journal tags. */
#include "logcheck.h"

static const char *const mail_logs[] = {"/var/log/mail.log", "/var/log/maillog", NULL};

static const struct logcheck_profile profiles[] = {
    {.applet = "postfix-spam-check",
     .formats = (const char *const[]){"postfix", NULL},
     .logs = mail_logs,
     .tags = (const char *const[]){"postfix*/smtpd", "postfix*/pickup", NULL},
     .joins = (const char *const[]){"postfix*/smtpd", "postfix*/pickup", "postfix*/qmgr",
                                    "postfix*/oqmgr", NULL}},
    {.applet = "exim-spam-check",
     .formats = (const char *const[]){"exim", NULL},
     .logs = (const char *const[]){"/var/log/exim4/mainlog", "/var/log/exim/mainlog",
                                   "/var/log/exim/main.log", "/var/log/exim_mainlog", NULL},
     .tags = (const char *const[]){"exim", "exim4", NULL},
     .headings = true},
    {.applet = "imp-spam-check",
     .formats = (const char *const[]){"imp", NULL},
     .logs = (const char *const[]){"/var/log/horde/horde.log", "/var/log/horde.log",
                                   "/var/log/horde3/horde.log", NULL},
     .tags = (const char *const[]){"HORDE", "horde", NULL},
     .resolve = true},
    {.applet = "php-legacy-spam-check",
     .formats = (const char *const[]){"php-wrapper", NULL},
     .logs = mail_logs,
     .names_only = true},
    {.applet = "php-sendmail2relay-spam-check",
     .formats = (const char *const[]){"sendmail2relay-path", NULL},
     .logs = mail_logs,
     .names_only = true},
    {.applet = "php-spam-check",
     .formats = (const char *const[]){"php", NULL},
     .logs = (const char *const[]){"/var/log/phpmail.log", "/var/log/php/mail.log", NULL},
     .names_only = true},
    {.applet = "roundcube-spam-check",
     .formats = (const char *const[]){"roundcube", NULL},
     .logs = (const char *const[]){"/var/log/roundcube/sendmail.log", "/var/log/roundcube/sendmail",
                                   NULL},
     .tags = (const char *const[]){"roundcube", NULL},
     .resolve = true},
    {.applet = "sendmail2relay-spam-check",
     .formats = (const char *const[]){"sendmail2relay", NULL},
     .logs = mail_logs},
};

const struct logcheck_profile *logcheck_profile_at(size_t number)
{
    return number < sizeof profiles / sizeof *profiles ? &profiles[number] : NULL;
}

const struct logcheck_profile *logcheck_profile(const char *applet)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].applet, applet) == 0)
            return &profiles[i];
    return NULL;
}

/* mail_section - sections [mail] and [emergency]: where mail goes, for every applet. */
#ifndef SPAMGEAR_APPLETS_MAIL_SECTION_H
#define SPAMGEAR_APPLETS_MAIL_SECTION_H

#include "spamgear/cli/applet.h"
#include "spamgear/net/mailq.h"
#include "spamgear/react/mail.h"

#define MAIL_SPOOL "/var/spool/spamgear" /* unless a section says another */

extern const struct section mail_section, emergency_section;

/* [mail] as struct mail_settings; problems are added. Holds until mail_section_clear. */
struct mail_config {
    struct section_values values;
    struct mail_settings mail;
};

void mail_section_read(struct mail_config *own, const struct config *config,
                       struct texts *problems);
void mail_section_clear(struct mail_config *own);

/* [emergency]; what it does not say comes from the old settings file. */
struct emergency_config {
    struct section_values values;
    struct config old;         /* the old file */
    struct mail_settings mail; /* route "emergency" */
    struct texts smtp;         /* of the old file; mail.smtp is this one or the section's */
    uint64_t threshold;
    const char *name; /* of this host, in the subject */
    struct mailq_settings queue;
};

/* old_path: the old file that was asked for, which must be there; NULL: the standard one, unless
 * config_path says that the standard places do not count. */
void emergency_section_read(struct emergency_config *own, const struct config *config,
                            const char *config_path, const char *old_path, struct texts *problems);
void emergency_section_clear(struct emergency_config *own);

#endif

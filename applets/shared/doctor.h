/* doctor - does runav work when the web server calls it? */
#ifndef SPAMGEAR_APPLETS_DOCTOR_H
#define SPAMGEAR_APPLETS_DOCTOR_H

/* Runs this program as `runav FILE` with a clean file and with a test file, as user (NULL: the
 * first web server user there is; when not root, as who runs this). Prints what was tried and what
 * came out. 0 when all is well, else 2. */
int doctor_run(const char *user);

#endif

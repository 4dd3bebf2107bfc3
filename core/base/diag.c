/* diag - one line a message on standard error, written with one write(2). */
#include "spamgear/base/diag.h"

#include "spamgear/base/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *speaker = "spamgear";
static bool verbose;
static atomic_uint errors;
static int output_error; /* of an earlier write: stdio does not keep it */

void diag_name(const char *name)
{
    speaker = name;
}

void diag_verbose(bool on)
{
    verbose = on;
}

bool diag_is_verbose(void)
{
    return verbose;
}

bool diag_trouble(void)
{
    return errors > 0;
}

unsigned diag_error_count(void)
{
    return errors;
}

static void say(const char *format, va_list args)
{
    int saved = errno;
    struct strbuf text = {0}, line = {0};
    strbuf_vformat(&text, format, args);
    strbuf_format(&line, "%s: ", speaker);
    text_escape(&line, strbuf_span(&text));
    strbuf_add_char(&line, '\n');
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored; /* nobody is left to tell */
    strbuf_clear(&text);
    strbuf_clear(&line);
    errno = saved;
}

void diag_error(const char *format, ...)
{
    va_list args;
    errors++;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void diag_error_lines(const char *lines)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        diag_error("%.*s", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

void diag_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void diag_info(const char *format, ...)
{
    va_list args;
    if (!verbose)
        return;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void diag_output_failed(int error)
{
    if (output_error == 0)
        output_error = error;
}

bool diag_flush_stdout(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (output_error != 0)
        errno = output_error;
    if (errno != EPIPE)
        diag_error("cannot write the output: %s", strerror(errno != 0 ? errno : EIO));
    else
        errors++;
    return false;
}

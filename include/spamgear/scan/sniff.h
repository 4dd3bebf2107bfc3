/* sniff - what is in a file, told by its bytes and never by its name.
 *
 * PHP runs whatever stands behind an open tag, in an image or a text file too; .htaccess
 * directives make any name executable. So every content is looked at, and a rule says in
 * which kinds of content it counts.
 */
#ifndef SPAMGEAR_SCAN_SNIFF_H
#define SPAMGEAR_SCAN_SNIFF_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stddef.h>
#include <stdint.h>

enum sniff_kind {
    SNIFF_PHP = 1,      /* <?php, <?=, <? where short tags would run, <script language=php> */
    SNIFF_PHAR = 2,     /* __HALT_COMPILER with a phar manifest */
    SNIFF_HTACCESS = 4, /* Apache directives, and hardly anything else */
    SNIFF_USERINI = 8,  /* PHP ini directives, and hardly anything else */
    SNIFF_ASP = 16,     /* <%, <%@ Page, <script runat=server> */
    SNIFF_JSP = 32,
    SNIFF_PERL = 64, /* #! line, or use strict and the like at its start */
    SNIFF_PYTHON = 128,
    SNIFF_SHELL = 256,
    SNIFF_HTML = 512,
    SNIFF_IMAGE = 1024,   /* magic of GIF, PNG, JPEG, WebP, ICO, or SVG */
    SNIFF_ARCHIVE = 2048, /* zip, gzip, tar, ... */
    SNIFF_BINARY = 4096   /* NUL bytes near its start, none of the above */
};

/* The kinds of a text, or of a window of a file: base is its offset in the file (magic bytes
 * count at 0 only). Never fails; linear time. */
uint32_t sniff(struct span text, uint64_t base);

/* Does a PHP open tag stand at text's start, one that would run (short ones too)? Its length, 0
 * when there is none. */
size_t sniff_php_tag(struct span text);

/* "php, image", "none". Appends. */
void sniff_names(uint32_t kinds, struct strbuf *out);
/* The bit of a name as rule files write it ("php"); 0 when it is none. */
uint32_t sniff_kind_of(struct span name);

#endif

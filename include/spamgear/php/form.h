/* form - what a PHP text looks like, whatever it does: how it is laid out, how its names and
 * strings are made up, which functions it names, and its shape as a hash.
 *
 * Linear in the text; needs the tokens only. Numbers, no judgement.
 */
#ifndef SPAMGEAR_PHP_FORM_H
#define SPAMGEAR_PHP_FORM_H

#include "spamgear/php/lexer.h"
#include <stdbool.h>

struct php_form {
    uint32_t bytes, code_bytes, html_bytes, comment_bytes, lines, tokens;
    uint32_t longest_line;   /* of code */
    uint32_t longest_string; /* constant */
    uint32_t strings, string_bytes;
    uint32_t encoded_strings; /* of 64 bytes or more that look like base64 or hex */
    uint32_t encoded_bytes;
    uint32_t escaped_strings;     /* half or more is \x41 or \101 for a letter or digit */
    uint32_t binary_strings;      /* many bytes that are no text */
    uint32_t largest_entropy;     /* bits a byte * 100, of a constant of 64 bytes or more */
    uint32_t names, random_names; /* distinct variables, and functions, classes and labels of the
                                     file; those that no person would choose: O0O0, lIlI,
                                     consonants, hex, digits */
    uint32_t high_names;          /* with bytes above 127 */
    uint32_t chr_calls, concats, indexes; /* how often chr( and . and [number] stand */
    uint32_t split_comments; /* comments between a name and its ( or within expressions */
    uint32_t blank_run;      /* longest run of blanks on a line before code */
    bool code_before_bom, after_image, after_exit, starts_late; /* code behind a picture's bytes;
                                       behind exit; an open tag behind much that is not HTML */
    bool gif_header;    /* GIF89a and the like before the tag */
    bool html_page;     /* <html or <form outside of tags or in its strings */
    bool password_form; /* an <input type=password, a form with a file field, ... */
    bool file_form;
    bool has_license; /* a comment with copyright, @license, @package, ... */
    bool has_namespace, has_class;
    uint64_t normal;       /* hash of the tokens, comments and blanks left out */
    uint64_t shape;        /* the same with names, numbers, strings and HTML blanked (words of the
                              language, superglobals, and names of functions and classes that the
                              file uses and does not define stay, in small letters) */
    uint32_t shape_tokens; /* how many tokens that hash saw */
};

/* all: tokens with PHP_LEX_ALL. */
void php_form_of(struct span text, const struct php_tokens *all, struct php_form *form);

#endif

/* sniff - the kinds of contents, whatever their name would have been. */
#include "spamgear/scan/sniff.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <stdlib.h>

#define S(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t len;
    const char *want;
} rows[] = {
    /* PHP's tags */
    {S("<?php echo 1;"), "php"},
    {S("<?PHP\n"), "php"},
    {S("<?php"), "php"},
    {S("text <?=$x?> text"), "php"},
    {S("<? echo 1 ?>"), "php"},
    {S("<?\necho 1 ?>"), "php"},
    {S("<?$x ?>"), "php"},
    {S("<?eval(1)"), "php"},
    {S("<?/**/eval(1)"), "php"},
    {S("<?@x()"), "php"},
    {S("<?`x`"), "php"},
    {S("<?\xc3\xa9:x()"), "php"},
    {S("<?phpx"), "php"},
    {S("<?"), "none"},
    {S("<"), "none"},
    {S("<?)"), "none"},
    {S("<?*"), "none"},
    {S("<?\0"), "binary"},
    {S("< ?php"), "none"},
    {S("&lt;?php echo"), "none"},
    {S(""), "none"},
    {S("plain text, nothing else\n"), "none"},
    /* what XML writes there; PHP would only stop at it */
    {S("<?xml version=\"1.0\"?><a/>"), "none"},
    {S("<?XML  version = '1.0'?>"), "none"},
    {S("<?xml-stylesheet href=\"a.css\"?>"), "none"},
    {S("<?xpacket begin=\"\" id=\"x\"?>"), "none"},
    {S("<?mso-application progid=\"Word.Document\"?>"), "none"},
    {S("<?xml version=\"1.0\"?><?php echo 1;"), "php"},
    {S("<?xml;eval(1);"), "php"},
    {S("<?xml: eval(1);"), "php"},
    {S("<?xml ;x=1"), "php"},
    {S("<?xml /**/;x=1"), "php"},
    {S("<?xml(1);"), "php"},
    {S("<?const A = 1; eval(1);"), "php"},
    {S("<?php const A = 1; eval(1);"), "php"},
    {S("<?php A = 1"), "php"},
    {S("<?CONST A=1; eval(1);"), "php"},
    {S("<?x  y"), "php"},
    /* PHP 5's other tag */
    {S("<script language=\"php\">x</script>"), "php"},
    {S("<SCRIPT\n\tLANGUAGE = 'PHP' >x"), "php"},
    {S("<script language=php>x"), "php"},
    {S("<script language=\"php'>x"), "html"},
    {S("<script language=\"php\" src=x>"), "html"},
    {S("<script language=phpx>"), "html"},
    {S("<scriptlanguage=php>"), "html"},
    {S("<script language=\"php"), "html"},
    {S("<script language="), "html"},
    {S("<script"), "html"},
    /* archives that PHP runs */
    {S("<?php __HALT_COMPILER(); ?>\r\n\x20\0\0\0\1\0\0\0\x11\0\0\0\0\0"), "php, phar"},
    {S("GIF89a __HALT_COMPILER(); ?>\n\x20\0\0\0\1\0\0\0\x11\0\0\0\0\0"), "php, phar, image"},
    {S("__HALT_COMPILER(); __HALT_COMPILER();\x20\0\0\0\1\0\0\0\x11\0\0\0\0\0"), "php, phar"},
    {S("<?php __HALT_COMPILER();"), "php"},
    {S("<?php __HALT_COMPILER(); just some data behind it"), "php"},
    {S("<?php __HALT_COMPILER(); ?>\r\n\x20\0\0\0\2\0\0\0\x11\0\0\0\0\0"), "php"},
    {S("__HALT_COMPILER();\xff\xff\xff\xff\xff\xff\xff\xff\x11\0\0\0\0\0"), "binary"},
    /* pictures, with and without */
    {S("GIF89a\1\1"), "image"},
    {S("GIF89a<?php echo 1;"), "php, image"},
    {S("\x89PNG\r\n\x1a\n\0\0"), "image"},
    {S("\xff\xd8\xff\xe0\0\x10JFIF <?php x();"), "php, image"},
    {S("RIFF\1\2\3\4WEBPVP8 "), "image"},
    {S("\0\0\1\0\1\0"), "image"},
    {S("<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"><script>1</script></svg>"), "html, image"},
    {S("<svg>"), "image"},
    {S("<svgx>"), "none"},
    {S(" GIF89a"), "none"},
    {S("PK\3\4"), "archive"},
    {S("\x1f\x8b\x08"), "archive"},
    {S("\xfd"
       "7zXZ\0"),
     "archive"},
    {S("\x7f"
       "ELF\0\0"),
     "binary"},
    {S("a\0b"), "binary"},
    {S("a\0<?php x();"), "php"},
    /* other languages */
    {S("<%@ Page Language=\"C#\" %>"), "asp"},
    {S("<%@ LANGUAGE=\"VBScript\" %>"), "asp"},
    {S("<%@ page import=\"java.io.*\" %>"), "jsp"},
    {S("<%@page contentType=\"text/html\"%>"), "jsp"},
    {S("<%@ taglib uri=\"x\" %>"), "jsp"},
    {S("<%! int x; %>"), "jsp"},
    {S("<% x.y() %>"), "asp, jsp"},
    {S("<%\x01\x02\x03\x04"), "none"},
    {S("<%="), "none"},
    {S("<jsp:useBean id=x>"), "jsp"},
    {S("<script language=\"C#\" runat=\"server\">"), "asp, html"},
    {S("#!/usr/bin/perl -w\nprint 1;"), "perl"},
    {S("#!/usr/bin/env perl\nprint 1;"), "perl"},
    {S("#!/usr/bin/env -S LANG=C /opt/x/perl5.36 -w\n"), "perl"},
    {S("#! /usr/bin/python3\n"), "python"},
    {S("#!/bin/sh\n"), "shell"},
    {S("#!/bin/bash"), "shell"},
    {S("#!/bin/busybox sh\n"), "shell"},
    {S("#!/home/perl/python/bin/sh"), "shell"},
    {S("#!/usr/bin/php\n<?php echo 1;"), "php"},
    {S("#!/usr/bin/fish\n"), "none"},
    {S("#!"), "none"},
    {S("#!/usr/bin/env"), "none"},
    {S("# a comment\n\nuse strict;\n"), "perl"},
    {S("# -*- coding: utf-8 -*-\nimport os, sys\n"), "python"},
    {S("from socket import *\n"), "python"},
    {S("a\nb\nc\nimport os\n"), "none"},
    {S("<!DOCTYPE html>\n<html>"), "html"},
    {S("<form action=x>"), "html"},
    {S("<header>"), "none"},
    {S("<Files a>\nhello\n</Files>"), "none"},
    {S("<limit GET>\n</limit>"), "htaccess"},
    {S("a < b"), "none"},
    /* .htaccess */
    {S("AddType application/x-httpd-php .jpg\n"), "htaccess"},
    {S("addhandler PHP5-script .PNG"), "htaccess"},
    {S("\xef\xbb\xbf"
       "AddType application/x-httpd-php .jpg\n"),
     "htaccess"},
    {S("# x\r\n\r\n\tphp_value auto_prepend_file /x/y.jpg\r\n"), "htaccess"},
    {S("<FilesMatch \"\\.jpg$\">\n  SetHandler application/x-httpd-php\n</FilesMatch>\n"),
     "htaccess"},
    {S("<IfModule none.c>\nwhatever it is, nobody reads it\n</IfModule>\nAddType x .y\n"),
     "htaccess"},
    {S("RewriteRule a \\\n  continued here\nRewriteEngine On\n"), "htaccess"},
    {S("RewriteRule a \\\r\n  continued here\r\nRewriteEngine On\r\n"), "htaccess"},
    {S("ModFooBar on\nAddType x .y\n"), "htaccess"},
    {S("ModFooBar on\n"), "none"},
    {S("ModFooBar on\nFooBarMore off\nAddType x .y\n"), "none"},
    {S("Put this line into .htaccess:\nAddType application/x-httpd-php .jpg\n"), "none"},
    {S("AddType application/x-httpd-php .jpg\nis what you need\n"), "none"},
    {S("# AddType application/x-httpd-php .jpg\n"), "none"},
    {S("AddTypeapplication/x-httpd-php .jpg\n"), "none"},
    {S("</IfModule>\nAddType x .y"), "htaccess"},
    {S("\\\n\\\n\\"), "none"},
    /* .user.ini */
    {S("auto_prepend_file=x.jpg\n"), "userini"},
    {S("; x\n[PATH=/x]\r\n auto_prepend_file = \"x.jpg\""), "userini"},
    {S("foo = 1\nauto_prepend_file = x\n"), "userini"},
    {S("auto_prepend_file = x\nwhat PHP cannot read (\n"), "userini"},
    {S("Write this:\nauto_prepend_file = x\n"), "none"},
    {S("auto_prepend_file x\n"), "none"},
    {S("AUTO_PREPEND_FILE = x\n"), "none"},
    {S("foo = 1\nbar = 2\n"), "none"},
};

static void check(const char *name, struct span text, uint64_t base, const char *want)
{
    struct strbuf got = {0};
    sniff_names(sniff(text, base), &got);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
}

/* Every row ends where its memory ends, for the sanitizer. */
static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *exact = mem_alloc(rows[i].len);
        memcpy(exact, rows[i].text, rows[i].len);
        check(rows[i].text, (struct span){exact, rows[i].len}, 0, rows[i].want);
        free(exact);
    }
}

/* Behind a file's start only tags count. */
static void test_window(void)
{
    check("no magic", SPAN("GIF89a"), 4096, "none");
    check("no script", SPAN("#!/bin/sh\n"), 4096, "none");
    check("no settings", SPAN("AddType x .y\n"), 4096, "none");
    check("no binary", SPAN("a\0b"), 4096, "none");
    check("but tags", SPAN("GIF89a <?php x();"), 4096, "php");
}

/* Padding does not hide settings, and the line that a window cuts decides nothing. */
static void test_long_settings(void)
{
    struct strbuf text = {0};
    while (text.len < 100000)
        strbuf_add_text(&text, "# padding, padding, padding, padding\n");
    strbuf_add_text(&text, "AddType application/x-httpd-php .jpg\n");
    check("behind 100,000 bytes", strbuf_span(&text), 0, "htaccess");
    strbuf_add_text(&text, "AddTy");
    check("cut", strbuf_span(&text), 0, "htaccess");
    strbuf_add_text(&text, " is prose\nAnd so is this\n");
    check("another word", strbuf_span(&text), 0, "none");
    strbuf_reset(&text);
    while (text.len < 100000)
        strbuf_add_text(&text, "; padding, padding, padding, padding\n");
    strbuf_add_text(&text, "auto_prepend_file=x\n");
    check("ini behind 100,000 bytes", strbuf_span(&text), 0, "userini");
    strbuf_clear(&text);
}

static void test_tags(void)
{
    static const struct {
        const char *text;
        int64_t want;
    } tags[] = {{"<?php echo", 5}, {"<?PHP\n", 5}, {"<?php", 5},  {"<?=1", 3},
                {"<? x", 2},       {"<?phpx", 2},  {"<?php(", 2}, {"<?", 0},
                {"<?xml a=", 0},   {" <?php", 0},  {"<?)", 0},    {"", 0}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        test_number(tags[i].text, (int64_t)sniff_php_tag(span_text(tags[i].text)), tags[i].want);
}

static void test_kind_names(void)
{
    for (uint32_t kind = SNIFF_PHP; kind <= SNIFF_BINARY; kind *= 2) {
        struct strbuf name = {0};
        sniff_names(kind, &name);
        test_number(strbuf_text(&name), sniff_kind_of(strbuf_span(&name)), kind);
        strbuf_clear(&name);
    }
    test_number("no kind", sniff_kind_of(SPAN("cobol")), 0);
    test_number("no name", sniff_kind_of(SPAN("")), 0);
}

int main(void)
{
    test_rows();
    test_window();
    test_long_settings();
    test_tags();
    test_kind_names();
    return test_end();
}

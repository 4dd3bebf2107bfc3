#!/usr/bin/perl -w
use strict;
use CGI;
my $q = CGI->new;
my $name = $q->param('name');
$name =~ s/[^\w .-]//g;
open(my $mail, '|-', '/usr/sbin/sendmail', '-t') or die;
print $mail "To: office\@example.com\nSubject: form\n\n$name\n";
close $mail;
print $q->header, "Thank you, $name";

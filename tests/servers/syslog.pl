# syslog.pl SOCKET <LOG - sends the lines of a log to a syslog daemon, as syslog(3) does.
# The stamp's day is padded with a blank, the host name left out, the facility is mail.
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket;

my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
while (my $line = <STDIN>) {
    chomp $line;
    $line =~ s/^(\w{3}) 0/$1  /;
    $line =~ s/^(.{15}) \S+ /$1 /;
    defined $socket->send("<22>$line") or die "$ARGV[0]: $!\n";
}

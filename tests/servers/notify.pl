# notify.pl SOCKET - listens as a service manager does (sd_notify(3)) and prints what it is told,
# one datagram a line, the lines of a datagram parted by blanks.
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket;

my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$ARGV[0]: $!\n";
$| = 1;
while (defined $socket->recv(my $text, 4096)) {
    $text =~ s/\n+$//;
    $text =~ tr/\n/ /;
    print "$text\n";
}

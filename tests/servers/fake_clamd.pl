# fake_clamd.pl MODE SOCKET - a clamd that misbehaves.
#
# silent       says nothing at all
# mute         tells its version; a session gets no answer
# clean        calls everything clean, its canaries too
# liar         finds the canaries when a session begins, and nothing ever after
# nonsense     finds the canaries, then talks HTTP
# stranger     finds the canaries, then answers what nobody asked
# endless      finds the canaries, then an answer that never ends
# leaves       finds the canaries, then closes
# error        finds the canaries, then cannot read anything
use strict;
use warnings;
use IO::Socket::UNIX;

my ($mode, $path) = @ARGV;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

my %answer = (
    clean    => sub { "$_[0]: fd[9]: OK\0" },
    liar     => sub { "$_[0]: fd[9]: OK\0" },
    nonsense => sub { "HTTP/1.1 400 Bad Request\r\n\r\n\0" },
    stranger => sub { ($_[0] + 1000) . ": fd[9]: OK\0" },
    endless  => sub { 'x' x 100_000 },
    error    => sub { "$_[0]: fd[9]: Can't open file or directory ERROR\0" },
    leaves   => sub { exit 0 },
    mute     => sub { '' },
);

sub one_answer {
    my ($number) = @_;
    my $found = $number <= 2 && $mode ne 'clean' && $mode ne 'mute';
    return $found ? "$number: fd[9]: Canary FOUND\0" : $answer{$mode}->($number);
}

sub serve {
    my ($client) = @_;
    my $number = 0;
    while (sysread $client, my $bytes, 4096) {
        next if $mode eq 'silent';
        syswrite $client, "ClamAV 1.4.6\0" if $bytes =~ /zVERSION/;
        syswrite $client, "PONG\0" if $bytes =~ /zPING/;
        $number++, syswrite $client, one_answer($number) while $bytes =~ /FILDES/g;
    }
}

my $server = IO::Socket::UNIX->new(Local => $path, Listen => 20) or die "$path: $!\n";
while (my $client = $server->accept) {
    next if fork;
    serve($client);
    exit 0;
}

# export.pl UID EXE UNIT <LOG - a syslog file as journal entries in the export format
# (systemd.io/JOURNAL_EXPORT_FORMATS), with the fields that journald has from the kernel. An
# EXE that ends with a slash is a folder: the program of the tag lies in it. Stamps are read
# as times of the current year; one that is over an hour old becomes now.
use strict;
use warnings;
use POSIX qw(mktime);

my ($uid, $exe, $unit) = @ARGV;
my %month;
@month{qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)} = 0 .. 11;
my $now = time;
my $year = (localtime $now)[5];
my $number = 0;

sub microseconds {
    my ($name, $day, $hour, $minute, $second) = @_;
    my $time = mktime($second, $minute, $hour, $day, $month{$name}, $year, 0, 0, -1);
    $time = $now if $time < $now - 3600 || $time > $now;
    return $time * 1_000_000 + $number++;
}

while (my $line = <STDIN>) {
    my @stamp = $line =~ /^(\w{3}) +(\d+) (\d+):(\d+):(\d+) / or die "no stamp: $line";
    my ($host, $tag, $pid, $text) = $line =~ /^.{15} (\S+) ([^\[]+)\[(\d+)\]: (.*)/
        or die "no tag: $line";
    my ($program) = $tag =~ m{([^/]+)$};
    print map { "$_\n" } '__REALTIME_TIMESTAMP=' . microseconds(@stamp),
        '__MONOTONIC_TIMESTAMP=' . ($number + 1), '_BOOT_ID=' . '1' x 32,
        '_MACHINE_ID=' . '2' x 32, "_HOSTNAME=$host", '_TRANSPORT=syslog', 'PRIORITY=6',
        'SYSLOG_FACILITY=2', "SYSLOG_IDENTIFIER=$tag", "SYSLOG_PID=$pid", "_PID=$pid", "_UID=$uid",
        '_EXE=' . ($exe =~ m{/$} ? "$exe$program" : $exe), "_SYSTEMD_UNIT=$unit",
        "MESSAGE=$text", '';
}

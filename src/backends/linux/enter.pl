# The steps around a bottle that need system calls node does not offer. Perl, because its base package is on every
# Debian and Ubuntu and starts in two milliseconds. Only builtins: nothing is loaded from disk once this runs.
#
#   hold  ip=PATH                 in a fresh user+network namespace: makes every address local; binds the ports that
#                                 standard input asks for and passes the sockets out; keeps the namespaces until
#                                 standard input ends, then kills whatever is still in them
#   start OPTION... -- WORD... -- COMMAND    outside: opens what bwrap needs, puts the WORDs (its options, which name
#                                 folders of the host) and the environment where its `--args 9` reads them, runs COMMAND
#   confine OPTION... -- COMMAND  outside, for the sidecar: closes what it isn't to inherit, runs COMMAND
#   enter OPTION... -- COMMAND    in the outer namespace: enters a running bottle, puts on its restrictions, runs COMMAND
#
# The agent's environment comes in E0, E1, ... as NAME=VALUE, so that no LD_PRELOAD of it acts on the programs
# on this side, and no value is ever in an argument list.
use strict;
use warnings;

my %NUMBER = (
  x86_64 => {
    capset => 126, close_range => 436, dup3 => 292, memfd_create => 319, prctl => 157, prlimit64 => 302,
    sched_setaffinity => 203, sendmsg => 46, setns => 308, setsid => 112,
  },
  aarch64 => {
    capset => 91, close_range => 436, dup3 => 24, memfd_create => 279, prctl => 167, prlimit64 => 261,
    sched_setaffinity => 122, sendmsg => 211, setns => 268, setsid => 157,
  },
);
my %PRCTL = (
  pdeathsig => 1, seccomp => 22, bounding_drop => 24, no_new_privs => 38, ambient => 47,
);
my ($SIGKILL, $LAST_CAPABILITY, $TIOCSCTTY, $TIOCNOTTY) = (9, 63, 0x540e, 0x5422);

my $verb = shift @ARGV // '';
my (%option, @rlimits, @namespaces, @cgroups);
while (@ARGV) {
  my $word = shift @ARGV;
  last if $word eq '--';
  my ($key, $value) = split /=/, $word, 2;
  if ($key eq 'rlimit') { push @rlimits, $value }
  elsif ($key eq 'ns') { push @namespaces, $value }
  elsif ($key eq 'cgroup') { push @cgroups, $value }
  else { $option{$key} = $value }
}
my $number = $NUMBER{ $option{arch} // '' } or fail('unknown architecture');
my %channel = map { /^NODE_CHANNEL_/ ? ($_ => $ENV{$_}) : () } keys %ENV;
my @environment = map { $ENV{"E$_"} } sort { $a <=> $b } map { /^E([0-9]+)$/ ? $1 : () } keys %ENV;
%ENV = ();
$^F = 255;    # what is opened here is meant to be inherited

if ($verb eq 'hold') { hold() }
elsif ($verb eq 'start') { start() }
elsif ($verb eq 'confine') { confine() }
elsif ($verb eq 'enter') { enter() }
fail("unknown verb $verb");

sub fail { print STDERR "bot-bottle: $_[0]\n"; exit 125 }

# The arguments stay the caller's variables: the kernel writes into some.
sub call {
  my $name = shift;
  return syscall($number->{$name}, @_);
}

sub must { my ($what, $result) = @_; fail("$what: $!") if $result < 0; return $result }

# Closes what was inherited from $first on: a shell's own descriptors are not for a bottle.
sub close_from {
  my ($first) = @_;
  return if call('close_range', $first, 0xffffffff, 0) == 0;
  opendir(my $folder, '/proc/self/fd') or fail("/proc/self/fd: $!");
  my @open = grep { /^[0-9]+$/ && $_ >= $first } readdir $folder;
  closedir $folder;
  for my $fd (@open) {
    open(my $handle, '+<&=', $fd) or next;
    close $handle;
  }
}

# A limit above this user's own can't be set: that one holds then.
sub set_rlimits {
  for my $limit (@rlimits) {
    my ($resource, $value) = split /:/, $limit;
    my $old = "\0" x 16;
    must("resource limit $resource", call('prlimit64', 0, $resource + 0, 0, $old));
    my (undef, $hard) = unpack 'QQ', $old;
    $value = $hard if $value > $hard;
    my $pair = pack 'QQ', $value, $value;
    must("resource limit $resource", call('prlimit64', 0, $resource + 0, $pair, 0));
  }
}

sub join_cgroups {
  for my $folder (@cgroups) {
    open(my $procs, '>', "$folder/cgroup.procs") or fail("$folder: $!");
    print {$procs} "$$\n";
    close $procs or fail("$folder: $!");
  }
}

# A parent that died before this was set is not noticed by the kernel: compare.
sub die_with_parent {
  must('prctl', call('prctl', $PRCTL{pdeathsig}, $SIGKILL, 0, 0, 0));
  exit 125 if defined $option{parent} && getppid() != $option{parent};
}

# The terminal was given to this session by whoever made it; the program gets a session of its own in its own pid
# namespace, where its process groups have numbers.
sub give_up_terminal {
  local $SIG{HUP} = 'IGNORE';
  open(my $terminal, '+<', '/dev/tty') or return;
  ioctl($terminal, $TIOCNOTTY, 0);
}

sub set_affinity {
  return unless defined $option{cpus};
  my $mask = '';
  vec($mask, $_, 1) = 1 for split /,/, $option{cpus};
  $mask .= "\0" x (128 - length $mask);
  call('sched_setaffinity', 0, length $mask, $mask);
}

sub hold {
  close_from(4);
  my $batch = "link set lo up\naddress add 198.18.0.1/32 dev lo\nroute add local 0.0.0.0/0 dev lo\n";
  $batch .= "route add local ::/0 dev lo\n" if -e '/proc/net/if_inet6';
  open(my $ip, '|-', $option{ip}, '-batch', '-') or fail("ip: $!");
  print {$ip} $batch;
  close $ip or fail('the addresses of the network namespace could not be set');
  open(my $channel, '+<&=', 3) or fail("channel: $!");
  my $asked = '';
  while (sysread STDIN, $asked, 4096, length $asked) {
    pass_socket($channel, $1, $2) while $asked =~ s/^(tcp|udp) ([0-9]+)\n//;
  }
  my $own = readlink '/proc/self/ns/net';
  for my $round (1 .. 50) {
    my $found = 0;
    opendir(my $folder, '/proc') or last;
    for my $pid (grep { /^[0-9]+$/ && $_ != $$ } readdir $folder) {
      my $net = readlink "/proc/$pid/ns/net";
      next unless defined $net && $net eq $own;
      $found = 1;
      kill 'KILL', $pid;
    }
    closedir $folder;
    last unless $found;
    select undef, undef, undef, 0.02;
  }
  exit 0;
}

# Binds a port on every address of both families, without listening: a second listener could win the sidecar's
# connections. The socket goes out over node's IPC channel, in the form node's own child processes use: a line of JSON
# with the descriptor beside it (SCM_RIGHTS), acknowledged by another line before the next.
sub pass_socket {
  my ($channel, $kind, $port, $socket) = @_;
  my $both = -e '/proc/net/if_inet6';
  my $address = $both ? pack('SnNa16N', 10, $port, 0, "\0" x 16, 0) : pack('Snx12', 2, $port);
  my $bound = socket($socket, $both ? 10 : 2, $kind eq 'tcp' ? 1 : 2, 0)
    && (!$both || setsockopt($socket, 41, 26, pack 'l', 0))
    && ($kind eq 'udp' || setsockopt($socket, 1, 2, pack 'l', 1))
    && bind($socket, $address);
  if (!$bound) {
    my $errno = $! + 0;
    syswrite $channel, qq({"kind":"failed","port":$port,"errno":$errno}\n);
    return;
  }
  my $type = $kind eq 'tcp' ? '"net.Native"' : $both ? '"dgram.Socket","dgramType":"udp6"' : '"dgram.Socket","dgramType":"udp4"';
  my $line = qq({"cmd":"NODE_HANDLE","type":$type,"msg":{"kind":"$kind","port":$port}}\n);
  my $rights = pack 'QLLLx4', 20, 1, 1, fileno $socket;
  my $vector = pack 'PQ', $line, length $line;
  my $message = pack 'QLx4PQPQLx4', 0, 0, $vector, 1, $rights, length $rights, 0;
  must('sendmsg', call('sendmsg', fileno $channel, $message, 0));
  close $socket;
  my $answer = '';
  until ($answer =~ /\n/) { sysread($channel, $answer, 4096, length $answer) or return }
}

# Descriptors for bwrap: 7 the seccomp filter, 8 its information, 6 the same file for the word "started", 9 arguments.
sub start {
  close_from(3);
  die_with_parent();
  give_up_terminal() if $option{terminal};
  set_rlimits();
  set_affinity();
  join_cgroups();
  # Nothing above 2 was open, so these four are 3, 4, 5 and 6; the first and third stay where they are. Both ends of the
  # gate: it has a reader whenever the launcher writes, and never ends.
  open(my $gate, '+<', $option{gate}) or fail("$option{gate}: $!");
  open(my $filter, '<', $option{filter}) or fail("$option{filter}: $!");
  open(my $status, '>>', $option{status}) or fail("$option{status}: $!");
  my $memory = must('memfd_create', call('memfd_create', my $name = "arguments", 0));
  open(my $arguments, '+<&=', $memory) or fail("memfd: $!");
  while (@ARGV) {
    my $word = shift @ARGV;
    last if $word eq '--';
    print {$arguments} "$word\0";
  }
  for my $pair (@environment) {
    my ($key, $value) = split /=/, $pair, 2;
    print {$arguments} "--setenv\0$key\0$value\0";
  }
  seek $arguments, 0, 0;    # flushes, too
  must('dup3', call('dup3', fileno($filter), 7, 0));
  must('dup3', call('dup3', fileno($status), 8, 0));
  must('dup3', call('dup3', fileno($arguments), 9, 0));
  close $_ for $filter, $arguments;
  exec { $ARGV[0] } @ARGV or fail("$ARGV[0]: $!");
}

sub confine {
  close_from($option{keep} + 0);    # a string would be passed as an address
  die_with_parent();
  set_rlimits();
  %ENV = %channel;
  exec { $ARGV[0] } @ARGV or fail("$ARGV[0]: $!");
}

sub enter {
  close_from(3);
  my $pid = $option{target};
  fail('the bottle is not running') if (readlink('/proc/self/ns/net') // '') ne "net:[$option{net}]";
  my $filter = read_file($option{filter});
  my @handles;
  for my $namespace (@namespaces) {
    my ($kind, $inode) = split /:/, $namespace;
    open(my $handle, '<', "/proc/$pid/ns/$kind") or fail('the bottle is not running');
    fail('the bottle is not running') if $inode ne (stat $handle)[1];
    push @handles, $handle;
  }
  # Read after the handles: they are of this process, not of a later one that got its number.
  my $stat = read_file("/proc/$pid/stat");
  $stat =~ s/.*\) //s;
  fail('the bottle is not running') if (split / /, $stat)[19] ne $option{started};
  give_up_terminal() if $option{terminal};
  join_cgroups();
  set_affinity();
  # The user namespace is last: until then this process may enter the others.
  for my $handle (@handles) { must('setns', call('setns', fileno($handle), 0)); close $handle }
  set_rlimits();
  drop_privileges();
  die_with_parent();
  load_filter($filter);
  pipe(my $go, my $ready) or fail("pipe: $!");
  my $child = fork() // fail("fork: $!");
  run_program($go, $ready) if $child == 0;
  close $go;
  syswrite $ready, 'x';
  close $ready;
  close STDIN;
  waitpid $child, 0;
  exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}

sub drop_privileges {
  must('no_new_privs', call('prctl', $PRCTL{no_new_privs}, 1, 0, 0, 0));
  call('prctl', $PRCTL{bounding_drop}, $_, 0, 0, 0) for 0 .. $LAST_CAPABILITY;
  must('ambient', call('prctl', $PRCTL{ambient}, 4, 0, 0, 0));
  my $header = pack 'LL', 0x20080522, 0;
  my $none = "\0" x 24;
  must('capset', call('capset', $header, $none));
}

sub load_filter {
  my ($filter) = @_;
  my $program = pack 'Sx6P', length($filter) / 8, $filter;
  must('seccomp', call('prctl', $PRCTL{seccomp}, 2, $program, 0, 0));
}

sub run_program {
  my ($go, $ready) = @_;
  close $ready;
  must('prctl', call('prctl', $PRCTL{pdeathsig}, $SIGKILL, 0, 0, 0));
  sysread($go, my $word, 1) or exit 125;
  close $go;
  must('setsid', call('setsid'));
  ioctl(STDIN, $TIOCSCTTY, 0) if $option{terminal};
  umask 022;
  chdir $option{cwd} or fail("$option{cwd}: $!");
  for my $pair (@environment) {
    my ($key, $value) = split /=/, $pair, 2;
    $ENV{$key} = $value;
  }
  { no warnings; exec { $ARGV[0] } @ARGV; }
  my $error = $!;
  print STDERR "bot-bottle: $ARGV[0]: $error\n";
  exit($error == 2 ? 127 : 126);
}

sub read_file {
  my ($path) = @_;
  open(my $handle, '<:raw', $path) or fail("$path: $!");
  local $/;
  my $text = <$handle>;
  return $text;
}

import {
  ALLOW,
  and,
  type Block,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  EPROTONOSUPPORT,
  errno,
  ifEqual,
  load,
  returns,
} from "./bpf.ts";
import { argument, assembleFilter, type Rule } from "./filter.ts";
import type { Architecture } from "./syscalls.ts";

/**
 * Calls an agent may make: those the public default policy of Docker and containerd (moby/profiles, seccomp/default.json)
 * allows without a capability, ptrace and process_vm_* included, which that policy allows from Linux 4.8 on and the
 * bottle's pid namespace contains. Calls that look at their arguments are in `agentRules`.
 */
const ALLOWED = `
accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_adjtime
clock_getres clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create
epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat
exit exit_group faccessat faccessat2 fadvise64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchownat
fcntl fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue
futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid
geteuid getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid
getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr getxattrat inotify_add_watch
inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit ioprio_get
ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen
listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat madvise map_shadow_stack membarrier memfd_create
memfd_secret mincore mkdir mkdirat mlock mlock2 mlockall mmap modify_ldt mprotect mq_getsetattr mq_notify mq_open
mq_timedreceive mq_timedsend mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
name_to_handle_at nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc
pkey_free pkey_mprotect poll ppoll prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv
process_vm_writev pselect6 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg
recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo
sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl
semget semop semtimedop sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsuid
setgid setgroups setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid
setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 splice stat statfs statx
symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname unlink
unlinkat utime utimensat utimes vfork vmsplice wait4 waitid write writev
`;

/** What a sandbox inside the bottle needs (`isolation.nested`); each acts only on namespaces it makes itself. */
const NESTED = "chroot mount pivot_root setdomainname sethostname setns umount2 unshare";

const YES = returns(ALLOW);
const NO = returns(errno(EPERM));

/** Every CLONE_NEW* of sched.h: cgroup, uts, ipc, user, pid, net and mount namespaces, in clone's flags. */
const CLONE_NEW = 0x7e020000;

/** personality(2) values of Docker's policy: Linux, 32-bit Linux, each with UNAME26, and the query. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** Push a byte into a terminal's input as if typed: CVE-2017-5226, CVE-2016-10124. */
const TIOCSTI = 0x5412;
/** Paste through the Linux console's selection: CVE-2023-28100. */
const TIOCLINUX = 0x541c;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
export const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

/** S_IFMT, S_IFCHR and S_IFBLK of stat.h. */
const FILE_TYPE = 0o170000;
const CHARACTER_DEVICE = 0o020000;
const BLOCK_DEVICE = 0o060000;

/** Allows the listed values of the accumulator, else `otherwise`. */
export function oneOf(values: readonly number[], otherwise: Block, found: Block = YES): Block {
  return values.reduceRight<Block>((rest, value) => ifEqual(value, found, rest), otherwise);
}

/** The low bits of socket(2)'s type; those above are flags. */
const SOCKET_TYPE = 0xf;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** The default, ICMP (ping), TCP, UDP, ICMPv6, MPTCP: IPPROTO_* of in.h. */
const PROTOCOLS = [0, 1, 6, 17, 58, 262];

/**
 * The protocols the internet's programs use. Naming another (SCTP, DCCP, L2TP) makes the kernel load a module for it:
 * code that is rarely looked at, and that nothing here answers. Raw sockets need a capability no one has.
 */
const INTERNET: Block = [
  load(argument(1)),
  and(SOCKET_TYPE),
  ...oneOf([SOCK_STREAM, SOCK_DGRAM], returns(errno(EPERM)), [
    load(argument(2)),
    ...oneOf(PROTOCOLS, returns(errno(EPROTONOSUPPORT))),
  ]),
];

/** Sockets of the internet and of `others`; netlink for its routing protocol only, which `getaddrinfo` and `ip addr` ask. */
export function socketRule(others: readonly number[]): Block {
  const netlink: Block = [load(argument(2)), ...ifEqual(NETLINK_ROUTE, YES, returns(errno(EAFNOSUPPORT)))];
  const rest = ifEqual(AF_NETLINK, netlink, returns(errno(EAFNOSUPPORT)));
  return [load(argument(0)), ...oneOf([AF_INET, AF_INET6], oneOf(others, rest), INTERNET)];
}

function mknodRule(mode: number): Block {
  return [load(argument(mode)), and(FILE_TYPE), ...oneOf([CHARACTER_DEVICE, BLOCK_DEVICE], YES, NO)];
}

/**
 * The agent's rules. Compared as 32 bits where the kernel takes an int, or a number with a bit set above would pass
 * (CVE-2019-10063). `clone3` hides its flags behind a pointer, so it is said not to exist.
 */
export function agentRules(options: { readonly nested: boolean }): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const name of ALLOWED.trim().split(/\s+/)) rules.set(name, "allow");
  rules.set("clone3", returns(errno(ENOSYS)));
  rules.set("socket", socketRule([AF_UNIX]));
  // Of any other family it fails in the end, but the kernel loads that family's module first.
  rules.set("socketpair", [load(argument(0)), ...ifEqual(AF_UNIX, YES, returns(errno(EAFNOSUPPORT)))]);
  rules.set("personality", [load(argument(0)), ...oneOf(PERSONALITIES, NO)]);
  rules.set("ioctl", [load(argument(1)), ...oneOf([TIOCSTI, TIOCLINUX], YES, NO)]);
  // A character device 0:0 is an overlayfs whiteout and needs no privilege to make.
  rules.set("mknod", mknodRule(1));
  rules.set("mknodat", mknodRule(2));
  if (options.nested) {
    rules.set("clone", "allow");
    for (const name of NESTED.split(" ")) rules.set(name, "allow");
  } else {
    rules.set("clone", [load(argument(0)), and(CLONE_NEW), ...ifEqual(0, YES, NO)]);
  }
  return rules;
}

export function agentFilter(architecture: Architecture, options: { readonly nested: boolean }): Block {
  return assembleFilter(architecture, agentRules(options));
}

import { agentRules, socketRule } from "./agent-policy.ts";
import type { Block } from "./bpf.ts";
import { ALLOW, and, EPERM, errno, ifEqual, load, returns } from "./bpf.ts";
import { argument, assembleFilter, type Rule } from "./filter.ts";
import type { Architecture } from "./syscalls.ts";

/**
 * What the sidecar never does, though an agent may: it starts no process, traces and reads none, makes no file that is
 * not a regular one, shares no memory or queue. `execve` stays, for it is what starts it.
 */
const DENIED = `
adjtimex chmod chown clock_adjtime fanotify_mark fchmod fchmodat fchmodat2 fchown fchownat fork get_thread_area
io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit lchown link linkat memfd_secret mknod mknodat modify_ldt
mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd name_to_handle_at
personality process_mrelease process_vm_readv process_vm_writev ptrace rt_sigqueueinfo rt_tgsigqueueinfo semctl semget
semop semtimedop set_thread_area setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid shmat
shmctl shmdt shmget symlink symlinkat vfork vmsplice
`;

/** A clone that makes a thread of this process; without it, one that makes a process. */
const CLONE_THREAD = 0x00010000;

/** The sidecar's rules: no socket of the host can be dialled, for AF_UNIX sockets can't be made (a socketpair can). */
export function sidecarRules(): ReadonlyMap<string, Rule> {
  const rules = new Map(agentRules({ nested: false }));
  for (const name of DENIED.trim().split(/\s+/)) rules.delete(name);
  rules.set("socket", socketRule([]));
  rules.set("clone", [
    load(argument(0)),
    and(CLONE_THREAD),
    ...ifEqual(CLONE_THREAD, returns(ALLOW), returns(errno(EPERM))),
  ]);
  return rules;
}

export function sidecarFilter(architecture: Architecture): Block {
  return assembleFilter(architecture, sidecarRules());
}

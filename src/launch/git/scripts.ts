/**
 * The few lines of shell that some jobs are, run inside their sandbox. Each is a constant: what varies comes in on
 * descriptors, in files or as "$1", never as a part of the text.
 */

/** HEAD and packed-refs as they are, then one line `missing N`: how many of the refs' objects aren't there. */
export const MIRROR_STATE = `
git rev-parse --show-object-format && cat HEAD packed-refs || exit 1
printf 'missing '
sed -n 's/^\\([0-9a-f]\\{40,64\\}\\) .*$/\\1/p' packed-refs | git cat-file --batch-check | grep -c ' missing$'
true`;

/**
 * stdin: HEAD's content in one line, then packed-refs. They are put in place when every object that the refs lead to is
 * there. Without loose refs a ref and one below its name never meet, and 100,000 are as quick as one.
 */
export const MIRROR_REFS = `
read -r head || exit 1
cat >/tmp/refs || exit 1
sed -n 's/^\\([0-9a-f]\\{40,64\\}\\) .*$/\\1/p' /tmp/refs | git rev-list --objects --stdin --not --all --quiet || exit 1
cp /tmp/refs packed-refs.new && printf '%s\\n' "$head" >HEAD.new && mv packed-refs.new packed-refs && mv HEAD.new HEAD`;

/** Packs of like sizes become one; nothing is dropped. */
export const MIRROR_TIDY = `
set -- objects/pack/*.pack
test $# -lt "$PACKS" || exec git repack -d -q --geometric=2`;

/** git's hook in a push's repository: the sidecar, which has read the commands already, is asked and answers. */
export const PRE_RECEIVE = `#!/bin/sh
cat >/dev/null
echo ready >&3
read -r answer <&3 && test "$answer" = yes
`;

/**
 * What receive-pack has put into its quarantine as the object store, the rest behind it. Found when all of stdin is there:
 * such a sandbox is made before the push has come, and waits.
 */
const QUARANTINE = `
cat >/tmp/input
set -- /push/objects/*incoming-*
test $# -eq 1 && test -d "$1" || exit 1
GIT_OBJECT_DIRECTORY=$1 GIT_ALTERNATE_OBJECT_DIRECTORIES=/push/objects
export GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES`;

/** stdin: new ids. Their commits' paths go to descriptor 3; all objects of the quarantine, and only those, to stdout. */
export const INSPECT = `${QUARANTINE}
{ git rev-list --stdin --not --all </tmp/input >/tmp/commits &&
  git diff-tree --stdin -c --root -r -z --raw --no-renames --no-abbrev </tmp/commits >&3; } &
paths=$!
unset GIT_ALTERNATE_OBJECT_DIRECTORIES
git cat-file --batch --batch-all-objects --unordered --buffer || exit 1
wait $paths || exit 1
printf 'end of changes\\0' >&3
echo end of objects`;

/** stdin: \`OLD NEW\` a line. Prints each old id that isn't reached from its new one. */
export const PUSH_ANCESTOR = `${QUARANTINE}
while read -r old new; do
  printf '%s\\n^%s\\n' "$old" "$new" | git rev-list --stdin --max-count=1 || exit 1
done </tmp/input`;

/** stdin: \`ONE OTHER\`. Prints the paths in which they differ. */
export const PUSH_MOVED = `${QUARANTINE}
read -r one other </tmp/input || exit 1
exec git diff-tree -r -z --name-only --no-renames --ignore-submodules=none "$one" "$other"`;

/** stdin: the word \`offsets\` or \`ids\`, then ids. */
export const PACK_OBJECTS = `${QUARANTINE}
exec </tmp/input
read -r bases || exit 1
test "$bases" = offsets && set -- --delta-base-offset || set --
exec git pack-objects --stdout -q "$@"`;

export const WRITE_OBJECTS = `${QUARANTINE}
exec git index-pack --stdin --strict </tmp/input`;

/** ssh with a connection of the sidecar's: ssh closes what it inherits, so two pipes take its bytes to descriptor 3. */
export const CONNECT = `
mkfifo /tmp/in /tmp/out || exit 1
cat <&3 >/tmp/in & cat </tmp/out >&3 & exec 3>&-
exec /usr/bin/ssh -F /ssh/config -- upstream "$1"`;

/**
 * The same, and the connection stays for a second command, which begins when a line comes on descriptor 4 (ssh_config,
 * ControlPersist; its socket is in the sandbox's own /tmp). Where the upstream takes no second session, that one fails.
 */
export const CONNECT_TWICE = `
mkfifo /tmp/in /tmp/out || exit 1
cat <&3 >/tmp/in & cat </tmp/out >&3 & exec 3>&-
exec 5<&0
/usr/bin/ssh -F /ssh/config -o ControlMaster=yes -o ControlPath=/tmp/mux -o ControlPersist=60 -- upstream "$1" <&5 4>&- || exit $?
exec 5<&- 1>&-
read -r go <&4 || exit 0
exec /usr/bin/ssh -F /ssh/config -o ControlMaster=no -o ControlPath=/tmp/mux -- upstream "$2" <&4 >&4`;

export const LFS_WRITE = `exec cat >"$1"`;
export const LFS_READ = `exec cat "$1"`;

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

/** stdin: new ids. Their commits' paths go to descriptor 3; all objects of the quarantine, and only those, to stdout. */
export const INSPECT = `
cat >/tmp/new
{ git rev-list --stdin --not --all </tmp/new >/tmp/commits &&
  git diff-tree --stdin -c --root -r -z --raw --no-renames --no-abbrev </tmp/commits >&3; } &
paths=$!
unset GIT_ALTERNATE_OBJECT_DIRECTORIES
git cat-file --batch --batch-all-objects --unordered --buffer || exit 1
wait $paths`;

/** stdin: \`OLD NEW\` a line. Prints each old id that isn't reached from its new one. */
export const PUSH_ANCESTOR = `
while read -r old new; do
  printf '%s\\n^%s\\n' "$old" "$new" | git rev-list --stdin --max-count=1 || exit 1
done`;

/** stdin: \`ONE OTHER\`. Prints the paths in which they differ. */
export const PUSH_MOVED = `
read -r one other || exit 1
exec git diff-tree -r -z --name-only --no-renames --ignore-submodules=none "$one" "$other"`;

/** ssh with a connection of the sidecar's: ssh closes what it inherits, so two pipes take its bytes to descriptor 3. */
export const CONNECT = `
mkfifo /tmp/in /tmp/out || exit 1
cat <&3 >/tmp/in & cat </tmp/out >&3 & exec 3>&-
exec /usr/bin/ssh -F /ssh/config -- upstream "$1"`;

export const LFS_WRITE = `exec cat >"$1"`;
export const LFS_READ = `exec cat "$1"`;

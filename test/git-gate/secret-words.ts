import { MAIN, type SecretPush } from "./secret-files.ts";

const COMMITS: readonly SecretPush[] = [
  {
    name: "a commit's message",
    place: "commit message",
    make: async (clone, secret) => {
      await clone.commit(`Use the token\n\nIt is ${secret} for now.\n`);
      return MAIN;
    },
  },
  {
    name: "an author's e-mail address",
    place: "commit author",
    make: async (clone, secret) => {
      await clone.commit("x", { a: "a\n" }, { env: { GIT_AUTHOR_EMAIL: `${secret}@example.com` } });
      return MAIN;
    },
  },
  {
    name: "a committer's name",
    place: "commit committer",
    make: async (clone, secret) => {
      await clone.commit("x", { a: "a\n" }, { env: { GIT_COMMITTER_NAME: `Me ${secret}` } });
      return MAIN;
    },
  },
  {
    name: "a trailer",
    place: "trailer",
    make: async (clone, secret) => {
      await clone.commit(`A change\n\nBecause.\n\nReviewed-by: ${secret} <a@example.com>\n`);
      return MAIN;
    },
  },
  {
    name: "a header of a commit that git doesn't know",
    place: "commit header",
    make: async (clone, secret) => {
      const tree = await clone.git("rev-parse", "HEAD^{tree}");
      const parent = await clone.git("rev-parse", "HEAD");
      const who = "Test <test@example.com> 1767323045 +0000";
      const text = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\nx-note ${secret}\n more of it\n\nmessage\n`;
      return [`${await clone.object("commit", text)}:refs/heads/main`];
    },
  },
  {
    name: "what stands where a signature would",
    place: "commit header",
    make: async (clone, secret) => {
      const tree = await clone.git("rev-parse", "HEAD^{tree}");
      const parent = await clone.git("rev-parse", "HEAD");
      const who = "Test <test@example.com> 1767323045 +0000";
      const text = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\ngpgsig -----BEGIN SSH SIGNATURE-----\n ${secret}\n -----END SSH SIGNATURE-----\n\nmessage\n`;
      return [`${await clone.object("commit", text)}:refs/heads/main`];
    },
  },
  {
    name: "base64 in a commit's message",
    place: "commit message",
    make: async (clone, secret) => {
      const coded = Buffer.from(secret).toString("base64");
      await clone.commit(`Data\n\n${coded}\n`);
      return MAIN;
    },
  },
];

const NAMES: readonly SecretPush[] = [
  {
    name: "a path's name",
    place: "path name",
    make: async (clone, secret) => {
      await clone.commit("x", { [`docs/${secret}/readme.md`]: "nothing\n" });
      return MAIN;
    },
  },
  {
    name: "a branch's name",
    place: "ref name",
    make: async (clone, secret) => {
      await clone.commit("x", { a: "a\n" });
      return [`HEAD:refs/heads/fix-${secret}`];
    },
  },
  {
    name: "a branch's name, with nothing new behind it",
    place: "ref name",
    make: (_, secret) => Promise.resolve([`origin/main:refs/heads/${secret}`]),
  },
  {
    name: "a push option",
    place: "push option",
    make: async (clone, secret) => {
      await clone.commit("x", { a: "a\n" });
      return [`--push-option=note=${secret}`, ...MAIN];
    },
  },
];

const TAGS: readonly SecretPush[] = [
  {
    name: "an annotated tag",
    place: "tag message",
    make: async (clone, secret) => {
      await clone.git("tag", "-a", "-m", `Release\n\nkey ${secret}`, "v1");
      return ["v1"];
    },
  },
  {
    name: "a tagger",
    place: "tagger",
    make: async (clone, secret) => {
      const env = { GIT_COMMITTER_EMAIL: `${secret}@example.com` };
      await clone.run(["tag", "-a", "-m", "x", "v1"], { env });
      return ["v1"];
    },
  },
  {
    name: "a tag's name",
    place: "ref name",
    make: async (clone, secret) => {
      await clone.git("tag", `v-${secret}`);
      return [`v-${secret}`];
    },
  },
  {
    name: "a commit that only a tag reaches",
    place: "only.txt:1",
    make: async (clone, secret) => {
      await clone.git("switch", "-q", "--detach");
      await clone.commit("tagged", { "only.txt": `${secret}\n` });
      await clone.git("tag", "-a", "-m", "clean", "v1");
      await clone.git("switch", "-q", "main");
      return ["main", "v1"];
    },
  },
  {
    name: "a commit that only a lightweight tag reaches",
    place: "only.txt:1",
    make: async (clone, secret) => {
      await clone.git("switch", "-q", "--detach");
      await clone.commit("tagged", { "only.txt": `${secret}\n` });
      await clone.git("tag", "v1");
      return ["--tags"];
    },
  },
  {
    name: "a tag of a blob",
    place: /object|commit|tag/,
    make: async (clone, secret) => {
      const id = await clone.object("blob", `${secret}\n`);
      await clone.git("tag", "-a", "-m", "a blob", "v1", id);
      return ["v1"];
    },
  },
  {
    name: "a tag of a tag",
    place: "tag message",
    make: async (clone, secret) => {
      await clone.git("tag", "-a", "-m", `inner ${secret}`, "inner");
      await clone.git("tag", "-a", "-m", "outer", "outer", "inner");
      return ["outer"];
    },
  },
  {
    name: "a note",
    place: /object|commit|note/,
    make: async (clone, secret) => {
      await clone.git("notes", "add", "-m", `see ${secret}`, "HEAD");
      return ["refs/notes/commits"];
    },
  },
];

/** In what is no file: words about commits and tags, and names. */
export const SECRET_WORDS: readonly SecretPush[] = [...COMMITS, ...NAMES, ...TAGS];

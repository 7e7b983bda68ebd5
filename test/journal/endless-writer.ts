import { openJournal } from "../../src/journal/open.ts";
import { JournalWriter } from "../../src/journal/writer.ts";
import { pathsIn, request } from "./fixture.ts";

// Writes records to the journal FOLDER ID until it is killed or a write fails; says how many it has written, by batches.
const [folder = "", id = "", bytes = "0"] = process.argv.slice(2);
const filler = "x".repeat(Number(bytes));
const writer = JournalWriter.onDescriptors(openJournal(pathsIn(folder, id)), id, (error) => {
  console.log(`failed ${error.message}`);
  process.exit(3);
});
let count = 0;
const batch = (): void => {
  for (let i = 0; i < 50; i++) writer.append(request(`/${++count}${filler}`), Date.now());
  if (count % 500 === 0) process.stdout.write(`${count}\n`);
  setImmediate(batch);
};
batch();

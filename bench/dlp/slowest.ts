/** Searches for slow texts: the best recipe is varied, what is slower is kept. `node bench/dlp/slowest.ts SECONDS`. */
import { DEFAULTS, speedOf, timeOfScan } from "./bottle.ts";
import { pieces, textOf } from "./hostile.ts";

const until = performance.now() + 1000 * Number(process.argv[2] ?? "60");
const all = pieces();
const any = () => Math.floor(Math.random() * all.length);
const speed = (recipe: readonly number[], size: number) =>
  speedOf(textOf(recipe, all, size), 1, (body) => timeOfScan(body, DEFAULTS));

let kept: { readonly recipe: readonly number[]; readonly speed: number }[] = [];
for (let number = 0; number < all.length && performance.now() < until; number++)
  kept.push({ recipe: [number], speed: speed([number], 1 << 18) });
while (performance.now() < until) {
  kept = kept.sort((a, b) => a.speed - b.speed).slice(0, 12);
  const recipe = [...(kept[Math.floor(Math.random() * kept.length)]?.recipe ?? [])];
  const change = Math.random();
  if (change < 0.4) recipe.splice(Math.floor(Math.random() * (recipe.length + 1)), 0, any());
  else if (change < 0.7) recipe[Math.floor(Math.random() * recipe.length)] = any();
  else if (recipe.length > 1) recipe.splice(Math.floor(Math.random() * recipe.length), 1);
  kept.push({ recipe, speed: speed(recipe, 1 << 18) });
}
for (const { recipe } of kept.sort((a, b) => a.speed - b.speed).slice(0, 5)) {
  const text = JSON.stringify(recipe.map((number) => all[number]).join("")).slice(0, 100);
  console.log(
    `${speed(recipe, 4 << 20)
      .toFixed(0)
      .padStart(6)} MB/s  ${text}`,
  );
}

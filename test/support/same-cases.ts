import fc from "fast-check";

// A run of the suite is the same as the one before, unless it is to look for what nobody has seen yet.
if (process.env.BOT_BOTTLE_FUZZ === undefined) fc.configureGlobal({ seed: 20_261_124 });

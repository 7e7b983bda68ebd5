import { scenario, userFolder } from "./ordinary-user.ts";
import type { Job, Outcome } from "./scenarios/run.ts";

/** Opens a bottle as an ordinary user, runs the job's agent and `exec`s in it, and closes it. */
export async function bottle(job: Partial<Job> & Pick<Job, "agent">): Promise<Outcome> {
  const whole: Job = { execs: [], ports: [80, 443], nested: false, limits: {}, folder: userFolder(), ...job };
  const outcome = await scenario("run", whole);
  return outcome as Outcome;
}

/** One shell script as the bottle's agent. */
export async function runScript(script: string, job: Partial<Job> = {}): Promise<Outcome["agent"]> {
  return (await bottle({ ...job, agent: { script } })).agent;
}

/** One shell script through `exec`, in a bottle whose agent waits. */
export async function execScript(script: string, job: Partial<Job> = {}): Promise<Outcome["agent"]> {
  const { execs } = await bottle({ ...job, agent: { script: "exec sleep 60" }, execs: [{ script }] });
  const only = execs[0];
  if (only === undefined) throw new Error("no exec ran");
  return only;
}

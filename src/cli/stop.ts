import type { OperatorIo } from "../launch/request.ts";
import { stopBottle } from "../launch/stop.ts";
import { operatorHome } from "./home.ts";

/** `stop ID` */
export async function stop(id: string, io: OperatorIo): Promise<number> {
  await stopBottle(operatorHome(io.env), id, io);
  return 0;
}

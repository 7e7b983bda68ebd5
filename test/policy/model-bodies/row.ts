import type { Code } from "../../../src/policy/verdict.ts";

/** A body that the safe setting refuses, with what, and where in it. */
export type Row = readonly [name: string, body: unknown, code: Code, place: string];

export const TOOL = "model.server_tool_not_allowed";
export const URL_CODE = "model.remote_url_not_allowed";
export const FILE = "model.file_upload_not_allowed";
export const UNREADABLE = "model.body_unreadable";

export const url = { type: "url", url: "https://evil.test/?data" };

/** One user message with this content. */
export const says = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
export const asks = (...content: unknown[]) => ({ input: [{ role: "user", content }] });
export const nested = (content: unknown) => says({ type: "tool_result", tool_use_id: "t", content });

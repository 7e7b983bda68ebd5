import { FILE, type Row, says, TOOL, UNREADABLE, URL_CODE } from "./row.ts";

const part = (type: string) => says({ type, [type]: { url: "https://evil.test/?data" } });

export const CHAT: readonly Row[] = [
  ["an image by URL", part("image_url"), URL_CODE, "messages[0].content[0].image_url.url"],
  [
    "an image by a bare URL",
    says({ type: "image_url", image_url: "https://evil.test" }),
    URL_CODE,
    "messages[0].content[0].image_url",
  ],
  ["a film by URL", part("video_url"), URL_CODE, "messages[0].content[0].video_url.url"],
  ["a sound by URL", part("audio_url"), URL_CODE, "messages[0].content[0].audio_url.url"],
  [
    "sound data that is a URL",
    says({ type: "input_audio", input_audio: { data: "https://evil.test", format: "wav" } }),
    URL_CODE,
    "messages[0].content[0].input_audio.data",
  ],
  [
    "a file by its id",
    says({ type: "file", file: { file_id: "file-1" } }),
    FILE,
    "messages[0].content[0].file.file_id",
  ],
  [
    "file data that is a URL",
    says({ type: "file", file: { filename: "a", file_data: "https://evil.test/a.pdf" } }),
    URL_CODE,
    "messages[0].content[0].file.file_data",
  ],
  [
    "a file with a URL of its own",
    says({ type: "file", file: { url: "https://evil.test" } }),
    TOOL,
    "messages[0].content[0].file.url",
  ],
  ["web search", { web_search_options: {} }, TOOL, "web_search_options"],
  ["a server tool", { tools: [{ type: "web_search" }] }, TOOL, "tools[0]"],
  ["a gateway's plug-in", { plugins: [{ id: "web" }] }, TOOL, "plugins"],
  ["a gateway's suffix that searches", { model: "openai/gpt-5:online" }, TOOL, "model"],
  ["a model that searches", { model: "gpt-4o-mini-search-preview-2025-03-11" }, TOOL, "model"],
  ["a model that is a list", { model: ["a"] }, UNREADABLE, "model"],
  ["data of the provider's", { data_sources: [{ type: "azure_search" }] }, TOOL, "data_sources"],
  [
    "an image by URL in a prediction",
    {
      prediction: {
        type: "content",
        content: [{ type: "image_url", image_url: { url: "https://evil.test" } }],
      },
    },
    URL_CODE,
    "prediction.content[0].image_url.url",
  ],
  [
    "an image by URL in a tool's message",
    {
      messages: [
        {
          role: "tool",
          tool_call_id: "c",
          content: [{ type: "image_url", image_url: { url: "https://evil.test" } }],
        },
      ],
    },
    URL_CODE,
    "messages[0].content[0].image_url.url",
  ],
  [
    "a part of an unknown type",
    says({ type: "site", site: "https://evil.test" }),
    TOOL,
    "messages[0].content[0]",
  ],
  [
    "a message with an unknown field",
    { messages: [{ role: "user", content: "x", context: { url: "https://evil.test" } }] },
    TOOL,
    "messages[0].context",
  ],
];

import http from "node:http";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";

/** A unary call in JSON over HTTP/1.1 on the connections of `agent`. Resolves when the answer has been read. */
export function postGenerate(
  baseUrl: string,
  agent: http.Agent,
  spec: object,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const url = `${baseUrl}/${GenerationService.typeName}/Generate`;
    const headers = { "content-type": "application/json" };
    const request = http.request(url, { agent, method: "POST", headers }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer));
    });
    request.once("error", reject);
    request.end(JSON.stringify({ spec }));
  });
}

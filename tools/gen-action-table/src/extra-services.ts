import type { OperationModel, Service } from "./botocore.ts";

/**
 * Services that botocore has no model of, by hand: what their requests look like, and no more, since none of their
 * actions asks for a resource.
 */
export const extraServices: readonly Service[] = [
  {
    name: "transcribe-streaming",
    versions: ["2017-10-26"],
    ruleSet: undefined,
    model: {
      metadata: {
        apiVersion: "2017-10-26",
        endpointPrefix: "transcribestreaming",
        signingName: "transcribe",
        protocol: "rest-json",
        serviceId: "Transcribe Streaming",
      },
      // https://docs.aws.amazon.com/transcribe/latest/APIReference/API_Operations_Amazon_Transcribe_Streaming_Service.html
      // https://docs.aws.amazon.com/transcribe/latest/dg/streaming-websocket.html
      operations: operations({
        GetMedicalScribeStream: "GET /medical-scribe-stream/{SessionId}",
        StartCallAnalyticsStreamTranscription: "POST /call-analytics-stream-transcription",
        StartCallAnalyticsStreamTranscriptionWebSocket: "GET /call-analytics-stream-transcription-websocket",
        StartMedicalScribeStream: "POST /medical-scribe-stream",
        StartMedicalStreamTranscription: "POST /medical-stream-transcription",
        StartMedicalStreamTranscriptionWebSocket: "GET /medical-stream-transcription-websocket",
        StartStreamTranscription: "POST /stream-transcription",
        StartStreamTranscriptionWebSocket: "GET /stream-transcription-websocket",
      }),
      shapes: {},
    },
  },
];

function operations(wires: Readonly<Record<string, string>>): Readonly<Record<string, OperationModel>> {
  return Object.fromEntries(
    Object.entries(wires).map(([name, wire]) => {
      const [method = "", requestUri = ""] = wire.split(" ");
      return [name, { name, http: { method, requestUri } }];
    }),
  );
}

/** Scope names under which a service's requests arrive beside its own: rule sets and SDKs sign some of them otherwise. */
export const extraSigningNames: Readonly<Record<string, readonly string[]>> = {
  s3: ["s3express", "s3-outposts", "s3-object-lambda"],
  s3control: ["s3express", "s3-outposts"],
  importexport: ["IngestionService"],
  "iot-data": ["iotdevicegateway"],
};

import type { ScenarioCall } from "../support/scenario.ts";
import { call, need } from "../support/scenario.ts";

/** `aws s3 sync ./build s3://acme-site/site/ --delete`, by a nightly job. */
const region = "eu-west-1";
const bucket = "arn:aws:s3:::acme-site";
const object = (key: string): string => `${bucket}/site/${key}`;

const list = call("s3:ListObjectsV2", [need(region, "s3:ListBucket", bucket, { "s3:prefix": "site/" })]);
const put = (key: string): ScenarioCall => call("s3:PutObject", [need(region, "s3:PutObject", object(key))]);

export const s3SyncJob: readonly ScenarioCall[] = [
  // The CLI asks for the account's buckets first; the role may not, and the job goes on without.
  call("s3:ListBuckets", [need(region, "s3:ListAllMyBuckets", { none: true })], {
    finished: { status: 403, errorCode: "AccessDenied" },
  }),
  list,
  list,
  ...["index.html", "404.html", "css/main.css", "js/app.js", "js/vendor.js"].map(put),
  ...["2026-11-22", "2026-11-23", "2026-11-24"].map((day) => put(`reports/${day}/summary.json`)),
  // A large file goes up in parts: all of them need PutObject.
  call("s3:CreateMultipartUpload", [need(region, "s3:PutObject", object("video/intro.mp4"))]),
  call("s3:UploadPart", [need(region, "s3:PutObject", object("video/intro.mp4"))]),
  // Throttled, and tried again by the SDK: one call.
  call("s3:UploadPart", [need(region, "s3:PutObject", object("video/intro.mp4"))], {
    decided: { retry: "sdk-6f1c2d3e-0000-4000-8000-000000000001" },
    finished: { status: 503, errorCode: "SlowDown" },
  }),
  call("s3:UploadPart", [need(region, "s3:PutObject", object("video/intro.mp4"))], {
    decided: { retry: "sdk-6f1c2d3e-0000-4000-8000-000000000001" },
  }),
  call("s3:CompleteMultipartUpload", [need(region, "s3:PutObject", object("video/intro.mp4"))]),
  call("s3:HeadObject", [need(region, "s3:GetObject", object("video/intro.mp4"))]),
  call("s3:DeleteObject", [need(region, "s3:DeleteObject", object("old/banner.png"))]),
];

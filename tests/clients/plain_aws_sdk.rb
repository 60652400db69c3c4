# The AWS SDK for Ruby as most programs use it: nothing but its environment tells it of a proxy.
#
#   ruby plain_aws_sdk.rb BUCKET
#
# prints one JSON line per step, as aws-sdk-js.mjs does.
require "aws-sdk-core"
require "aws-sdk-s3"
require "json"

bucket = ARGV.fetch(0)
s3 = Aws::S3::Client.new
steps = {
  "sts:GetCallerIdentity" => -> { Aws::STS::Client.new.get_caller_identity.account },
  "s3:CreateBucket" => -> { s3.create_bucket(bucket: bucket) && nil },
  "s3:PutObject buffer" => -> { s3.put_object(bucket: bucket, key: "buffer", body: "b" * 70_000) && nil },
  "s3:PutObject stream" => -> { s3.put_object(bucket: bucket, key: "stream", body: StringIO.new("s" * 70_000)) && nil },
  "s3:GetObject" => -> { s3.get_object(bucket: bucket, key: "buffer").body.read.bytesize },
}
steps.each do |step, act|
  puts JSON.generate(step: step, ok: true, value: act.call)
rescue StandardError => e
  puts JSON.generate(step: step, ok: false, error: { name: e.class.name, message: e.message })
end

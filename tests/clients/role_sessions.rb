# The AWS SDK for Ruby with temporary credentials of a role, in a process that stays.
#
#   ruby role_sessions.rb ROLE_ARN
#
# makes one call for each line of standard input, and prints who it is as a line of JSON: { arn } or { error }.
require "aws-sdk-core"
require "json"

sts = Aws::STS::Client.new(region: "us-east-1", http_proxy: ENV.fetch("HTTPS_PROXY"))
role = Aws::AssumeRoleCredentials.new(client: sts, role_arn: ARGV[0], role_session_name: "agent")
as_role = Aws::STS::Client.new(region: "us-east-1", http_proxy: ENV.fetch("HTTPS_PROXY"), credentials: role)
$stdout.sync = true
$stdin.each_line do
  puts JSON.generate(arn: as_role.get_caller_identity.arn)
rescue Aws::Errors::ServiceError => error
  puts JSON.generate(error: error.code)
end

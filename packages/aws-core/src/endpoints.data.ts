// Made by tools/gen-action-table from botocore's partitions, endpoints and endpoint rule sets. Do not edit.

/** id, DNS suffix, dual-stack DNS suffix, implicit global region, region pattern */
export const partitions: readonly (readonly [string, string, string, string, string])[] = [
  ["aws","amazonaws.com","api.aws","us-east-1","^(us|eu|ap|sa|ca|me|af|il|mx)\\-\\w+\\-\\d+$"],
  ["aws-cn","amazonaws.com.cn","api.amazonwebservices.com.cn","cn-northwest-1","^cn\\-\\w+\\-\\d+$"],
  ["aws-eusc","amazonaws.eu","api.amazonwebservices.eu","eusc-de-east-1","^eusc\\-(de)\\-\\w+\\-\\d+$"],
  ["aws-iso","c2s.ic.gov","api.aws.ic.gov","us-iso-east-1","^us\\-iso\\-\\w+\\-\\d+$"],
  ["aws-iso-b","sc2s.sgov.gov","api.aws.scloud","us-isob-east-1","^us\\-isob\\-\\w+\\-\\d+$"],
  ["aws-iso-e","cloud.adc-e.uk","api.cloud-aws.adc-e.uk","eu-isoe-west-1","^eu\\-isoe\\-\\w+\\-\\d+$"],
  ["aws-iso-f","csp.hci.ic.gov","api.aws.hci.ic.gov","us-isof-south-1","^us\\-isof\\-\\w+\\-\\d+$"],
  ["aws-us-gov","amazonaws.com","api.aws","us-gov-west-1","^us\\-gov\\-\\w+\\-\\d+$"],
];

/** Host suffixes outside the partitions' own: suffix, tag of its patterns, partition. */
export const extraSuffixes: readonly (readonly [string, string, string])[] = [
  ["on.aws","on","aws"],
  ["signin.aws.amazon.com","signin","aws"],
  ["oauth.signin.aws","signin","aws"],
  ["signin.amazonaws.cn","signin","aws-cn"],
  ["signin.amazonaws-us-gov.com","signin","aws-us-gov"],
  ["signin-fips.amazonaws-us-gov.com","signin","aws-us-gov"],
  ["signin.amazonaws-eusc.eu","signin","aws-eusc"],
  ["signin.c2shome.ic.gov","signin","aws-iso"],
  ["signin.sc2shome.sgov.gov","signin","aws-iso-b"],
  ["signin.csphome.adc-e.uk","signin","aws-iso-e"],
  ["signin.csphome.hci.ic.gov","signin","aws-iso-f"],
];

/** Hosts whose scope names another region than the host: partition and pattern, region. */
export const signingRegions: readonly (readonly [string, string])[] = [
  ["aws api.sustainability.~","us-east-1"],
  ["aws importexport.~","us-east-1"],
  ["aws-cn iam","cn-north-1"],
  ["aws-cn iam.global","cn-north-1"],
];

/** One line per endpoint prefix: `prefix|signing names if other than the prefix|patterns beside "prefix.~"`. */
export const hosts: string = `
a2i-runtime.sagemaker|sagemaker
access-analyzer
account
acm||acm-acme.~
acm-pca
aco-automation
admin.wickr|wickr
agent-registry
agent-registry-control|agent-registry
agreement-marketplace|aws-marketplace
aidevops||cp.aidevops.~ dp.aidevops.~
aiops
airflow||api.airflow.~ env.airflow.~ ops.airflow.~
airflow-serverless
amplify
amplifybackend
amplifyuibuilder
aoss
api.detective|detective|detective.~
api.ecr|ecr|ecr.~
api.ecr-public|ecr-public|ecr-public.~
api.iotdeviceadvisor|iotdeviceadvisor
api.iotmanagedintegrations|iotmanagedintegrations
api.iotwireless|iotwireless
api.mediatailor|mediatailor|mediatailor.~
api.pricing|pricing
api.sagemaker|sagemaker
api.tunneling.iot|IoTSecuredTunneling|api.iot-tunneling.~
apigateway
app-integrations
appconfig
appconfigdata|appconfig
appfabric
appflow
application-autoscaling
application-cost-profiler
application-signals
applicationinsights
appmesh
apprunner
appstream2|appstream
appsync
aps
aps-workspaces|aps
arc-region-switch||arc-region-switch-control-plane.~
arc-zonal-shift
artifact
athena
auditmanager
autoscaling
autoscaling-plans
b2bi
backup
backup-gateway
backup-search
batch
bcm-dashboards
bcm-data-exports
bcm-pricing-calculator
bcm-recommended-actions
bedrock
bedrock-agent|bedrock
bedrock-agent-runtime|bedrock
bedrock-agentcore
bedrock-agentcore-control|bedrock-agentcore
bedrock-data-automation|bedrock
bedrock-data-automation-runtime|bedrock
bedrock-mantle
bedrock-runtime|bedrock
billing
billingconductor
braket
budgets||budgets budgets.global
cases
cassandra
cassandra-streams|cassandra
catalog.marketplace|aws-marketplace|catalog-marketplace.~
ce
chatbot
chime
cleanrooms
cleanrooms-ml
cloud9
cloudcontrolapi
clouddirectory
cloudformation
cloudfront||cloudfront cloudfront.global
!cloudfront-keyvaluestore||{a}.cloudfront-kvs.global
cloudhsm
cloudhsmv2|cloudhsm
cloudsearch
cloudsearchdomain|cloudsearch
cloudtrail
cloudtrail-data
codeartifact
codebuild
!codecatalyst||codecatalyst.global
codecommit
codeconnections
codedeploy
codeguru-profiler
codeguru-reviewer
codeguru-security
codepipeline
codestar-connections
codestar-notifications
cognito-identity
cognito-idp
cognito-sync
comprehend
comprehendmedical
compute-optimizer
config
connect
connect-campaigns
contact-lens|connect
controlcatalog
controlplane.payment-cryptography|payment-cryptography
controltower
cost-optimization-hub
cur
data-ats.iot|iotdata,iotdevicegateway|*.iot.~ data.ats.iot.~ data.iot.~
data-signer|signer
data.jobs.iot|iot-jobs-data|*.jobs.iot.~
data.mediastore|mediastore|*.data.mediastore.~
data.qapps|qapps
databrew
dataexchange||api-fulfill.dataexchange.~
datapipeline
dataplane.payment-cryptography|payment-cryptography
datasync
datazone
dax
deadline||management.deadline.~ scheduling.deadline.~
deployment-marketplace|aws-marketplace
devicefarm
devops-guru
directconnect
discovery
discovery-marketplace|aws-marketplace
dlm
dms
docdb-elastic
drs
ds
ds-data
dsql
dynamodb||search-dynamodb.~ {a}.ddb.~ {a}.search-ddb.~
ebs
ec2||ec2
ec2-instance-connect
ecs
edge.sagemaker|sagemaker
eks
eks-auth
elasticache
elasticbeanstalk
elasticfilesystem||efs.~
elasticloadbalancing
elasticmapreduce||elasticmapreduce ~.elasticmapreduce
elemental-inference
email|ses|*.*.endpoints.email *.*.endpoints.email.global *.*.endpoints.email.us-gov *.endpoints.email *.endpoints.email.global *.endpoints.email.us-gov
emr-containers
emr-serverless
entitlement.marketplace|aws-marketplace|entitlement-marketplace.~
entityresolution
es||aos.~
events||*.*.endpoint.events *.endpoint.events
evs
execute-api
featurestore-runtime.sagemaker|sagemaker
finspace
finspace-api
firehose
fis
fms
forecast
forecastquery|forecast
frauddetector
freetier
fsx
gamelift
gameliftstreams
geo||cp.geofencing.geo.~ cp.maps.geo.~ cp.metadata.geo.~ cp.places.geo.~ cp.routes.geo.~ cp.tracking.geo.~ geofencing.geo.~ maps.geo.~ metadata.geo.~ places.geo.~ routes.geo.~ tracking.geo.~
geo-maps||maps.geo.~
geo-places||places.geo.~
geo-routes||routes.geo.~ routes.geo.~.us-gov
glacier
globalaccelerator
glue
grafana
greengrass||greengrass-ats.iot.~
groundstation
guardduty
health||global.health global.health.us-gov
health-agent||runtime.health-agent.~ streaming.health-agent.~
healthlake||datatransformation.healthlake.~
iam||iam iam.global iam.us-gov
identity-chime|chime
identitystore
imagebuilder
importexport|IngestionService,importexport|importexport
ingest.timestream|timestream|timestream-ingest.~
inspector
inspector-scan
inspector2
interconnect
internetmonitor
invoicing
iot
iotfleetwise
iotsitewise||api.iotsitewise.~ data.iotsitewise.~ monitor.iotsitewise.~
iotthingsgraph
iottwinmaker||api.iottwinmaker.~ data.iottwinmaker.~
ivs
ivschat
ivsrealtime|ivs
job-runtime.sagemaker|sagemaker
kafka||kafka-api.~
kafkaconnect
kendra
kendra-ranking
kinesis||*.*.control-kinesis.~ *.*.data-kinesis.~ {a}.control-kinesis.~ {a}.data-kinesis.~
kinesisanalytics
kinesisvideo||*.kinesisvideo.~
kms
lakeformation||data-lakeformation.~ query-lakeformation.~
lambda
launchwizard
license-manager
license-manager-linux-subscriptions
license-manager-user-subscriptions
lightsail
logs||stream-logs.~ streaming-logs.~
lookoutequipment
m2
machinelearning||realtime.machinelearning.~
macie2
mail-manager|ses
managedblockchain
managedblockchain-query
marketplacecommerceanalytics
media-pipelines-chime|chime
mediaconnect
mediaconvert||*.mediaconvert.~ subscribe.mediaconvert.~
medialive
mediapackage
mediapackage-vod
mediapackagev2
mediastore
medical-imaging||runtime-medical-imaging.~
meetings-chime|chime
memory-db|memorydb
messaging-chime|chime
metering.marketplace|aws-marketplace|metering-marketplace.~
metrics.sagemaker|sagemaker
mgh
mgn
migrationhub-config|mgh
migrationhub-orchestrator
migrationhub-strategy
mobileanalytics
models-v2-lex|lex
models.lex|lex
monitoring
mpa
mq
mturk-requester||mturk-requester-sandbox.~
neptune-db
neptune-graph||*.neptune-graph.~ *.~.neptune-graph on:*.neptune-graph.~ on:neptune-graph.~ ~.neptune-graph
network-firewall
networkflowmonitor
networkmanager
networkmonitor
notifications
notifications-contacts
nova-act
oam
observabilityadmin
odb
oidc|sso-oauth
omics||analytics-omics.~ control-storage-omics.~ storage-omics.~ tags-omics.~ workflows-omics.~
organizations
osis
outposts
participant.connect|execute-api
partnercentral-account
partnercentral-benefits
partnercentral-channel||partnercentral-channel.global partnercentral-channel.us-gov
!partnercentral-prm|partnercentral|partnercentral-prm.global partnercentral-prm.us-gov
partnercentral-selling
pca-connector-ad
pca-connector-scep
pcs
personalize
personalize-events|personalize
personalize-runtime|personalize
pi
pinpoint|mobiletargeting
pipes
polly
portal.sso|awsssoportal
pricingplanmanager
profile
proton
qbusiness
query.timestream|timestream|timestream-query.~
quicksight
ram
rbin
rds
rds-data
redshift
redshift-data
redshift-serverless
refactor-spaces
rekognition
reporting-marketplace|aws-marketplace
repostspace
resiliencehub
resource-explorer-2
resource-groups
rolesanywhere
!route53||route53 route53.global route53.us-gov
route53-recovery-cluster||*.route53-recovery-cluster.~
route53-recovery-control-config||arc-recovery-control-config.~
route53-recovery-readiness
route53domains
route53globalresolver
route53profiles
route53resolver
rtbfabric
rum||dataplane.rum.~
runtime-v2-lex|lex
runtime.lex|lex
runtime.sagemaker|sagemaker
s3-outposts
s3files
s3tables
s3vectors
sagemaker-geospatial
savingsplans||savingsplans savingsplans.global
scheduler
schemas
scn
sdb||sdb
secretsmanager
security-ir
securityagent
securityhub
securitylake
serverlessrepo
servicecatalog
servicecatalog-appregistry|servicecatalog
servicediscovery||data-servicediscovery.~
servicequotas
shield
signer||data-signer.~ verification.signer.~
signin||signin:~ ~.signin
sms-voice
sms-voice.pinpoint|sms-voice
snow-device-management
snowball
sns
social-messaging
sqs||queue ~.queue
ssm
ssm-contacts
ssm-guiconnect
ssm-incidents
ssm-quicksetup
ssm-sap
sso
states||sync-states.~
storagegateway
streams.dynamodb|dynamodb|streams-dynamodb.~
sts||sts
support
supportapp
supportauthz
!sustainability||api.sustainability.~ sustainability.global sustainability.us-gov
swf
synthetics
tagging
tax
textract
thinclient||api.thinclient.~
!timestream||*.timestream.~
timestream-influxdb
tnb
transcribe||cn.transcribe.~
transcribestreaming|transcribe
transfer
translate
trustedadvisor
uxc
verifiedpermissions
voice-chime|chime
voiceid
vpc-lattice
waf||waf
waf-regional
wafv2
wellarchitected
wisdom
workdocs
workmail
workmailmessageflow
workspaces
workspaces-instances
workspaces-web
xray
`;

"""What an agent does in one of four jobs, with boto3: scenarios.py dynamodb-crud | lambda-deploy | ecs-rollout | iam-bootstrap."""

import io
import json
import sys
import zipfile

import boto3
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


READ = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


def dynamodb_crud():
    client = boto3.client("dynamodb")
    table = boto3.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "state", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    table.wait_until_exists()
    client.create_table(
        TableName="audit",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"pk": "1", "state": "new"})
    table.get_item(Key={"pk": "1"})
    table.update_item(Key={"pk": "1"}, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": 1})
    table.query(
        IndexName="by-state",
        KeyConditionExpression="#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": "new"},
    )
    table.scan()
    with table.batch_writer() as batch:
        for i in range(30):
            batch.put_item(Item={"pk": f"b{i}", "state": "new"})
    key = {"pk": {"S": "1"}}
    client.batch_get_item(RequestItems={"orders": {"Keys": [key]}, "audit": {"Keys": [key]}})
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "audit", "Item": key}},
            {"ConditionCheck": {"TableName": "orders", "Key": key, "ConditionExpression": "attribute_exists(pk)"}},
        ]
    )
    table.delete_item(Key={"pk": "1"})
    client.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    client.list_tables()


def lambda_deploy():
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    s3, iam, functions = boto3.client("s3"), boto3.client("iam"), boto3.client("lambda")
    assert boto3.client("sts").get_caller_identity()["Account"] == ACCOUNT
    s3.create_bucket(Bucket="acme-artifacts")
    s3.put_object(Bucket="acme-artifacts", Key="orders/1.zip", Body=code.getvalue())
    role = iam.create_role(RoleName="orders", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]
    iam.put_role_policy(RoleName="orders", PolicyName="read", PolicyDocument=READ)
    try:
        functions.get_function(FunctionName="orders")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException"
    functions.create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"S3Bucket": "acme-artifacts", "S3Key": "orders/1.zip"},
        Tags={"team": "shop"},
    )
    functions.update_function_configuration(FunctionName="orders", MemorySize=256)
    version = functions.publish_version(FunctionName="orders")["Version"]
    functions.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    functions.add_permission(
        FunctionName="orders", StatementId="nightly", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    queue = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    assert queue.endswith("/orders")
    functions.create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders", FunctionName="orders", BatchSize=5
    )
    events = boto3.client("events")
    rule = events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")["RuleArn"]
    assert rule
    events.put_targets(
        Rule="nightly", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"}]
    )
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/orders")
    logs.put_retention_policy(logGroupName="/aws/lambda/orders", retentionInDays=7)
    logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")


def ecs_rollout():
    ec2, ecs, elb = boto3.client("ec2"), boto3.client("ecs"), boto3.client("elbv2")
    iam, scaling = boto3.client("iam"), boto3.client("application-autoscaling")
    named = [{"Key": "Name", "Value": "web"}]
    ec2.describe_availability_zones()
    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": named}]
    )["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
        for i, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="10.0.0.0/16")
    roles = {}
    for name in ("web-exec", "web-task"):
        role = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com"), Tags=[{"Key": "team", "Value": "web"}]
        )
        roles[name] = role["Role"]["Arn"]
        iam.get_role(RoleName=name)
    ecs.create_cluster(clusterName="prod", tags=[{"key": "team", "value": "web"}])
    boto3.client("logs").create_log_group(logGroupName="/ecs/web", tags={"team": "web"})
    boto3.client("secretsmanager").create_secret(Name="prod/db", SecretString="x")
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/prod/url", Value="x", Type="String")
    ssm.get_parameter(Name="/prod/url")
    definition = ecs.register_task_definition(
        family="web",
        executionRoleArn=roles["web-exec"],
        taskRoleArn=roles["web-task"],
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "web:1", "essential": True}],
    )["taskDefinition"]["taskDefinitionArn"]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    target = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}],
    )
    ecs.create_service(
        cluster="prod",
        serviceName="web",
        taskDefinition=definition,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}},
    )
    ecs.describe_services(cluster="prod", services=["web"])
    ecs.update_service(cluster="prod", service="web", desiredCount=2)
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/prod/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=3,
    )
    boto3.client("cloudwatch").put_metric_data(Namespace="Web", MetricData=[{"MetricName": "rollout", "Value": 1}])


def iam_bootstrap():
    iam, kms = boto3.client("iam"), boto3.client("kms")
    policy = iam.create_policy(PolicyName="readers", Path="/team/", PolicyDocument=READ)["Policy"]["Arn"]
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=READ)["Policy"]["Arn"]
    iam.create_group(GroupName="devs")
    iam.attach_group_policy(GroupName="devs", PolicyArn=policy)
    for name in ("alice", "bob"):
        iam.create_user(UserName=name, PermissionsBoundary=boundary)
        iam.add_user_to_group(GroupName="devs", UserName=name)
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"), PermissionsBoundary=boundary)
    iam.attach_role_policy(RoleName="deploy", PolicyArn=policy)
    iam.attach_role_policy(RoleName="deploy", PolicyArn=boundary)
    iam.put_role_policy(RoleName="deploy", PolicyName="read", PolicyDocument=READ)
    iam.create_instance_profile(InstanceProfileName="deploy")
    iam.add_role_to_instance_profile(InstanceProfileName="deploy", RoleName="deploy")
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=READ, SetAsDefault=True)
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.list_users()
    key = kms.create_key(Description="bootstrap", Tags=[{"TagKey": "team", "TagValue": "sec"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/bootstrap", TargetKeyId=key)
    kms.encrypt(KeyId="alias/bootstrap", Plaintext=b"x")
    kms.enable_key_rotation(KeyId=key)


{
    "dynamodb-crud": dynamodb_crud,
    "lambda-deploy": lambda_deploy,
    "ecs-rollout": ecs_rollout,
    "iam-bootstrap": iam_bootstrap,
}[sys.argv[1]]()

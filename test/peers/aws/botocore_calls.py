"""Calls of boto3 against one endpoint, one JSON line in and one out, and what botocore's models say of every answer."""

import json
import sys
import xml.etree.ElementTree as ElementTree

import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.validate import ParamValidator

endpoint = sys.argv[1]
clients = {}

# Services whose JSON protocol an older or another model leaves out, so that it can be asked for.
json_protocols = {"cloudwatch": ("1.0", "GraniteServiceVersion20100801")}


def client_of(service, protocol):
    known = clients.get((service, protocol))
    if known is not None:
        return known
    session = botocore.session.Session()
    if protocol == "json":
        version, prefix = json_protocols[service]
        model = session.get_component("data_loader").load_service_model(service, "service-2")
        model["metadata"].update(protocol="json", protocols=["json"], jsonVersion=version, targetPrefix=prefix)
    made = session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIATESTTESTTEST",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )
    clients[(service, protocol)] = made
    return made


def strangers(said, shape, path, problems):
    """Members of a JSON answer that the model does not have."""
    if shape is None or said is None:
        return
    if shape.type_name == "structure" and isinstance(said, dict):
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        for name, value in said.items():
            if name not in members:
                problems.append(f"{path}.{name} is in no model")
            else:
                strangers(value, members[name], f"{path}.{name}", problems)
    elif shape.type_name == "list" and isinstance(said, list):
        for value in said:
            strangers(value, shape.member, f"{path}[]", problems)
    elif shape.type_name == "map" and isinstance(said, dict):
        for value in said.values():
            strangers(value, shape.value, f"{path}{{}}", problems)


def xml_strangers(node, shape, path, problems):
    """The same of an XML answer."""
    tags = lambda each: each.tag.split("}")[-1]
    if shape.type_name == "structure":
        members = {}
        for name, member in shape.members.items():
            if member.serialization.get("location") in ("header", "headers", "statusCode"):
                continue
            members[member.serialization.get("name", name)] = member
        for child in node:
            if tags(child) not in members:
                problems.append(f"{path}.{tags(child)} is in no model")
            else:
                xml_strangers(child, members[tags(child)], f"{path}.{tags(child)}", problems)
    elif shape.type_name == "list" and not shape.serialization.get("flattened"):
        wanted = shape.member.serialization.get("name", "member")
        for child in node:
            if tags(child) != wanted:
                problems.append(f"{path} holds {tags(child)} where {wanted} belongs")
            else:
                xml_strangers(child, shape.member, f"{path}[]", problems)


def unknown_members(raw, operation, protocol):
    problems = []
    shape = operation.output_shape
    # An old model, such as Debian's, knows less than the JavaScript SDK that we answer to.
    if int(botocore.__version__.split(".")[1]) < 43 or shape is None or not raw["body"]:
        return problems
    if protocol == "json":
        strangers(json.loads(raw["body"]), shape, operation.name, problems)
    elif protocol == "rest-xml":
        payload = shape.serialization.get("payload")
        if payload is not None:
            xml_strangers(ElementTree.fromstring(raw["body"]), shape.members[payload], operation.name, problems)
    return problems


def unknown_members_of_refusal(raw, operation, model, protocol, code):
    """The same of a refusal, whose members no reader checks: it takes what it finds."""
    problems = []
    if int(botocore.__version__.split(".")[1]) < 43 or protocol != "json":
        return problems
    said = json.loads(raw["body"])
    if "__type" not in said:
        problems.append(f"{operation.name} refused: its kind is not told as __type")
    shape = next((each for each in operation.error_shapes if each.name == code), None)
    if shape is not None:
        said.pop("__type", None)
        strangers(said, shape, f"{operation.name} refused: {code}", problems)
    return problems


def other_status_of_refusal(raw, operation, code):
    """The HTTP status that the model gives a refusal, where it is another."""
    for shape in operation.error_shapes:
        error = shape.metadata.get("error", {})
        wanted = error.get("httpStatusCode")
        if code in (shape.name, error.get("code")) and wanted is not None and wanted != raw["status"]:
            return [f"{operation.name} refused: {code} came with {raw['status']}, not {wanted}"]
    return []


def other_head(raw, operation):
    """The status of an answer, and the members that travel in its headers, which no reader misses."""
    problems = []
    wanted = operation.http.get("responseCode", 200)
    if raw["status"] != wanted:
        problems.append(f"{operation.name} was answered with {raw['status']}, not {wanted}")
    members = operation.output_shape.members if operation.output_shape is not None else {}
    for name, member in members.items():
        serialization = member.serialization
        if serialization.get("location") == "header" and not raw["headers"].get(serialization.get("name", name)):
            problems.append(f"{operation.name} was answered without the header {name}")
    return problems


def protocol_of(call):
    model = client_of(call["service"], call.get("protocol")).meta.service_model
    return getattr(model, "resolved_protocol", model.metadata["protocol"])


def carried_out(call):
    client = client_of(call["service"], call.get("protocol"))
    model = client.meta.service_model
    operation = model.operation_model(call["operation"])
    raw = {"body": b"", "status": None, "headers": {}}
    protocol = protocol_of(call)

    def keep(http_response=None, **_):
        if http_response is not None:
            raw.update(body=http_response.content, status=http_response.status_code, headers=http_response.headers)

    client.meta.events.register(f"after-call.{model.service_id.hyphenize()}.{call['operation']}", keep)
    told = {"protocol": protocol, "problems": [], "answer": None, "refusal": None}
    try:
        answer = client._make_api_call(call["operation"], call["input"])
    except ClientError as error:
        response = error.response
        codes = [shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes]
        names = [shape.name for shape in operation.error_shapes]
        code = response["Error"].get("Code", "")
        # Where the query protocol spelt it differently, the older code comes first and the model's beside it.
        name = response["Error"].get("QueryErrorCode", code)
        told["refusal"] = {
            "code": code,
            "message": response["Error"].get("Message", ""),
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "isModelled": any(each in codes or each in names for each in (code, name)),
        }
        told["problems"] += unknown_members_of_refusal(raw, operation, model, protocol, code)
        told["problems"] += other_status_of_refusal(raw, operation, code)
        return told
    answer.pop("ResponseMetadata", None)
    told["answer"] = answer
    if operation.output_shape is not None:
        report = ParamValidator().validate(answer, operation.output_shape)
        if report.has_errors():
            told["problems"] += report.generate_report().split("\n")
    told["problems"] += unknown_members(raw, operation, protocol)
    told["problems"] += other_head(raw, operation)
    return told


def operations_of(service):
    """Every operation of a model, with what has to stand in its path."""
    model = client_of(service, None).meta.service_model
    operations = []
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = shape.members.items() if shape is not None else []
        labels = [key for key, member in members if member.serialization.get("location") == "uri"]
        operations.append({"name": name, "labels": labels})
    return operations


print(json.dumps({"botocore": botocore.__version__}), flush=True)
for line in sys.stdin:
    if "throttlingCodes" in json.loads(line):
        print(json.dumps(list(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)), flush=True)
        continue
    if "operationsOf" in json.loads(line):
        print(json.dumps(operations_of(json.loads(line)["operationsOf"])), flush=True)
        continue
    try:
        told = carried_out(json.loads(line))
    except Exception as error:  # an answer that botocore cannot read is a fault of the answer
        told = {"protocol": protocol_of(json.loads(line)), "problems": [f"{type(error).__name__}: {error}"], "answer": None, "refusal": None}
    print(json.dumps(told, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value)), flush=True)

"""What Slack's API takes: the parameters of each method by slack_sdk's signatures, blocks by slack_sdk's models."""

import inspect
import json
import re

from slack_sdk import WebClient
from slack_sdk.models.blocks import Block

# Documented, or sent by the SDK with every call, without being in a signature.
MORE = {"oauth.v2.access": {"code_verifier"}}
ALWAYS = {"team_id"}
TIMESTAMP = re.compile(r"\d{10}\.\d{6}")
TIMESTAMPS = {"ts", "thread_ts", "timestamp", "oldest", "latest", "message_ts"}


class CallError(Exception):
    """`ok: false` with an error's name and what the answer carries beside."""

    def __init__(self, error, **more):
        super().__init__(error)
        self.error, self.more = error, more


class Spec:
    """The parameters of one method."""

    def __init__(self, name, function):
        parameters = inspect.signature(function).parameters
        self.known = {key for key in parameters if key not in ("self", "kwargs")} | MORE.get(name, set()) | ALWAYS
        self.required = {
            key
            for key, each in parameters.items()
            if each.default is inspect.Parameter.empty and each.kind is each.KEYWORD_ONLY
        }
        self.kinds = {key: str(each.annotation) for key, each in parameters.items()}


METHODS = {}
for function_name, function in inspect.getmembers(WebClient, inspect.isfunction):
    if "_" in function_name and not function_name.startswith("_"):
        METHODS[function_name.replace("_", ".")] = Spec(function_name.replace("_", "."), function)


def checked(method, fields, from_json):
    """The parameters as values; unknown, missing or wrong ones raise CallError."""
    spec = METHODS.get(method)
    if spec is None:
        raise CallError("unknown_method", req_method=method)
    unknown = sorted(set(fields) - spec.known)
    if unknown:
        raise CallError("JUDGE_unknown_parameters", parameters=unknown)
    missing = sorted(spec.required - set(fields) - {"app_token"})
    if missing:
        raise CallError(
            "invalid_arguments",
            response_metadata={"messages": [f"[ERROR] missing required field: {name}" for name in missing]},
        )
    values = {}
    for name, value in fields.items():
        kind = spec.kinds.get(name, "str")
        if from_json and "bool" in kind and not isinstance(value, bool):
            raise CallError("JUDGE_wrong_type", parameters=[name])
        if from_json and "int" in kind and isinstance(value, bool):
            raise CallError("JUDGE_wrong_type", parameters=[name])
        if name in TIMESTAMPS and not (isinstance(value, str) and (TIMESTAMP.fullmatch(value) or value == "0")):
            raise CallError("JUDGE_wrong_timestamp", parameters=[name])
        if name in ("blocks", "attachments", "files", "metadata", "chunks") and isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise CallError(
                    "invalid_arguments", response_metadata={"messages": [f"[ERROR] {name} is no JSON"]}
                ) from None
        elif not from_json and kind in ("<class 'int'>", "typing.Optional[int]"):
            value = int(value)
        values[name] = value
    if values.get("blocks"):
        check_blocks(values["blocks"])
    return values


def check_blocks(blocks):
    """Refuses what the models of slack_sdk refuse, and fields they do not know."""

    def refuse(text):
        raise CallError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {text}"]})

    if not isinstance(blocks, list) or len(blocks) > 50:
        refuse("no more than 50 items allowed [json-pointer:/blocks]")
    names = set()
    for number, raw in enumerate(blocks):
        block = Block.parse(raw)
        if block is None:
            refuse(f"unsupported type: {raw.get('type')} [json-pointer:/blocks/{number}/type]")
        unknown = sorted(set(raw) - {"type"} - set(block.attributes))
        if unknown:
            refuse(f"JUDGE: unknown fields {unknown} [json-pointer:/blocks/{number}]")
        try:
            block.validate_json()
        except Exception as error:
            refuse(f"{error} [json-pointer:/blocks/{number}]")
        for element in raw.get("elements", []) if raw["type"] == "actions" else []:
            check_button(element, refuse)
            key = element.get("action_id")
            if key in names:
                refuse(f"action_id {key} is there twice")
            names.add(key)
        if raw["type"] == "markdown" and len(raw["text"]) > 12000:
            refuse("the text of a markdown block has at most 12000 characters")


def check_button(element, refuse):
    if element.get("type") != "button":
        return
    unknown = sorted(
        set(element) - {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
    )
    if unknown:
        refuse(f"JUDGE: unknown fields {unknown} of a button")
    text = element.get("text", {})
    if text.get("type") != "plain_text" or not 1 <= len(text.get("text", "")) <= 75:
        refuse("the text of a button is plain and has 1 to 75 characters")
    if len(element.get("action_id", "")) > 255 or len(element.get("value", "")) > 2000:
        refuse("action_id has at most 255 characters and value 2000")
    if element.get("style") not in (None, "primary", "danger"):
        refuse("style is primary or danger")

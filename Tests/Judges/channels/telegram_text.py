"""Text as Telegram sees it: TDLib's own parser for markup and automatic entities, UTF-16 offsets and lengths."""

import json

import tdjson

# TDLib's names of entities and the Bot API's.
ENTITIES = {
    "Bold": "bold",
    "Italic": "italic",
    "Underline": "underline",
    "Strikethrough": "strikethrough",
    "Spoiler": "spoiler",
    "Code": "code",
    "Pre": "pre",
    "PreCode": "pre",
    "TextUrl": "text_link",
    "MentionName": "text_mention",
    "BlockQuote": "blockquote",
    "ExpandableBlockQuote": "expandable_blockquote",
    "Mention": "mention",
    "Hashtag": "hashtag",
    "Cashtag": "cashtag",
    "BotCommand": "bot_command",
    "Url": "url",
    "EmailAddress": "email",
    "PhoneNumber": "phone_number",
    "CustomEmoji": "custom_emoji",
    "DateTime": "date_time",
}
# Found by Telegram itself in plain text; a client need not and may not rely on sending them.
AUTOMATIC = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}
MODES = {
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "html": {"@type": "textParseModeHTML"},
}


def tdlib(request):
    """One of TDLib's functions that need neither network nor account."""
    return json.loads(tdjson.td_execute(json.dumps(request).encode()))


tdlib({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


class TextError(Exception):
    """Why Telegram refuses a text, in the words of its API after `Bad Request: `."""


def units(text):
    """The length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def converted(entities):
    result = []
    for entity in entities:
        kind = entity["type"]["@type"].removeprefix("textEntityType")
        if kind not in ENTITIES:
            continue
        one = {"type": ENTITIES[kind], "offset": entity["offset"], "length": entity["length"]}
        if kind == "PreCode":
            one["language"] = entity["type"]["language"]
        if kind == "TextUrl":
            one["url"] = entity["type"]["url"]
        if kind == "CustomEmoji":
            one["custom_emoji_id"] = str(entity["type"]["custom_emoji_id"])
        if kind == "MentionName":
            user = entity["type"]["user_id"]
            one["user"] = {"id": user, "is_bot": False, "first_name": str(user)}
        result.append(one)
    return result


def automatic(text):
    """The entities that Telegram finds in plain text."""
    return converted(tdlib({"@type": "getTextEntities", "text": text})["entities"])


def check_entities(text, entities):
    """Refuses entities that lie outside, split a pair, or overlap in part; the live API mends some of that."""
    encoded, length = text.encode("utf-16-le"), units(text)

    def splits(offset):
        return 0 < offset < length and 0xDC <= encoded[2 * offset + 1] <= 0xDF

    spans = []
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if entity["type"] not in set(ENTITIES.values()):
            raise TextError(f"JUDGE: unknown entity type {entity['type']!r}")
        if start < 0 or entity["length"] <= 0 or end > length:
            raise TextError(f"JUDGE: entity {entity} lies outside the text of {length} UTF-16 units")
        if splits(start) or splits(end):
            raise TextError(f"JUDGE: entity {entity} splits a surrogate pair")
        if entity["type"] == "text_link" and not entity.get("url"):
            raise TextError(f"JUDGE: entity {entity} has no url")
        for other_start, other_end, other in spans:
            if start < other_start < end < other_end or other_start < start < other_end < end:
                raise TextError(f"JUDGE: entities {other} and {entity} overlap in part")
            nested = start < other_end and other_start < end
            if nested and {entity["type"], other["type"]} & {"code", "pre"}:
                raise TextError(f"JUDGE: {other} and {entity}: code takes no other entity")
        spans.append((start, end, entity))


def trimmed(text, entities):
    """Without white space around, as the server stores it, the entities moved along."""
    kept = text.strip()
    before = units(text[: len(text) - len(text.lstrip())])
    length, result = units(kept), []
    for entity in entities:
        start, end = max(0, entity["offset"] - before), min(length, entity["offset"] + entity["length"] - before)
        if end > start:
            result.append({**entity, "offset": start, "length": end - start})
    return kept, result


def parsed(text, mode, entities, limit):
    """The visible text and its entities as the server stores them; TextError when it would refuse."""
    what = "message" if limit > 1024 else "message caption"
    if mode:
        if mode.lower() not in MODES:
            raise TextError("unsupported parse_mode")
        if entities:
            raise TextError("JUDGE: parse_mode and entities together: the API ignores the entities")
        result = tdlib({"@type": "parseTextEntities", "text": text, "parse_mode": MODES[mode.lower()]})
        if result["@type"] == "error":
            message = result["message"]
            raise TextError(message[:1].lower() + message[1:])
        text, entities = result["text"], converted(result["entities"])
    entities = list(entities or [])
    check_entities(text, entities)
    text, entities = trimmed(text, entities)
    if units(text) > limit:
        raise TextError(f"{what} is too long")
    if not text and what == "message":
        raise TextError("message text is empty")
    closed = [e for e in entities if e["type"] in ("code", "pre", "text_link")]
    for found in automatic(text):
        hidden = any(
            found["offset"] < e["offset"] + e["length"] and e["offset"] < found["offset"] + found["length"]
            for e in closed
        )
        if not hidden and found not in entities:
            entities.append(found)
    return text, sorted(entities, key=lambda e: (e["offset"], -e["length"]))

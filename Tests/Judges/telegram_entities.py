#!/usr/bin/env python3
"""Judges MarkdownV2 by Telegram's own parser: telegram_entities.py FILE

FILE has a JSON string a line. Prints for each a JSON object: the text that Telegram would show with the kinds of its
entities, or its error. TDLib is the library of Telegram's clients; `td_execute` needs neither network nor account.
"""

import json
import sys

import tdjson


def execute(request):
    return json.loads(tdjson.td_execute(json.dumps(request).encode()))


def main(path):
    execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
    mode = {"@type": "textParseModeMarkdown", "version": 2}
    with open(path, encoding="utf-8") as file:
        for line in file:
            answer = execute({"@type": "parseTextEntities", "text": json.loads(line), "parse_mode": mode})
            if answer["@type"] == "error":
                print(json.dumps({"error": answer["message"]}))
            else:
                kinds = [entity["type"]["@type"].removeprefix("textEntityType") for entity in answer["entities"]]
                print(json.dumps({"text": answer["text"], "kinds": kinds}))


main(sys.argv[1])

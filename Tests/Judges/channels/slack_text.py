"""Text as Slack's client shows it: mrkdwn and standard Markdown without their marks; names of reactions."""

import html
import re

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# The names by which the API speaks of emoji: enough for what adapters send.
EMOJI = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "eyes": "👀",
    "fire": "🔥",
    "heart": "❤️",
    "tada": "🎉",
    "white_check_mark": "✅",
    "x": "❌",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "pray": "🙏",
    "wave": "👋",
    "100": "💯",
    "smile": "😄",
    "joy": "😂",
    "rocket": "🚀",
    "thinking_face": "🤔",
    "warning": "⚠️",
    "question": "❓",
    "exclamation": "❗",
    "ok_hand": "👌",
    "clap": "👏",
    "raised_hands": "🙌",
    "star": "⭐",
    "bulb": "💡",
    "bug": "🐛",
    "robot_face": "🤖",
    "stopwatch": "⏱️",
    "zzz": "💤",
    "speech_balloon": "💬",
    "pencil2": "✏️",
    "memo": "📝",
    "one": "1️⃣",
    "two": "2️⃣",
    "three": "3️⃣",
    "four": "4️⃣",
    "five": "5️⃣",
    "heavy_check_mark": "✔️",
    "no_entry": "⛔",
    "octagonal_sign": "🛑",
    "arrows_counterclockwise": "🔄",
    "cry": "😢",
    "scream": "😱",
    "sunglasses": "😎",
    "ok": "🆗",
}
NAMES = {character: name for name, character in reversed(EMOJI.items())}


def emoji_name(given):
    """The API's name for a character or a name; None when it is neither."""
    bare = given.replace("\ufe0f", "")
    return given if given in EMOJI else next((n for c, n in NAMES.items() if c.replace("\ufe0f", "") == bare), None)


def visible_mrkdwn(text, names):
    """mrkdwn as shown: links by their labels, mentions by names, entities as characters, no marks of style."""

    def angle(found):
        target, _, label = found[1].partition("|")
        if label:
            return label
        if target[:1] in "@#":
            return target[0] + names.get(target[1:], target[1:])
        return "@" + target[1:] if target[:1] == "!" else target.removeprefix("mailto:")

    shown = ""
    for number, part in enumerate(re.split(r"```\n?(.*?)\n?```|`([^`\n]+)`", text, flags=re.S)):
        if part is None:
            continue
        if number % 3 == 0:
            part = re.sub(r"<([^<>]+)>", angle, part)
            part = re.sub(r"^&gt; ?", "", part, flags=re.M)
            for mark in ("*", "_", "~"):
                one = re.escape(mark)
                part = re.sub(rf"(?<!\w){one}(\S(?:[^\n{one}]*\S)?){one}(?!\w)", r"\1", part)
        shown += part
    return html.unescape(shown)


def visible_markdown(text):
    """Standard Markdown as shown, a line for each line."""
    lines, marks = [], []
    for token in MARKDOWN.parse(text):
        if token.type == "list_item_open":
            marks.append(f"{token.info}. " if token.info else "• ")
        elif token.type == "inline":
            line = "".join(
                {"softbreak": "\n", "hardbreak": "\n"}.get(child.type, child.content)
                for child in token.children
                if child.type != "html_inline"
            )
            lines.append((marks.pop() if marks else "") + line)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
    return "\n".join(lines)

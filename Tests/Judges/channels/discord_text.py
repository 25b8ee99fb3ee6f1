"""Text as Discord's client shows it, by simcord's parser of Discord's Markdown."""

from simcord.preview._markdown import markdown_tokens


def inline(tokens):
    text = ""
    for token in tokens:
        kind = token["type"]
        if kind in ("text", "code", "code_block"):
            text += token["content"]
        elif kind in ("mention", "command"):
            text += token.get("label", "")
        elif kind == "emoji":
            text += f":{(token.get('emoji') or {}).get('name')}:"
        elif kind == "break":
            text += "\n"
        elif "children" in token:
            text += inline(token["children"])
    return text


def blocks(tokens, indent=""):
    lines = []
    for token in tokens:
        kind, children = token["type"], token.get("children", [])
        if kind in ("bullet_list", "ordered_list"):
            for number, item in enumerate(children, token.get("start", 1)):
                mark = "• " if kind == "bullet_list" else f"{number}. "
                inner = blocks(item["children"], indent + "  ")
                lines += [indent + mark + inner[0].lstrip()] + inner[1:] if inner else [indent + mark]
        elif kind in ("blockquote", "list_item"):
            lines += blocks(children, indent)
        elif kind == "code_block":
            lines += token["content"].rstrip("\n").split("\n")
        else:
            lines += [indent + line for line in inline(children).split("\n")]
    return lines


def visible(source):
    """The text without its markup, a line for each line shown."""
    return "\n".join(blocks(markdown_tokens(source)))

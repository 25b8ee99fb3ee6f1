/// Which of the emoji that Telegram knows as reactions comes nearest to one.
enum ReactionChoice {
    /// All that a bot may set (https://core.telegram.org/bots/api#reactiontypeemoji).
    static let allowed = [
        "👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩", "🙏", "👌", "🕊", "🤡",
        "🥱", "🥴", "😍", "🐳", "❤\u{FE0F}\u{200D}🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾",
        "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨\u{200D}💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅",
        "🎄", "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷\u{200D}♂\u{FE0F}", "🤷",
        "🤷\u{200D}♀\u{FE0F}", "😡",
    ]

    /// What stands for those that it does not know; left away are those that would say something else.
    private static let near = [
        "✅": "👍", "✔": "👍", "☑": "👍", "🆗": "👌", "👆": "👍", "💪": "🔥", "🙌": "👏", "👋": "🤗", "🤞": "🙏", "✌": "👌",
        "❌": "👎", "🚫": "👎", "⛔": "👎", "✖": "👎", "💚": "❤", "💙": "❤", "💛": "❤", "🧡": "❤", "💜": "❤", "🤍": "❤",
        "🖤": "❤", "💖": "❤", "💗": "❤", "💕": "❤", "💞": "❤", "♥": "❤", "🥹": "🥰", "😊": "🥰", "☺": "🥰", "🙂": "😁",
        "😀": "😁", "😃": "😁", "😄": "😁", "😆": "🤣", "😂": "🤣", "😅": "😁", "😉": "😁", "😜": "🤪", "😋": "🤪", "😛": "🤪",
        "🤭": "🙊", "😮": "😱", "😲": "😱", "😯": "😱", "😳": "😱", "😧": "😨", "😰": "😨", "😟": "😢", "🙁": "😢", "☹": "😢",
        "😞": "😢", "😔": "😢", "😥": "😢", "😠": "😡", "🤢": "🤮", "🧐": "🤨", "❓": "🤔", "❔": "🤔", "😕": "🤔", "😑": "😐",
        "😶": "😐", "🙄": "🤨", "⭐": "🤩", "🌟": "🤩", "✨": "🤩", "🥳": "🎉", "🎊": "🎉", "🎈": "🎉", "🎁": "🎉", "🥇": "🏆",
        "🏅": "🏆", "🚀": "🔥", "💥": "🔥", "🥂": "🍾", "🍻": "🍾", "🍺": "🍾", "👁": "👀", "🔍": "👀", "🔎": "👀", "⏳": "👀",
        "⌛": "👀", "🕐": "👀", "🔄": "👀", "📝": "✍", "🤖": "👾", "💡": "🤓", "🧑\u{200D}💻": "👨\u{200D}💻",
        "👩\u{200D}💻": "👨\u{200D}💻", "💻": "👨\u{200D}💻", "🛠": "👨\u{200D}💻", "🔧": "👨\u{200D}💻", "⚙": "👨\u{200D}💻",
        "💤": "😴", "🫂": "🤗", "💐": "🥰", "⚠": "😨", "‼": "⚡", "❗": "⚡",
    ]

    private static let known = Dictionary(allowed.map { (bare($0), $0) }) { first, _ in first }

    /// The reaction to set; nil when none comes near.
    static func nearest(to emoji: String) -> String? {
        let bare = bare(emoji)
        return known[bare] ?? near[bare]
    }

    /// Without the marks that only change an emoji's looks: style and colour of skin.
    private static func bare(_ emoji: String) -> String {
        String(
            String.UnicodeScalarView(
                emoji.unicodeScalars.filter { $0.value != 0xFE0F && !(0x1F3FB...0x1F3FF).contains($0.value) }
            )
        )
    }
}

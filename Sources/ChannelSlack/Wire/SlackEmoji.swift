/// Reactions between characters and the names by which the API speaks of them.
///
/// A bounded table of what people and agents use; others pass through by name, `:partyparrot:` as `partyparrot`.
package enum SlackEmoji {
    /// The name of an emoji, or of a `:name:`; nil for a character that is not in the table.
    package static func name(_ emoji: String) -> String? {
        if emoji.hasPrefix(":"), emoji.hasSuffix(":"), emoji.utf8.count > 2 {
            let name = String(emoji.dropFirst().dropLast())
            return isName(name) ? name : nil
        }
        var bare = ""
        var tone: Int?
        for scalar in emoji.unicodeScalars {
            switch scalar.value {
            case 0xFE0F: continue
            case 0x1F3FB...0x1F3FF: tone = Int(scalar.value - 0x1F3FB) + 2
            default: bare.unicodeScalars.append(scalar)
            }
        }
        if let name = names[bare] { return tone.map { "\(name)::skin-tone-\($0)" } ?? name }
        return isName(emoji) && characters[emoji] != nil ? emoji : nil
    }

    /// The character of a name, with its skin tone; `:name:` for one that is not in the table.
    package static func character(_ name: String) -> String {
        let parts = name.split(separator: "::", maxSplits: 1)
        guard let base = parts.first, let character = characters[String(base)] else { return ":\(name):" }
        guard parts.count == 2, let digit = parts[1].last?.wholeNumberValue, (2...6).contains(digit),
            let tone = Unicode.Scalar(UInt32(0x1F3FB + digit - 2))
        else { return character }
        var toned = String.UnicodeScalarView(character.unicodeScalars.filter { $0.value != 0xFE0F })
        toned.insert(tone, at: toned.index(after: toned.startIndex))
        return String(toned)
    }

    private static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || $0.properties.numericType != nil || "_-+'".unicodeScalars.contains($0)
            }
    }

    /// By name; the first name of a character is the one that is sent.
    private static let table: KeyValuePairs<String, String> = [
        "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "eyes": "👀", "white_check_mark": "✅", "x": "❌",
        "heavy_check_mark": "✔️", "ballot_box_with_check": "☑️", "heart": "❤️", "fire": "🔥", "tada": "🎉",
        "rocket": "🚀", "pray": "🙏", "clap": "👏", "raised_hands": "🙌", "ok_hand": "👌", "ok": "🆗", "wave": "👋",
        "muscle": "💪", "point_up": "☝️", "point_right": "👉", "point_left": "👈", "point_down": "👇", "v": "✌️",
        "crossed_fingers": "🤞", "handshake": "🤝", "raised_hand": "✋", "hand": "✋", "writing_hand": "✍️", "100": "💯",
        "smile": "😄", "smiley": "😃", "grinning": "😀", "grin": "😁", "joy": "😂", "rolling_on_the_floor_laughing": "🤣",
        "slightly_smiling_face": "🙂", "upside_down_face": "🙃", "wink": "😉", "blush": "😊", "relaxed": "☺️",
        "heart_eyes": "😍", "kissing_heart": "😘", "yum": "😋", "sunglasses": "😎", "star-struck": "🤩",
        "partying_face": "🥳", "thinking_face": "🤔", "neutral_face": "😐", "expressionless": "😑", "no_mouth": "😶",
        "face_with_rolling_eyes": "🙄", "smirk": "😏", "unamused": "😒", "sweat": "😓", "sweat_smile": "😅",
        "pensive": "😔", "confused": "😕", "worried": "😟", "disappointed": "😞", "cry": "😢", "sob": "😭",
        "angry": "😠", "rage": "😡", "scream": "😱", "fearful": "😨", "cold_sweat": "😰", "flushed": "😳",
        "astonished": "😲", "open_mouth": "😮", "sleeping": "😴", "zzz": "💤", "exploding_head": "🤯",
        "hugging_face": "🤗", "shushing_face": "🤫", "saluting_face": "🫡", "melting_face": "🫠", "nerd_face": "🤓",
        "face_palm": "🤦", "shrug": "🤷", "see_no_evil": "🙈", "hear_no_evil": "🙉", "speak_no_evil": "🙊",
        "robot_face": "🤖", "ghost": "👻", "skull": "💀", "clown_face": "🤡", "alien": "👽", "poop": "💩", "hankey": "💩",
        "broken_heart": "💔", "yellow_heart": "💛", "green_heart": "💚", "blue_heart": "💙", "purple_heart": "💜",
        "orange_heart": "🧡", "black_heart": "🖤", "white_heart": "🤍", "two_hearts": "💕", "sparkling_heart": "💖",
        "star": "⭐", "star2": "🌟", "sparkles": "✨", "zap": "⚡", "boom": "💥", "sunny": "☀️", "rainbow": "🌈",
        "snowflake": "❄️", "bulb": "💡", "bug": "🐛", "wrench": "🔧", "hammer": "🔨", "hammer_and_wrench": "🛠️",
        "gear": "⚙️", "lock": "🔒", "unlock": "🔓", "key": "🔑", "bell": "🔔", "no_bell": "🔕", "mag": "🔍",
        "link": "🔗", "pushpin": "📌", "round_pushpin": "📍", "paperclip": "📎", "memo": "📝", "pencil": "📝",
        "pencil2": "✏️", "clipboard": "📋", "calendar": "📆", "date": "📅", "chart_with_upwards_trend": "📈",
        "chart_with_downwards_trend": "📉", "bar_chart": "📊", "email": "📧", "inbox_tray": "📥", "outbox_tray": "📤",
        "package": "📦", "file_folder": "📁", "books": "📚", "book": "📖", "computer": "💻", "iphone": "📱",
        "camera": "📷", "moneybag": "💰", "gift": "🎁", "trophy": "🏆", "medal": "🏅", "dart": "🎯", "musical_note": "🎵",
        "coffee": "☕", "beer": "🍺", "beers": "🍻", "pizza": "🍕", "cake": "🍰", "birthday": "🎂", "popcorn": "🍿",
        "warning": "⚠️", "no_entry": "⛔", "no_entry_sign": "🚫", "octagonal_sign": "🛑", "construction": "🚧",
        "rotating_light": "🚨", "sos": "🆘", "question": "❓", "grey_question": "❔", "exclamation": "❗",
        "heavy_exclamation_mark": "❗", "bangbang": "‼️", "interrobang": "⁉️", "heavy_plus_sign": "➕",
        "heavy_minus_sign": "➖", "arrow_up": "⬆️", "arrow_down": "⬇️", "arrow_left": "⬅️", "arrow_right": "➡️",
        "arrows_counterclockwise": "🔄", "repeat": "🔁", "back": "🔙", "soon": "🔜", "new": "🆕", "free": "🆓",
        "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "stopwatch": "⏱️", "alarm_clock": "⏰", "clock3": "🕒",
        "red_circle": "🔴", "large_blue_circle": "🔵", "large_green_circle": "🟢", "large_yellow_circle": "🟡",
        "large_orange_circle": "🟠", "white_circle": "⚪", "black_circle": "⚫", "checkered_flag": "🏁",
        "triangular_flag_on_post": "🚩", "speech_balloon": "💬", "thought_balloon": "💭", "mega": "📣",
        "loudspeaker": "📢", "earth_africa": "🌍", "earth_americas": "🌎", "earth_asia": "🌏", "seedling": "🌱",
        "zero": "0️⃣", "one": "1️⃣", "two": "2️⃣", "three": "3️⃣", "four": "4️⃣", "five": "5️⃣", "six": "6️⃣", "seven": "7️⃣",
        "eight": "8️⃣", "nine": "9️⃣", "keycap_ten": "🔟", "a": "🅰️", "b": "🅱️", "information_source": "ℹ️",
        "recycle": "♻️", "white_large_square": "⬜", "black_large_square": "⬛", "unicorn_face": "🦄", "dog": "🐶",
        "cat": "🐱", "monkey_face": "🐵", "snail": "🐌", "turtle": "🐢", "ship": "🚢", "airplane": "✈️", "car": "🚗",
    ]

    private static let characters = Dictionary(table.map { ($0.key, $0.value) }) { first, _ in first }

    private static let names = Dictionary(
        table.map { (String(String.UnicodeScalarView($0.value.unicodeScalars.filter { $0.value != 0xFE0F })), $0.key) }
    ) { first, _ in first }
}

import Core

/// Reads the text of an expression.
enum CronParser {
    private static let shortcuts = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let shape =
        "write minute, hour, day of month, month and day of week, such as 0 9 * * mon-fri; seconds may stand in front"

    static func parse(_ text: String) throws(CronError) -> CronExpression {
        guard text.utf8.count <= CronExpression.longestText else {
            throw CronError(
                .expression,
                "the cron expression is longer than \(CronExpression.longestText) bytes; \(shape)"
            )
        }
        let words = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map {
            String(Substring($0))
        }
        if let first = words.first, first.hasPrefix("@") { return try shortcut(first, words) }
        return try fields(words, text: words.joined(separator: " "))
    }

    private static func shortcut(_ word: String, _ words: [String]) throws(CronError) -> CronExpression {
        guard words.count == 1, let meant = shortcuts[word.lowercased()] else {
            let known = shortcuts.keys.sorted().joined(separator: ", ")
            throw CronError(.expression, "\(quoted(words.joined(separator: " "))) is none of \(known); \(shape)")
        }
        return try fields(meant.split(separator: " ").map(String.init), text: word.lowercased())
    }

    private static func fields(_ words: [String], text: String) throws(CronError) -> CronExpression {
        guard (5...6).contains(words.count) else {
            let count = words.count == 1 ? "1 field" : "\(words.count) fields"
            throw CronError(
                .expression,
                "a cron expression has 5 or 6 fields, and \(quoted(text)) has \(count); \(shape)"
            )
        }
        let words = words.count == 5 ? ["0"] + words : words
        var sets: [UInt64] = []
        var days = DayRule()
        for (field, word) in zip(CronField.allCases, words) {
            var set = FieldSet(field: field)
            for item in word.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                try set.add(String(Substring(item)), in: word, days: &days)
            }
            sets.append(set.values)
        }
        let isStar = words.map { $0.hasPrefix("*") }
        days.days = UInt32(truncatingIfNeeded: sets[3])
        days.weekdays = UInt8(truncatingIfNeeded: (sets[5] | sets[5] >> 7) & 0x7F)
        days.isBoth = isStar[3] || isStar[5]
        let expression = CronExpression(
            text: text,
            isFixed: !isStar[1] && !isStar[2],
            seconds: sets[0],
            minutes: sets[1],
            hours: sets[2],
            months: sets[4],
            days: days
        )
        guard expression.everComes else {
            throw CronError(
                .never,
                "\(quoted(text)) never comes: no year has such a day (day of month \(quoted(words[3])), "
                    + "month \(quoted(words[4])), day of week \(quoted(words[5])))"
            )
        }
        return expression
    }
}

/// The values of one field, while its items are read.
private struct FieldSet {
    let field: CronField
    var values: UInt64 = 0

    init(field: CronField) { self.field = field }

    /// Takes one item of the field's list: `*`, a value or a range, with a step or without, or what only day fields have.
    mutating func add(_ item: String, in word: String, days: inout DayRule) throws(CronError) {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 1 else {
            try addSteps(parts[0], parts[1], item, word)
            return
        }
        switch field {
        case .dayOfMonth: if try addDay(item, word, &days) { return }
        case .dayOfWeek: if try addWeekday(item, word, &days) { return }
        default: break
        }
        insert(try range(item, word).values, step: 1)
    }

    private mutating func insert(_ range: ClosedRange<Int>, step: Int) {
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            values |= 1 << UInt64(value)
        }
    }

    private mutating func addSteps(_ base: String, _ text: String, _ item: String, _ word: String) throws(CronError) {
        let (range, isSingle) = try range(base, word)
        // A single value with a step goes on to the end of the field.
        let whole = isSingle ? range.lowerBound...field.range.upperBound : range
        let longest = field.range.upperBound - field.range.lowerBound
        guard let step = Self.number(text), (1...longest).contains(step) else {
            throw wrong(item, word, "a step is a number from 1 to \(longest)")
        }
        insert(whole, step: step)
    }

    /// `*`, `a` or `a-b`.
    private func range(_ text: String, _ word: String) throws(CronError) -> (values: ClosedRange<Int>, isSingle: Bool) {
        if text == "*" { return (field.range, false) }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let first = try value(ends[0], text, word)
        guard ends.count > 1 else { return (first...first, true) }
        var last = try value(ends[1], text, word)
        // A week that ends with Sunday.
        if field == .dayOfWeek, last == 0, first > 0 { last = 7 }
        guard first <= last else {
            let bounds = field.range
            throw wrong(
                text,
                word,
                "it runs backwards; write \(ends[0])-\(bounds.upperBound),\(bounds.lowerBound)-\(ends[1]) to go on over the end"
            )
        }
        return (first...last, false)
    }

    private func value(_ text: String, _ item: String, _ word: String) throws(CronError) -> Int {
        if let index = field.names.firstIndex(of: text.lowercased()) { return field.range.lowerBound + index }
        guard let number = Self.number(text) else {
            throw wrong(item, word, text.isEmpty ? "a value is missing" : "\(quoted(text)) is no value of it")
        }
        guard field.range.contains(number) else { throw wrong(item, word, "\(number) is out of range") }
        return number
    }

    // MARK: - Days

    /// `L`, `L-3`, `15W`, `LW`; false for anything else.
    private func addDay(_ item: String, _ word: String, _ days: inout DayRule) throws(CronError) -> Bool {
        let small = item.lowercased()
        if small == "l" {
            days.beforeLast |= 1
        } else if small == "lw" {
            days.lastWorkday = true
        } else if small.hasPrefix("l-") {
            guard let back = Self.number(String(small.dropFirst(2))), (1...30).contains(back) else {
                throw wrong(item, word, "L-n counts 1 to 30 days back from the last")
            }
            days.beforeLast |= 1 << UInt32(back)
        } else if small.hasSuffix("w") {
            guard let day = Self.number(String(small.dropLast())), field.range.contains(day) else {
                throw wrong(item, word, "W follows a day from 1 to 31")
            }
            days.nearest |= 1 << UInt32(day)
        } else {
            return false
        }
        return true
    }

    /// `5#3`, `5L`; false for anything else.
    private func addWeekday(_ item: String, _ word: String, _ days: inout DayRule) throws(CronError) -> Bool {
        if let sign = item.firstIndex(of: "#") {
            let weekday = try value(String(item[..<sign]), item, word)
            guard let number = Self.number(String(item[item.index(after: sign)...])), (1...5).contains(number) else {
                throw wrong(item, word, "# is followed by a number from 1 to 5")
            }
            days.numbered[number - 1] |= 1 << UInt8(weekday % 7)
        } else if item.lowercased().hasSuffix("l") {
            guard item.utf8.count > 1 else { throw wrong(item, word, "L follows a day of the week") }
            let weekday = try value(String(item.dropLast()), item, word)
            days.last |= 1 << UInt8(weekday % 7)
        } else {
            return false
        }
        return true
    }

    // MARK: - Words

    /// A number of one to three digits.
    private static func number(_ text: String) -> Int? {
        guard (1...3).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    private func wrong(_ item: String, _ word: String, _ what: String) -> CronError {
        let place = item == word ? quoted(item) : "\(quoted(item)) in \(quoted(word))"
        let hint = item == "?" ? "; write * for any" : ""
        return CronError(
            .expression,
            "\(field.name) \(place): \(what); allowed: \(field.allowed), *, ranges (1-5), steps (*/10) and lists (1,3)\(hint)"
        )
    }
}

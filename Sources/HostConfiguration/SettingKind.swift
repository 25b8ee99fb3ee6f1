import Core
import Foundation
import Glibc

/// What a setting may hold.
package enum SettingKind: Sendable, Hashable {
    /// A whole number in a range.
    case number(ClosedRange<Int>)
    /// Whole days from 1 on, or `never`.
    case days
    /// Bytes: a whole number, or one with `KiB`, `MiB` or `GiB`.
    case bytes(ClosedRange<Int>)
    /// The same, or 0 for no bound.
    case bytesOrZero(ClosedRange<Int>)
    /// One of these words.
    case choice([String])
    /// `true` or `false`.
    case flag
    /// A list of these words.
    case choices([String])
    /// A list of texts.
    case texts
    /// An absolute path.
    case path
    /// An absolute path, or nothing.
    case optionalPath
    /// A name as user and group databases have them, or nothing.
    case name
    /// An IANA time zone, or nothing for the system's.
    case timeZone
    /// `first-last` of numeric ids, or nothing.
    case idRange
    /// A numeric IPv4 or IPv6 address.
    case address
    /// An https URL without query, or http to this machine; or nothing.
    case optionalURL

    /// True for a list.
    package var isList: Bool {
        switch self {
        case .choices, .texts: true
        default: false
        }
    }

    /// Why this text (of a list: one item of it) is not allowed; nil when it is.
    func complaint(_ text: String) -> String? {
        switch self {
        case .number(let range): Self.complaint(Int(text), text, range)
        case .days: text == "never" ? nil : Self.daysComplaint(text)
        case .bytes(let range): Self.complaint(Self.bytes(text), text, range)
        case .bytesOrZero(let range):
            Self.bytes(text) == 0 ? nil : Self.complaint(Self.bytes(text), text, range).map { $0 + ", and not 0" }
        case .choice(let words), .choices(let words):
            words.contains(text) ? nil : "\"\(text.prefix(80))\" is not one of \(words.joined(separator: ", "))"
        case .flag: ["true", "false"].contains(text) ? nil : "\"\(text.prefix(80))\" is neither true nor false"
        case .texts: text.isEmpty ? "a name is empty" : nil
        case .path: Self.pathComplaint(text)
        case .optionalPath: text.isEmpty ? nil : Self.pathComplaint(text)
        case .name:
            text.isEmpty || (PathSegment.isIdentifier(text) && text.utf8.count <= 32)
                ? nil : "\"\(text.prefix(80))\" is no name of a group: letters, digits, _ and -"
        case .timeZone:
            text.isEmpty || Self.isTimeZone(text)
                ? nil : "\"\(text.prefix(80))\" is no IANA time zone, such as Europe/Berlin"
        case .idRange:
            text.isEmpty || Self.idRange(text) != nil
                ? nil : "\"\(text.prefix(80))\" is no range of ids: write first-last, such as 100000-165535"
        case .address:
            Self.isAddress(text) ? nil : "\"\(text.prefix(80))\" is no numeric address, such as 127.0.0.1 or ::1"
        case .optionalURL:
            text.isEmpty || Self.isBaseURL(text)
                ? nil
                : "\"\(text.prefix(80))\" is no https URL without a slash at its end, such as https://claw.example.org"
        }
    }

    private static func daysComplaint(_ text: String) -> String? {
        if let days = Int(text), (1...36_500).contains(days) { return nil }
        return "\"\(text.prefix(80))\" is no whole number from 1 to 36500, and not \"never\", which keeps for good"
    }

    private static func complaint(_ number: Int?, _ text: String, _ range: ClosedRange<Int>) -> String? {
        guard let number else { return "\"\(text.prefix(80))\" is no whole number" }
        return range.contains(number) ? nil : "\(text) is not between \(range.lowerBound) and \(range.upperBound)"
    }

    private static func pathComplaint(_ text: String) -> String? {
        guard text.hasPrefix("/") else { return "\"\(text.prefix(80))\" is no absolute path" }
        return text.split(separator: "/").contains("..") ? "\"\(text.prefix(80))\" holds \"..\"" : nil
    }

    /// The number of bytes that the text stands for; nil for other text.
    static func bytes(_ text: String) -> Int? {
        for (ending, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30)] where text.hasSuffix(ending) {
            guard let number = Int(text.dropLast(3)), number >= 0, number < 1 << 30 else { return nil }
            return number << shift
        }
        return Int(text)
    }

    static func isAddress(_ text: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        return inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1
    }

    static func isBaseURL(_ text: String) -> Bool {
        guard let url = URL(string: text), let host = url.host, !host.isEmpty, text.utf8.count <= 500,
            url.query == nil, url.fragment == nil, url.user == nil, !text.hasSuffix("/")
        else { return false }
        return url.scheme == "https" || (url.scheme == "http" && ["127.0.0.1", "::1", "localhost"].contains(host))
    }

    static func isTimeZone(_ text: String) -> Bool {
        text.first?.isLetter == true && PathSegment.isSafe(text.replacing("/", with: "_"))
            && TimeZone(identifier: text) != nil
    }

    static func idRange(_ text: String) -> ClosedRange<UInt32>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first > 0, first <= last, last < .max else {
            return nil
        }
        return first...last
    }
}

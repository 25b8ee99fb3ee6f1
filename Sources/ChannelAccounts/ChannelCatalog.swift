package import ChannelKit
import Core

/// The platforms that this host knows: one line each where the host is put together.
package struct ChannelCatalog: Sendable {
    /// By channel.
    package let platforms: [any ChannelPlatform]

    /// Of two platforms of one channel the first counts.
    package init(_ platforms: [any ChannelPlatform]) {
        var seen: Set<String> = []
        self.platforms = platforms.filter { seen.insert($0.channel).inserted }.sorted { $0.channel < $1.channel }
    }

    /// The platform of a channel; throws naming those that there are.
    package func platform(_ channel: String) throws -> any ChannelPlatform {
        if let platform = platforms.first(where: { $0.channel == channel }) { return platform }
        let known = platforms.map(\.channel).joined(separator: ", ")
        throw AccountError(
            .unknown,
            "there is no channel \"\(channel.prefix(80))\"; there are: \(known.isEmpty ? "none" : known)"
        )
    }
}

extension ChannelPlatform {
    /// The given values with standards for those that are missing.
    ///
    /// Throws naming every key that is unknown and every one that must be given.
    func complete(_ given: [String: String]) throws -> [String: String] {
        let unknown = given.keys.filter { key in !fields.contains { $0.key == key } }.sorted()
        guard unknown.isEmpty else {
            throw AccountError(
                .invalid,
                "\(title) has no \(unknown.map { "\"\($0.prefix(80))\"" }.joined(separator: ", ")); it takes: "
                    + fields.map(\.key).joined(separator: ", ")
            )
        }
        var values: [String: String] = [:]
        var missing: [ChannelField] = []
        for field in fields {
            let value = given[field.key]?.trimmingWhiteSpace ?? ""
            if !value.isEmpty {
                values[field.key] = value
            } else if let standard = field.standard {
                values[field.key] = standard
            } else {
                missing.append(field)
            }
        }
        guard missing.isEmpty else {
            throw AccountError(
                .invalid,
                "\(title) needs " + missing.map { "\($0.key) (\($0.help))" }.joined(separator: ", ")
            )
        }
        return values
    }
}

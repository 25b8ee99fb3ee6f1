import Core
import Foundation

extension GroupConfig {
    /// Checks every value; throws ``StoreError`` that names the key and says what is allowed.
    package func validate() throws {
        try Self.checkText("model", model, limit: 200)
        try Self.checkText("assistantName", assistantName, limit: 100)
        if let timeZone, TimeZone(identifier: timeZone) == nil || !timeZone.contains(where: \.isLetter) {
            throw StoreError(
                .invalid,
                "timeZone: \"\(timeZone.prefix(80))\" is no IANA time zone, such as Europe/Berlin"
            )
        }
        for (limit, value) in limits where !limit.range.contains(value) {
            let range = limit.range
            throw StoreError(
                .invalid,
                "limits.\(limit.rawValue): \(value) is not between \(range.lowerBound) and \(range.upperBound)"
            )
        }
        if let normal = limits[.toolTimeout], let most = limits[.maximumToolTimeout], normal > most {
            throw StoreError(.invalid, "limits.toolTimeout: \(normal) is over limits.maximumToolTimeout, \(most)")
        }
        try Self.checkNames("deniedTools", deniedTools, allowed: Self.isToolName)
        if case .only(let names) = skills { try Self.checkNames("skills", names, allowed: PathSegment.isSafe) }
        try Self.checkNames("mounts", mounts, allowed: PathSegment.isSafe)
        try Self.checkNames("packages.apt", packages.apt, allowed: Self.isPackageName)
        try Self.checkNames("packages.pip", packages.pip, allowed: Self.isPackageName)
        for (name, server) in mcpServers {
            guard PathSegment.isIdentifier(name) else {
                throw StoreError(
                    .invalid,
                    "mcpServers: \"\(name.prefix(80))\" is no name: use letters, digits, _ and -"
                )
            }
            guard !server.command.isEmpty else { throw StoreError(.invalid, "mcpServers.\(name).command: empty") }
            try Self.checkNames(
                "mcpServers.\(name).environment",
                server.environment.keys.sorted(),
                allowed: Self.isVariable
            )
        }
    }

    private static func checkText(_ key: String, _ text: String?, limit: Int) throws {
        guard let text else { return }
        let printable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, text.utf8.count <= limit, printable else {
            throw StoreError(.invalid, "\(key): needs 1 to \(limit) bytes of text without control characters")
        }
    }

    private static func checkNames(_ key: String, _ names: [String], allowed: (String) -> Bool) throws {
        if let bad = names.first(where: { !allowed($0) }) {
            throw StoreError(.invalid, "\(key): \"\(bad.prefix(80))\" is no allowed name")
        }
        if Set(names).count != names.count { throw StoreError(.invalid, "\(key): a name stands there twice") }
    }

    private static func isToolName(_ name: String) -> Bool { PathSegment.isIdentifier(name) }

    /// One letter or digit, then letters, digits and `+ - . _ = ~ : [ ] ,`: nothing that a tool takes for an option.
    private static func isPackageName(_ name: String) -> Bool {
        guard (1...200).contains(name.utf8.count), let first = name.first, first.isASCII,
            first.isLetter || first.isNumber
        else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-._=~:[],".contains($0)) }
    }

    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.first, first == "_" || (first.isASCII && first.isLetter) else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}

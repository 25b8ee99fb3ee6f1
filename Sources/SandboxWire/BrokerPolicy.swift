/// Who asks a broker for a spawner: each has host ids of its own, so that no two sandboxes share one.
package enum BrokerLane: UInt8, Sendable, Equatable {
    /// The running host: one at a time.
    case host = 0
    /// A probe or a command at a terminal.
    case scratch = 1
}

/// What a root broker may do for whoever may connect: the content of its own file, which root owns.
///
/// One setting a line, a word and its value; `#` begins a comment:
///
/// ```
/// home /var/lib/nanoclaw
/// binaries /usr/local/lib/nanoclaw
/// uid 997
/// gid 997
/// ids 1879048192-1879048447
/// sandboxes 48
/// write 67108864
/// require cgroup idmap
/// mount notes rw /srv/notes
/// ```
package struct BrokerPolicy: Sendable, Equatable {
    /// Most bytes of the file.
    package static let maximumBytes = 32 << 10
    /// Scratch spawners that may live at once.
    package static let scratchLanes = 4

    /// All of it, for one spawner.
    package let configuration: SpawnerConfiguration

    /// Reads the file's text; throws the line and what is wrong with it.
    package init(parsing text: String) throws(WireError) {
        var values: [String: String] = [:]
        var mounts: [WireMount] = []
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let key = words.first, !key.hasPrefix("#") else { continue }
            let rest = Array(words.dropFirst())
            if key == "mount" {
                guard rest.count >= 3, rest[1] == "ro" || rest[1] == "rw" else {
                    throw WireError("line \(number): write mount NAME ro|rw PATH")
                }
                let path = rest.dropFirst(2).joined(separator: " ")
                mounts.append(WireMount(name: rest[0], path: path, writable: rest[1] == "rw"))
                continue
            }
            guard ["home", "binaries", "uid", "gid", "ids", "sandboxes", "memory", "write", "require"].contains(key)
            else {
                throw WireError("line \(number): there is no setting \(key)")
            }
            guard values[key] == nil else { throw WireError("line \(number): \(key) stands there twice") }
            values[key] = rest.joined(separator: " ")
        }
        func required(_ key: String) throws(WireError) -> String {
            guard let value = values[key], !value.isEmpty else { throw WireError("\(key) is missing") }
            return value
        }
        func id(_ key: String) throws(WireError) -> UInt32 {
            guard let id = UInt32(try required(key)), id > 0 else { throw WireError("\(key) is no id above 0") }
            return id
        }
        let ends = try required("ids").split(separator: "-").map { UInt32($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < .max else {
            throw WireError("ids is no range FIRST-LAST")
        }
        guard last - first >= 63 else { throw WireError("ids holds less than 64") }
        guard let sandboxes = UInt32(try required("sandboxes")) else { throw WireError("sandboxes is no number") }
        guard let memory = UInt64(values["memory"] ?? "0") else { throw WireError("memory is no number of bytes") }
        guard let writeRate = UInt64(values["write"] ?? String(SpawnerConfiguration.usualWriteRate)) else {
            throw WireError("write is no number of bytes a second")
        }
        let wanted = SpawnerConfiguration(
            home: try required("home"),
            binaries: try required("binaries"),
            serviceUID: try id("uid"),
            serviceGID: try id("gid"),
            uidBase: first,
            uidCount: last - first + 1,
            maximumSandboxes: sandboxes,
            totalMemory: memory,
            writeRate: writeRate,
            mounts: mounts,
            requiredLayers: (values["require"] ?? "").split(separator: " ").map(String.init)
        )
        // The checks of what comes over the wire hold here too.
        configuration = try SpawnerConfiguration(decoding: wanted.encoded())
    }

    /// The file's text for a configuration; ``init(parsing:)`` reads it back.
    package static func text(_ configuration: SpawnerConfiguration) -> String {
        let last = configuration.uidBase + (configuration.uidCount - 1)
        var lines = [
            "# What the root broker of NanoClaw does for the service user, and for nobody else. Root's alone.",
            "# A directory that agents may be given stands here and below `mounts:` of the home's config.yaml:",
            "#   mount NAME ro|rw /absolute/path",
            "home \(configuration.home)",
            "binaries \(configuration.binaries)",
            "uid \(configuration.serviceUID)",
            "gid \(configuration.serviceGID)",
            "ids \(configuration.uidBase)-\(last)",
            "sandboxes \(configuration.maximumSandboxes)",
        ]
        if configuration.totalMemory > 0 { lines.append("memory \(configuration.totalMemory)") }
        if configuration.writeRate != SpawnerConfiguration.usualWriteRate {
            lines.append("write \(configuration.writeRate)")
        }
        if !configuration.requiredLayers.isEmpty {
            lines.append("require \(configuration.requiredLayers.joined(separator: " "))")
        }
        lines += configuration.mounts.map { "mount \($0.name) \($0.writable ? "rw" : "ro") \($0.path)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A file's text with the home, the binaries and the service's ids of a configuration; all else stays as somebody wrote it.
    package static func text(_ text: String, updatedFor configuration: SpawnerConfiguration) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (key, value) in [
            ("gid", "\(configuration.serviceGID)"), ("uid", "\(configuration.serviceUID)"),
            ("binaries", configuration.binaries), ("home", configuration.home),
        ] {
            let words = lines.map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init) }
            guard let index = words.firstIndex(where: { $0.first == key }) else {
                lines.insert("\(key) \(value)", at: 0)
                continue
            }
            if words[index].dropFirst().joined(separator: " ") != value { lines[index] = "\(key) \(value)" }
        }
        return lines.joined(separator: "\n")
    }

    /// The same with the host ids of one lane: the lower half is the host's, scratch lanes share the upper one.
    ///
    /// `scratch` is nil for the host, else 0 ..< ``scratchLanes``.
    package func lane(scratch: Int?) -> SpawnerConfiguration {
        let half = configuration.uidCount / 8 * 4
        let part = half / UInt32(Self.scratchLanes) / 4 * 4
        let offset = scratch.map { half + UInt32($0) * part } ?? 0
        return SpawnerConfiguration(
            home: configuration.home,
            binaries: configuration.binaries,
            serviceUID: configuration.serviceUID,
            serviceGID: configuration.serviceGID,
            uidBase: configuration.uidBase + offset,
            uidCount: scratch == nil ? half : part,
            maximumSandboxes: configuration.maximumSandboxes,
            totalMemory: configuration.totalMemory,
            writeRate: configuration.writeRate,
            mounts: configuration.mounts,
            requiredLayers: configuration.requiredLayers
        )
    }
}

/// The first message to a broker: for which home, and what for.
package struct BrokerJoin: Sendable, Equatable {
    package let lane: BrokerLane
    package let home: String

    package init(lane: BrokerLane, home: String) {
        self.lane = lane
        self.home = home
    }

    /// The message, its ``SpawnerRequest`` included.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.put(SpawnerRequest.join.rawValue)
        writer.put(lane.rawValue)
        writer.put(home)
        return writer.bytes
    }

    /// Reads the message; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        let request: UInt8 = try reader.number("request")
        guard request == SpawnerRequest.join.rawValue else { throw WireError("a broker is joined first") }
        guard let lane = BrokerLane(rawValue: try reader.number("lane")) else { throw WireError("no such lane") }
        self.lane = lane
        home = try reader.text("home")
        try reader.end()
    }
}

package import Core
package import Logging

/// Writes log events as JSON lines to a file and, if asked, shows them on standard error.
package struct HostLogHandler: LogHandler {
    /// What is shown on standard error beside the file.
    package enum Echo: Sendable, Hashable {
        case none
        case json
        case pretty(coloured: Bool)
    }

    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let component: String
    private let levels: LogLevels
    private let file: RotatingFile
    private let echo: Echo
    private let time: any TimeSource
    private var ownLevel: Logger.Level?

    /// A handler of one component, which is the logger's label.
    package init(component: String, levels: LogLevels, file: RotatingFile, echo: Echo, time: any TimeSource) {
        self.component = component
        self.levels = levels
        self.file = file
        self.echo = echo
        self.time = time
    }

    /// The component's level as it is now, unless this logger was given one of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? levels.level(of: component) }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { _, own in own }
        all.merge(event.metadata ?? [:]) { _, own in own }
        var flat: [String: String] = [:]
        for (key, value) in all { Self.flatten(key, value, into: &flat) }
        if let error = event.error { flat["error"] = flat["error"] ?? "\(error)" }
        let line = LogLine(
            at: time.now,
            level: event.level,
            component: component,
            message: event.message.description,
            metadata: flat
        )
        let json = line.json()
        file.append(json)
        switch echo {
        case .none: break
        case .json: StandardError.write(json)
        case .pretty(let coloured): StandardError.write(Array((line.pretty(coloured: coloured) + "\n").utf8))
        }
    }

    /// Dictionaries become dotted keys, so that a secret deep inside is known by its own name.
    private static func flatten(_ key: String, _ value: Logger.MetadataValue, into flat: inout [String: String]) {
        if SecretKeys.matches(key) {
            flat[key] = "<redacted>"
            return
        }
        switch value {
        case .string(let text): flat[key] = text
        case .stringConvertible(let value): flat[key] = value.description
        case .array(let values):
            for (index, value) in values.enumerated() { flatten("\(key).\(index)", value, into: &flat) }
        case .dictionary(let values):
            for (name, value) in values { flatten("\(key).\(name)", value, into: &flat) }
        }
    }
}

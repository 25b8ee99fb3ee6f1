package import Core
package import LinuxIO
package import Logging

/// The log of one home: its file, its levels, and the loggers that write to it.
package struct HostLog: Sendable {
    /// The file's name in `data/logs/`.
    package static let fileName = "nanoclaw.log"

    /// May be changed while the host runs.
    package let levels: LogLevels
    private let file: RotatingFile
    private let echo: HostLogHandler.Echo
    private let time: any TimeSource

    /// The log in this directory, `<home>/data/logs`: `files` files of `size` bytes, the current one included.
    package init(
        in directory: Directory,
        levels: LogLevels = LogLevels(),
        size: Int = 10_000_000,
        files: Int = 10,
        echo: HostLogHandler.Echo = .none,
        time: any TimeSource = SystemTime()
    ) {
        self.levels = levels
        self.echo = echo
        self.time = time
        file = RotatingFile(in: directory, name: Self.fileName, size: size, files: files)
    }

    /// A logger for a part of the host.
    package func logger(_ component: String) -> Logger {
        Logger(label: component) { component in
            HostLogHandler(component: component, levels: levels, file: file, echo: echo, time: time)
        }
    }
}

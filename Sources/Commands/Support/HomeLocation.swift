package import ArgumentParser
import Glibc

/// Which home a verb is about; the same for every verb.
package struct HomeOptions: ParsableArguments {
    @Option(name: .customLong("home"), help: "The home to use (default: $NANOCLAW_HOME, or the checkout).")
    package var path: String?

    package init() {}

    /// The home's absolute path; throws when there is nothing to go by.
    package func resolved() throws -> String {
        try HomeLocation.resolve(option: path, environment: HomeLocation.variable, binary: HomeLocation.binary)
    }
}

/// Finds the home.
enum HomeLocation {
    /// `--home` wins over `NANOCLAW_HOME`, and that over the checkout that the binary was built in.
    ///
    /// `binary` is the program's real path: `<checkout>/.build-dist/nanoclaw`.
    static func resolve(option: String?, environment: String?, binary: String?) throws -> String {
        if let option {
            guard !option.isEmpty else { throw CommandFailure(.usage, "--home needs a directory") }
            return absolute(option)
        }
        if let environment, !environment.isEmpty { return absolute(environment) }
        if let binary {
            let checkout = parent(of: parent(of: binary))
            if access("\(checkout)/Package.swift", F_OK) == 0 { return checkout }
        }
        throw CommandFailure(.usage, "no home: give --home DIR, or set NANOCLAW_HOME")
    }

    static var variable: String? { getenv("NANOCLAW_HOME").map { String(cString: $0) } }

    /// The real path of this program.
    static var binary: String? { real("/proc/self/exe") }

    /// The directory of this program and of the two that stand beside it.
    static var binaries: String? { binary.map(parent(of:)) }

    /// The checkout that these programs were built in; nil when they stand elsewhere.
    static func checkout(of binaries: String) -> String? {
        let place = parent(of: binaries)
        return access("\(place)/nanoclaw.sh", X_OK) == 0 ? place : nil
    }

    /// The path without links; nil when nothing is there.
    static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The path from the root, links resolved where the place exists already.
    private static func absolute(_ path: String) -> String {
        if let resolved = real(path) { return resolved }
        var whole = path
        if !path.hasPrefix("/"), let current = getcwd(nil, 0) {
            defer { free(current) }
            whole = "\(String(cString: current))/\(path)"
        }
        while whole.count > 1, whole.hasSuffix("/") { whole.removeLast() }
        return whole
    }
}

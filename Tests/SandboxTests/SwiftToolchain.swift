import Glibc

/// The Swift toolchain of this machine, to be used in a sandbox.
struct SwiftToolchain {
    /// The folder that has `usr/bin/swiftc`.
    let root: String

    /// Within what each sandbox sees.
    var isInSystem: Bool { root == "/" || root.hasPrefix("/usr/") }

    /// The first of PATH, its links resolved.
    static var found: SwiftToolchain? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for folder in path.split(separator: ":") {
            guard let real = realpath("\(folder)/swiftc", nil) else { continue }
            defer { free(real) }
            let parts = String(cString: real).split(separator: "/").dropLast()
            guard parts.suffix(2) == ["usr", "bin"] else { continue }
            return SwiftToolchain(root: "/" + parts.dropLast(2).joined(separator: "/"))
        }
        return nil
    }

    /// Builds a package of two modules and runs it.
    var script: String {
        """
        export HOME=/tmp PATH=\(isInSystem ? root : "/workspace/extra/swift")/usr/bin:$PATH
        mkdir -p /tmp/p/Sources/hi /tmp/p/Sources/Words && cd /tmp/p
        cat > Package.swift <<'X'
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(name: "hi", targets: [
            .target(name: "Words"), .executableTarget(name: "hi", dependencies: ["Words"]),
        ])
        X
        cat > Sources/Words/Words.swift <<'X'
        import Foundation
        public func words(_ text: String) -> [String] { text.components(separatedBy: "-") }
        X
        cat > Sources/hi/main.swift <<'X'
        import Words
        let answer = Task { 6 * 7 }
        print(await answer.value, [3, 1, 2].sorted(), words("a-b"))
        X
        swift build --disable-sandbox >log 2>&1 || { cat log; exit 1; }
        .build/debug/hi
        """
    }
}

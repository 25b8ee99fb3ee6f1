import Glibc

/// Finds paths by a pattern: `*`, `?` and `[…]` within a name, `**` for any number of directories.
struct Glob {
    private let parts: [String]

    /// Most directory entries that one search looks at, and how deep it goes.
    private static let budget = 200_000
    private static let depth = 40

    init(pattern: String) throws(ToolFailure) {
        guard !pattern.isEmpty, !pattern.utf8.contains(0) else { throw ToolFailure("the pattern is empty") }
        guard !pattern.hasPrefix("/") else {
            throw ToolFailure("the pattern is relative: name the directory in \"path\"")
        }
        parts = pattern.split(separator: "/").map(String.init)
    }

    /// The paths below the directory, one a line and sorted; directories end with `/`.
    func text(below directory: String, limit: Int) throws(ToolFailure) -> String {
        var search = Search(parts: parts, budget: Self.budget)
        guard let stream = opendir(directory) else {
            throw ToolFailure("\(directory): \(String(cString: strerror(errno)))")
        }
        closedir(stream)
        search.walk(directory, prefix: "", parts: parts[...], depth: Self.depth)
        let found = search.found.sorted()
        guard !found.isEmpty else { return "(nothing matches)" }
        var lines = Array(found.prefix(limit))
        if found.count > limit { lines.append("[\(found.count - limit) more; use a narrower pattern]") }
        if search.budget <= 0 { lines.append("[the search stopped after \(Self.budget) entries]") }
        return lines.joined(separator: "\n")
    }

    private struct Search {
        let parts: [String]
        var budget: Int
        var found: Set<String> = []

        mutating func walk(_ directory: String, prefix: String, parts: ArraySlice<String>, depth: Int) {
            guard let part = parts.first, depth > 0, budget > 0, let stream = opendir(directory) else { return }
            defer { closedir(stream) }
            let rest = parts.dropFirst()
            if part == "**", !rest.isEmpty { walk(directory, prefix: prefix, parts: rest, depth: depth - 1) }
            while let entry = readdir(stream) {
                budget -= 1
                guard budget > 0 else { return }
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != "..", name != ".git" else { continue }
                let isDirectory = Self.isDirectory(directory + "/" + name, entry.pointee.d_type)
                let path = prefix + name
                if part == "**" {
                    guard !name.hasPrefix(".") else { continue }
                    if rest.isEmpty { found.insert(isDirectory ? path + "/" : path) }
                    if isDirectory { walk(directory + "/" + name, prefix: path + "/", parts: parts, depth: depth - 1) }
                } else if fnmatch(part, name, FNM_PERIOD) == 0 {
                    if rest.isEmpty {
                        found.insert(isDirectory ? path + "/" : path)
                    } else if isDirectory {
                        walk(directory + "/" + name, prefix: path + "/", parts: rest, depth: depth - 1)
                    }
                }
            }
        }

        /// A link to a directory is listed, not entered.
        private static func isDirectory(_ path: String, _ type: UInt8) -> Bool {
            if type != UInt8(DT_UNKNOWN) { return type == UInt8(DT_DIR) }
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }
}

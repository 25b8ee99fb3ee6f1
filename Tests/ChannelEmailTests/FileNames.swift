import LinuxIO

/// What is in a folder.
enum FileNames {
    static func all(_ folder: String) throws -> [String] { try Directory(path: folder).names() }
}

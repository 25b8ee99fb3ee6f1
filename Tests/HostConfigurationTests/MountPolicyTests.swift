import Foundation
import TestSupport
import Testing

@testable import HostConfiguration

@Suite struct `Mounts` {
    /// A home and, beside it, a tree to mount from.
    func withTree(_ body: (_ home: String, _ tree: String) throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            for folder in ["home/data", "tree/notes", "tree/keys/.ssh", "tree/.aws/inner"] {
                try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/tree/innocent",
                withDestinationPath: "\(path)/tree/.aws/inner"
            )
            try body("\(path)/home", "\(path)/tree")
        }
    }

    func grants(
        _ path: String,
        home: String,
        groups: [String] = ["main"],
        writable: Bool = false
    ) throws -> [MountPolicy.Grant] {
        var configuration = try HostConfiguration(text: "", path: "/h/config.yaml", environment: [:])
        configuration.mounts = [.init(name: "it", path: path, isWritable: writable, groups: groups)]
        return try MountPolicy.grants(["it"], folder: "main", home: home, configuration: configuration)
    }

    @Test func `a listed directory is granted by its real path, read-only unless it says otherwise`() async throws {
        try await withTree { home, tree in
            let plain = try grants("\(tree)/notes", home: home)
            #expect(plain.map(\.path) == ["\(tree)/notes"])
            #expect(plain.first?.isWritable == false)
            let inode = try FileManager.default.attributesOfItem(atPath: "\(tree)/notes")[.systemFileNumber] as? Int
            #expect(plain.first?.inode == inode.map(UInt64.init))
            #expect(try grants("\(tree)/notes", home: home, groups: ["*"], writable: true).first?.isWritable == true)
        }
    }

    @Test func `T55 an empty list of groups means nobody, and a name that is not listed is refused`() async throws {
        try await withTree { home, tree in
            #expect(throws: ConfigurationError.self) { try grants("\(tree)/notes", home: home, groups: []) }
            #expect(throws: ConfigurationError.self) { try grants("\(tree)/notes", home: home, groups: ["other"]) }
            let none = try HostConfiguration(text: "", path: "/h/config.yaml", environment: [:])
            let error = #expect(throws: ConfigurationError.self) {
                try MountPolicy.grants(["it"], folder: "main", home: home, configuration: none)
            }
            #expect("\(error, default: "")".contains("\"it\""))
        }
    }

    @Test(arguments: ["missing", "keys", "innocent", ".aws/inner"])
    func `a directory that is missing, holds secrets or leads to them is refused`(name: String) async throws {
        try await withTree { home, tree in
            #expect(throws: ConfigurationError.self) { try grants("\(tree)/\(name)", home: home) }
        }
    }

    @Test func `the home itself and what holds it are refused`() async throws {
        try await withTree { home, tree in
            let parent = URL(fileURLWithPath: home).deletingLastPathComponent().path
            for path in [home, "\(home)/data", parent, "/", "/etc", "/proc/1", "/home"] {
                #expect(throws: ConfigurationError.self, "\(path)") { try grants(path, home: home) }
            }
        }
    }
}

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

    /// What the mount `it` at a path is refused with beside a mount `outer`, or nil.
    private func refusal(
        _ path: String,
        home: String,
        outer: String,
        writable: Bool,
        groups: [String]
    ) throws -> String? {
        var configuration = try HostConfiguration(text: "", path: "/h/config.yaml", environment: [:])
        configuration.mounts = [
            .init(name: "it", path: path, isWritable: false, groups: ["main"]),
            .init(name: "outer", path: outer, isWritable: writable, groups: groups),
        ]
        do {
            _ = try MountPolicy.grants(["it"], folder: "main", home: home, configuration: configuration)
            return nil
        } catch let error as ConfigurationError {
            return error.description
        }
    }

    @Test(arguments: ["notes/reports", "byLink", "byItsWay", "chosen"])
    func `a path that leads through a mount that agents write is refused, whoever has that mount`(
        name: String
    ) async throws {
        try await withTree { home, tree in
            for folder in ["notes/reports", "private", "notes/sub"] {
                try FileManager.default.createDirectory(atPath: "\(tree)/\(folder)", withIntermediateDirectories: true)
            }
            // The agent's own link, in the place of a folder: it leads to what nobody gave away.
            for (link, target) in [
                ("byLink", "notes/reports"), ("byItsWay", "notes/back/private"), ("notes/back", ".."),
                ("notes/chosen", "../private"), ("chosen", "\(tree)/notes/chosen"),
            ] { symlink(target, "\(tree)/\(link)") }
            func refusal(_ outer: String, _ writable: Bool, _ groups: [String] = ["other"]) throws -> String? {
                try self.refusal("\(tree)/\(name)", home: home, outer: outer, writable: writable, groups: groups)
            }
            for groups in [["other"], []] {
                let error = try #require(try refusal("\(tree)/notes", true, groups))
                #expect(error.contains("mounts.outer.readWrite") && error.contains("\(tree)/notes,"), "\(error)")
            }
            #expect(try refusal("\(tree)/notes", false) == nil)
            #expect(try refusal("\(tree)/notes/sub", true) == nil)
            #expect(try refusal("\(tree)/missing", true) == nil)
        }
    }

    @Test func `the same directory may be read by one and written by another`() async throws {
        try await withTree { home, tree in
            let error = try refusal("\(tree)/notes", home: home, outer: "\(tree)/notes", writable: true, groups: ["*"])
            #expect(error == nil)
        }
    }

    @Test func `a path that leads through the home is refused wherever it ends`() async throws {
        try await withTree { home, tree in
            symlink("\(tree)/notes", "\(home)/data/link")
            symlink("\(home)/data/link", "\(tree)/link")
            for path in ["\(home)/data/link", "\(tree)/link"] {
                #expect(throws: ConfigurationError.self, "\(path)") { try grants(path, home: home) }
            }
        }
    }

    @Test func `a directory that cannot be looked through for secrets is refused`() async throws {
        try await withTree { home, tree in
            func fill(_ names: Range<Int>) { for name in names { mkdir("\(tree)/notes/\(name)", 0o700) } }
            fill(0..<10_000)
            let most = try grants("\(tree)/notes", home: home)
            #expect(most.count == 1)
            fill(10_000..<10_001)
            let error = #expect(throws: ConfigurationError.self) { try grants("\(tree)/notes", home: home) }
            #expect("\(error, default: "")".contains("more than 10000 names"))
            // The way out that it tells of.
            mkdir("\(tree)/around", 0o700)
            rename("\(tree)/notes", "\(tree)/around/notes")
            let around = try grants("\(tree)/around", home: home)
            #expect(around.count == 1)
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

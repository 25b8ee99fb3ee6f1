import Foundation

@testable import ShellPolicy

/// Runs commands by real shells in a folder of its own and tells what they did.
struct ShellRecorder {
    /// The shells that `/bin/sh` may be.
    enum Shell: String, CaseIterable, Sendable {
        case dash
        case bash

        var path: String { "/bin/\(rawValue)" }
    }

    /// What a command did.
    struct Record {
        var status: Int32
        /// The programs that were started, the shell left out.
        var programs: [String] = []
        /// The files that were opened for writing, as the kernel was told.
        var written: [String] = []
        /// Other calls that change something and succeeded.
        var changes: [String] = []
    }

    static let strace = "/usr/bin/strace"
    static let isThere = FileManager.default.isExecutableFile(atPath: strace)

    let folder: String

    /// The folder with the files that the everyday commands name.
    init(in directory: String) throws {
        folder = directory + "/agent"
        let files = [
            "data.csv": "one,3\ntwo,1\nthree,2\n# four,4\n", "with blank.txt": "blank\n", "a.txt": "1 a\n2 b\n",
            "b.txt": "1 c\n3 d\n",
            "-": "dash\n", "notes/today.txt": "buy milk --flag\n", "notes/other.txt": "buy bread\n",
            "notes/.hidden": "",
            "sums": "",
        ]
        try FileManager.default.createDirectory(atPath: folder + "/notes", withIntermediateDirectories: true)
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8) }
    }

    /// Each file below the folder with what it holds.
    func snapshot() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            files[name] = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
        }
        return files
    }

    /// Runs `words` with the environment that the tool tier gives.
    func run(_ words: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "dumb",
        ]
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs a command under strace, which writes a file for each process.
    func record(_ command: String, by shell: Shell) throws -> Record {
        let traces = folder + "/../traces"
        try FileManager.default.createDirectory(atPath: traces, withIntermediateDirectories: false)
        let calls =
            "execve,execveat,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,"
            + "linkat,symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,truncate,ftruncate,mknod,mknodat,"
            + "utimensat,setxattr,lsetxattr,fsetxattr,connect,clock_settime,settimeofday,sethostname,kill,tkill"
        let options = ["-ff", "-qq", "-s", "4096", "-e", "trace=\(calls)", "-o", "\(traces)/of"]
        var record = Record(status: try run([Self.strace] + options + [shell.path, "-c", command]))
        for file in try FileManager.default.contentsOfDirectory(atPath: traces).sorted() {
            let lines = try String(contentsOfFile: "\(traces)/\(file)", encoding: .utf8)
            for line in lines.split(separator: "\n") { record.note(String(line)) }
        }
        // strace starts the shell.
        if let first = record.programs.firstIndex(of: shell.path) { record.programs.remove(at: first) }
        return record
    }
}

extension ShellRecorder.Record {
    /// Takes in a line such as `openat(AT_FDCWD, "x", O_RDONLY) = 3`; calls that failed did nothing.
    fileprivate mutating func note(_ line: String) {
        guard let call = line.firstMatch(of: /^(\w+)\((.*)\) += (-?\d+|\?)/), !call.3.hasPrefix("-") else { return }
        let path = call.2.firstMatch(of: /"((?:[^"\\]|\\.)*)"/).map { String($0.1) } ?? ""
        switch call.1 {
        case "execve", "execveat": programs.append(path)
        case "open", "openat", "openat2", "creat":
            let flags = String(call.2.split(separator: "\"").last ?? "")
            if flags.contains(/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/) || call.1 == "creat" { written.append(path) }
        default: changes.append(line)
        }
    }
}
